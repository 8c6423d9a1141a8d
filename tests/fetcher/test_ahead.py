"""What the fetcher loads before anybody asks: all that the verbs of a notebook need, and never beside an import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.fetcher import ahead
from cloudshelf.fetcher.server import Server
from cloudshelf.stores.local import LocalStore

from .client import Client
from .shelves import Gate, Project, Shelf

PROJECT = Project("p", {"p/a.py": b"a = 1\n", "p/b.py": b"b = 2\n"}, profile=[0])

LATER = """
import json, sys
from cloudshelf.fetcher.engine import Engine
from cloudshelf.fetcher import ahead
from pathlib import Path
Engine(Path(sys.argv[1])).get()
ahead.SETTLE = 0
pieces = []
names = ahead.names_of(sys.argv[2], lambda: pieces.append(len(sys.modules)))
ahead.load_more(lambda: pieces.append(len(sys.modules)))
before = set(sys.modules)
from cloudshelf.verbs import serve
for verb, args in json.loads(sys.argv[3]):
    serve(verb, {"shelf": sys.argv[2], **args}, lambda event: None)
OURS = {"cloudshelf", "packaging", "resolvelib"}
new = [name for name in set(sys.modules) - before if name.partition(".")[0] in OURS]
print(json.dumps({"names": names, "pieces": len(pieces), "new": new}))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "cache", tmp_path / "run" / "s")
    assert server.listen()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server
    server.stop()
    thread.join(30)


def prepare(client: Client) -> None:
    client.send(b"C", json.dumps({"verb": "prepare", "args": {}}).encode())


def test_after_it_a_tab_and_a_use_load_nothing_more(tmp_path: Path) -> None:
    from cloudshelf.chains.commit import init_shelf
    from tests.repository.shelves import publish

    store = LocalStore(tmp_path / "shelf")
    init_shelf(store, "ours")
    publish(store, "a", "1")
    verbs = [
        ("names", {}),
        ("ls", {"project": "a"}),
        ("find-module", {"module": "a"}),
        ("use", {"requirements": ["a"]}),
    ]
    done = subprocess.run(
        [sys.executable, "-c", LATER, str(tmp_path / "cache"), store.url, json.dumps(verbs)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "CLOUDSHELF_FETCHER_IDLE": "0.2"},
    )
    found = json.loads(done.stdout)
    assert found["names"] == {"projects": ["a"], "modules": ["a"]}
    assert found["new"] == []
    assert (
        found["pieces"] == len(ahead._FOR_A_TAB) + len(ahead._FOR_MORE) + 1 + 16
    )  # asking, and a shard of the catalog each


def test_it_begins_no_piece_while_an_import_waits(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SETTLE", 0.0)
    loaded: list[str] = []
    monkeypatch.setattr(ahead.importlib, "import_module", loaded.append)
    shelf = Shelf(tmp_path)
    environment, gate = shelf.build(PROJECT), Gate(shelf.store)
    server.engine.get()[1]._open_store = lambda url: gate
    waiting, other, idle = (Client(server._address.path) for _ in range(3))
    waiting.send(b"E", f"{environment}\x000\0need".encode())
    assert gate.asked.acquire(timeout=30)
    prepare(other)
    while other.receive() != (b".", None):  # it is being answered
        pass
    assert idle.call("ping")[0] == b"K"
    assert loaded == []
    server.engine.get()[0]._scheduler._quiet = 0.0  # no second of patience in a test
    gate.opened.set()
    while (answer := other.receive()) == (b".", None):
        pass
    assert answer == (b"K", {})
    assert loaded[: len(ahead._FOR_A_TAB)] == list(ahead._FOR_A_TAB)
