"""A request whose client went away gives its place back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.bad_input.conftest import copy_shelf
from tests.server.running import API, TOKEN, Server
from tests.servers import S3Server
from tools.fault_proxy import Fault, Reply, faulty

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

GONE = ("gone-1", "gone-2", "gone-3")


@dataclass(frozen=True)
class Hold(Fault):
    """The request goes on when the test says so."""

    go: threading.Event = field(default_factory=threading.Event)

    def before(self, handler: object) -> Reply | None:
        self.go.wait(240)
        return None


def test_what_waits_for_a_thread_is_dropped_when_its_client_goes(
    start: Callable[..., Server], shelf: Path, seaweed_server: S3Server
) -> None:
    url = f"{seaweed_server.url}/leaving"
    copy_shelf(shelf, url, seaweed_server)
    hold = Hold()
    with faulty(seaweed_server.endpoint) as proxy:
        environ = seaweed_server.environ(endpoint=proxy.endpoint) | {"CLOUDSHELF_TIMEOUT": "200"}
        server = start("--CloudShelf.threads=1", "--CloudShelf.deadline=200", CLOUDSHELF_URL=url, **environ)
        server.get("projects")
        proxy.fail(hold, path="/projects/demo/head", nth=None)
        first = begin(server, "demo")
        wait_until(lambda: proxy.count("GET", "/projects/demo/head") == 1)  # the only thread is taken
        others = [begin(server, project) for project in GONE]
        for each in others:
            each.close()
        wait_until(lambda: server.log.read_text().count("nobody waits any more for") == len(GONE))
        hold.go.set()
        assert b" 200 " in first.recv(4096)
        first.close()
        assert server.ask(server.path("projects", "zebra")).status == 404  # whoever comes next is answered
        assert [proxy.count("GET", f"/projects/{project}/") for project in GONE] == [0, 0, 0]


def begin(server: Server, project: str) -> socket.socket:
    """A request whose answer nobody has read yet."""
    address = urlsplit(server.url)
    line = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=240)
    head = [
        f"GET {API}{server.path('projects', project)} HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: token {TOKEN}",
    ]
    line.sendall("".join(f"{each}\r\n" for each in (*head, "")).encode())
    return line


def wait_until(true: Callable[[], bool]) -> None:
    """The suite's time limit ends this."""
    while not true():
        time.sleep(0.02)
