"""A change of the shelf reaches open panels through Jupyter's event bus, and looking for it costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_events import EventLogger
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from cloudshelf.stores.opening import open_store
from cloudshelf_jupyter.server import events
from cloudshelf_jupyter.server.events import SCHEMA_ID
from cloudshelf_jupyter.server.settings import ServerSettings
from cloudshelf_jupyter.server.shelves import OpenShelf
from tests.bad_input.conftest import copy_shelf
from tests.publisher.wheels import build_wheel
from tests.server.conftest import Run
from tests.server.running import TOKEN, Server
from tests.servers import S3Server
from tools.fault_proxy import FaultProxy, faulty

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]


@pytest.fixture
def live(start: Callable[..., Server], shelf: Path, tmp_path: Path) -> Server:
    """A server that looks often, on a shelf of its own."""
    shutil.copytree(shelf, tmp_path / "copy")
    return start("--CloudShelf.watch_seconds=0.2", CLOUDSHELF_URL=(tmp_path / "copy").as_uri())


def test_a_publish_is_told_to_who_listens_and_the_list_has_it(live: Server, command: Run, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "fresh", "1.0")
    url = (tmp_path / "copy").as_uri()
    assert live.get("projects")["total"] == 2
    told = heard(live, lambda: command(url, "publish", "--no-deps", wheel))
    assert (told["schema_id"], told["shelf"], told["change"]) == (SCHEMA_ID, live.shelf, "catalog")
    assert live.get("projects")["total"] == 3


def test_a_lock_is_told_as_a_lock(live: Server, command: Run, tmp_path: Path) -> None:
    url = (tmp_path / "copy").as_uri()
    assert len(live.get("locks")["locks"]) == 1
    told = heard(live, lambda: command(url, "lock", "--name", "team/new", "demo"))
    assert told["change"] == "lock"
    assert [row["name"] for row in live.get("locks")["locks"]] == ["team/2026", "team/new"]


def heard(server: Server, act: Callable[[], object]) -> dict[str, Any]:
    """The first event of ours after ``act``."""

    async def listen() -> dict[str, Any]:
        url = f"{server.url.replace('http', 'ws', 1)}api/events/subscribe"
        socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
        await asyncio.to_thread(act)
        while True:
            said = await socket.read_message()
            assert said is not None, "the server hung up"
            event: dict[str, Any] = json.loads(said)
            if event["schema_id"] == SCHEMA_ID:
                socket.close()
                return event

    return asyncio.run(listen())


def test_the_store_is_asked_with_conditions_while_somebody_is_interested(
    start: Callable[..., Server], shelf: Path, seaweed_server: S3Server
) -> None:
    url = f"{seaweed_server.url}/watched"
    copy_shelf(shelf, url, seaweed_server)
    store = open_store(url, environ=seaweed_server.environ())
    with faulty(seaweed_server.endpoint) as proxy:
        environ = seaweed_server.environ(endpoint=proxy.endpoint)
        server = start("--CloudShelf.watch_seconds=0.2", CLOUDSHELF_URL=url, **environ)
        server.get("projects")
        proxy.forget()
        for _ in range(3):
            wait_for_more(proxy, "/catalog/projects/")
        there = [f"/shelf/watched/{stored.key}" for stored in store.list("catalog/projects/")]
        looks = [request for request in proxy.requests if request.path in there]
        assert looks and all("if-none-match" in request.headers for request in looks)


def test_nobody_looks_when_nobody_was_interested_for_a_while(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "INTERESTED", 0.3)
    logger = EventLogger()
    opened = OpenShelf(shelf.as_uri(), tmp_path, ServerSettings(), lambda *change: None)
    looks: list[object] = []
    monkeypatch.setattr(opened, "look", lambda job: looks.append(opened.listing(job)))

    async def scene() -> None:
        watcher = events.Watcher(events.Events(logger), 0.1, logging.getLogger("test"))
        watcher.interested(opened)
        await watcher.wait()

    asyncio.run(scene())
    assert looks
    opened.workers.close()


def wait_for_more(proxy: FaultProxy, path: str) -> None:
    """Until the store was asked once more for ``path``; the suite's time limit ends this."""
    before = proxy.count("GET", path)
    while proxy.count("GET", path) == before:
        time.sleep(0.02)
