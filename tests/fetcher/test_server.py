"""What the socket promises: one fetcher, our user only, and no client or error that ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.errors import CacheUnusable
from cloudshelf.fetcher import answer as answer_module
from cloudshelf.fetcher.daemon import redacted
from cloudshelf.fetcher.server import Server

from .client import Client, start_fetcher
from .shelves import SITE, Gate, Project, Shelf

FILES = {"p/a.py": b"a = 1\n", "p/b.py": b"b = 2\n", "p/t.py": b"t = 3\n"}
PROJECT = Project("p", FILES, profile=[0], kinds="ssi")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def fetchers(tmp_path: Path) -> Iterator[Any]:
    """Starts real fetcher processes, and ends them by their id."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**environ: str) -> subprocess.Popen[bytes]:
        started.append(start_fetcher(tmp_path / "cache", tmp_path / "run" / "s", **environ))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


class Here:
    """A server in this process, so that a test can hold its store."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "run" / "s"
        self.server = Server(tmp_path / "cache", self.path)
        assert self.server.listen()
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def open_on(self, store: Any) -> None:
        self.server.engine.get()[1]._open_store = lambda url: store


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    yield made
    made.server.stop()
    made.thread.join(30)


def test_a_fetcher_brings_files_and_tells_what_it_did(shelf: Shelf, fetchers: Any, tmp_path: Path) -> None:
    environment = shelf.build(PROJECT)
    fetchers()
    client = Client(tmp_path / "run" / "s")
    assert client.ensure(environment, 0, 1) == (b"K", None)
    assert (environment / SITE / "p/a.py").read_bytes() == b"a = 1\n"
    tag, numbers = client.call("statistics", environment=str(environment), mark=True)
    own = numbers["environments"][str(environment)]
    assert (tag, own["requests"], own["files"]) == (b"K", 1, 2)
    assert own["projects"]["p"]["bytes"] == own["bytes"] == own["projects"]["p"]["packed"]
    _, later = client.call("statistics", since=numbers["mark"])
    assert later["environments"][str(environment)]["requests"] == 0
    assert client.call("fill", environment=str(environment)) == (b"K", {"files": 1, "bytes": 6})
    assert b"\0" not in (environment / ".cloudshelf" / "presence").read_bytes()


def test_begin_is_answered_and_the_rest_follows_in_the_background(shelf: Shelf, fetchers: Any, tmp_path: Path) -> None:
    environment = shelf.build(PROJECT)
    fetchers()
    client = Client(tmp_path / "run" / "s")
    assert client.ask(b"B", f"{environment}\x000\x00".encode()) == (b"K", None)
    assert client.ensure(environment, 0, 1) == (b"K", None)


def test_what_a_program_will_import_is_brought_whatever_becomes_of_it(
    shelf: Shelf, fetchers: Any, tmp_path: Path
) -> None:
    environment = shelf.build(PROJECT)
    fetchers()
    client = Client(tmp_path / "run" / "s")
    assert client.ask(b"A", f"{environment}\0sys\0p.a".encode()) == (b"K", None)
    assert client.ask(b"A", b"/no/environment\0p") == (b"K", None)
    assert client.ensure(environment, 0, 1) == (b"K", None)


def test_the_socket_is_for_its_user_alone(fetchers: Any, tmp_path: Path) -> None:
    fetchers()
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "run" / "s").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_another_user_gets_no_answer(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)  # as if the client were somebody else
    client = Client(here.path)
    assert client.receive() == (b"", None)


def test_a_socket_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "run"
    folder.mkdir(0o700)
    os.chown(folder, 12345, -1)
    with pytest.raises(CacheUnusable, match="another user"):
        Server(tmp_path / "cache", folder / "s").listen()


def test_a_second_fetcher_ends_at_once(fetchers: Any, tmp_path: Path) -> None:
    first = fetchers()
    second = fetchers()
    assert second.wait(30) == 0
    assert Client(tmp_path / "run" / "s").call("ping")[1]["pid"] == first.pid


def test_after_a_kill_another_takes_over(shelf: Shelf, fetchers: Any, tmp_path: Path) -> None:
    environment = shelf.build(PROJECT)
    first = fetchers()
    client = Client(tmp_path / "run" / "s")
    client.call("ping")
    first.kill()
    first.wait()
    assert client.receive() == (b"", None)
    second = fetchers()
    client = Client(tmp_path / "run" / "s")
    assert client.call("ping")[1]["pid"] == second.pid
    assert client.ensure(environment, 0) == (b"K", None)


@pytest.mark.parametrize("end", ["SIGTERM", "Q", "shutdown"])
def test_it_ends_cleanly(fetchers: Any, tmp_path: Path, end: str) -> None:
    process = fetchers()
    client = Client(tmp_path / "run" / "s")
    assert client.call("ping")[0] == b"K"
    if end == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    else:
        assert (client.ask(b"Q") if end == "Q" else client.call("shutdown")) == (b"K", None)
    assert process.wait(30) == 0
    assert not (tmp_path / "run" / "s").exists()


def test_it_ends_when_there_is_nothing_to_do(fetchers: Any, tmp_path: Path) -> None:
    process = fetchers(CLOUDSHELF_FETCHER_IDLE="0.3")
    client = Client(tmp_path / "run" / "s")  # an open connection keeps it no longer
    assert process.wait(30) == 0
    assert client.receive() == (b"", None)


def test_what_is_asked_while_it_ends_is_left_whole_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a verb of it would be cut off in the middle, and not be asked for again: nobody knows what it did."""
    server = Server(tmp_path / "cache", tmp_path / "run" / "s", idle=0.3)
    ending, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(server._reporting, "report_last", lambda: (ending.set(), ended.wait(60)))
    assert server.listen()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    client = Client(tmp_path / "run" / "s")
    try:
        assert ending.wait(60)
        client.send(b"C", json.dumps({"verb": "ping", "args": {}}).encode())
        assert client.receive() == (b"", None)
    finally:
        ended.set()
        thread.join(60)


def test_it_is_a_process_of_its_own(fetchers: Any, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cloudshelf.fetcher",
            "--cache",
            str(tmp_path / "cache"),
            "--socket",
            str(tmp_path / "s"),
        ],
        pass_fds=[writer],
    )
    os.close(writer)
    try:
        assert os.read(reader, 1) == b"", "it closed what it inherited"
        assert os.getsid(process.pid) == process.pid
        assert Path(f"/proc/{process.pid}/cwd").readlink() == Path("/")
        assert Path(f"/proc/{process.pid}/fd/2").readlink() == tmp_path / "cache" / "fetcher" / "log"
    finally:
        os.close(reader)
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "message",
    [
        struct.pack(">I", 0),
        struct.pack(">I", 1 << 30),
        struct.pack(">I", 2) + b"Zz",
        struct.pack(">I", 2) + b"Ez",
        struct.pack(">I", 10) + b"E/e\x001,x\x00need"[:10],
        struct.pack(">I", 7) + b"B/e\0one"[:7],
        struct.pack(">I", 3) + b"C[]",
        struct.pack(">I", 1 + len(b'{"verb": 1, "args": {}}')) + b'C{"verb": 1, "args": {}}',
        struct.pack(">I", 9) + b"E/e",
    ],
)
def test_a_malformed_message_ends_its_connection_only(here: Here, message: bytes) -> None:
    bad, good = Client(here.path), Client(here.path)
    bad.socket.sendall(message)
    bad.socket.shutdown(socket.SHUT_WR)
    assert bad.receive() == (b"", None)
    assert good.call("ping")[0] == b"K"


def test_heartbeats_come_while_somebody_waits(shelf: Shelf, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "HEARTBEAT", 0.05)
    environment, gate = shelf.build(PROJECT), Gate(shelf.store)
    here.open_on(gate)
    client = Client(here.path)
    client.send(b"E", f"{environment}\x000\0need".encode())
    assert [client.receive() for _ in range(3)] == [(b".", None)] * 3
    gate.opened.set()
    while (answer := client.receive()) == (b".", None):
        pass
    assert answer == (b"K", None)


def test_a_client_that_dies_waiting_harms_nobody(shelf: Shelf, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "HEARTBEAT", 0.02)
    environment, gate = shelf.build(PROJECT), Gate(shelf.store)
    here.open_on(gate)
    dead, alive = Client(here.path), Client(here.path)
    for client in (dead, alive):
        client.send(b"E", f"{environment}\x000\0need".encode())
    assert gate.asked.acquire(timeout=30)
    dead.socket.close()
    gate.opened.set()
    while (answer := alive.receive()) == (b".", None):
        pass
    assert answer == (b"K", None)
    assert len(gate.requests) == 1


def test_errors_travel_with_their_facts(shelf: Shelf, here: Here) -> None:
    environment = shelf.build(PROJECT)
    client = Client(here.path)
    tag, error = client.ensure(environment, 99)
    assert (tag, error["error"]) == (b"X", "UsageError")
    tag, error = client.ensure(environment.with_name("other"), 0)
    assert (tag, error["error"]) == (b"X", "CacheUnusable")
    tag, error = client.ensure(Path("relative"), 0)
    assert (tag, error["error"]) == (b"X", "CacheUnusable")
    shelf.pack(shelf.environment(PROJECT, name="e2")).unlink()
    tag, error = client.ensure(environment, 0)
    assert (tag, error["error"]) == (b"X", "ObjectMissing")
    assert error["args"][0].startswith("projects/p/pack/")


def test_verbs_of_the_engine_are_served_with_progress(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(verb: str, args: dict[str, Any], progress: Any) -> dict[str, Any]:
        if verb == "break":
            raise ValueError("boom")
        progress({"stage": verb, "done": 1, "total": 1, "unit": "files", "what": "x"})
        return args

    monkeypatch.setitem(sys.modules, "cloudshelf.verbs", type("verbs", (), {"serve": staticmethod(serve)}))
    client = Client(here.path)
    client.send(b"C", json.dumps({"verb": "ls", "args": {"a": 1}}).encode())
    assert client.receive() == (b"P", {"stage": "ls", "done": 1, "total": 1, "unit": "files", "what": "x"})
    assert client.receive() == (b"K", {"a": 1})
    assert client.call("break") == (b"X", {"error": "ShelfError", "args": ["ValueError: boom"]})
    assert client.call("ping")[0] == b"K"


def test_a_call_nobody_waits_for_is_abandoned_at_its_next_report(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "HEARTBEAT", 0.02)
    ended, gone = threading.Event(), threading.Event()

    def serve(verb: str, args: dict[str, Any], progress: Any) -> dict[str, Any]:
        gone.wait(30)
        try:
            while True:  # ends with the exception that abandons it
                progress({})
        finally:
            ended.set()

    monkeypatch.setitem(sys.modules, "cloudshelf.verbs", type("verbs", (), {"serve": staticmethod(serve)}))
    client = Client(here.path)
    client.send(b"C", json.dumps({"verb": "long", "args": {}}).encode())
    assert client.receive() == (b".", None)
    client.socket.close()
    gone.set()
    assert ended.wait(30)


def test_secrets_stay_out_of_the_log() -> None:
    text = "aws_secret_access_key=abc/123 and https://me:pw@host/ and X-Amz-Signature=ff00&x and AKIAIOSFODNN7EXAMPLE."
    clean = redacted(text)
    assert not any(secret in clean for secret in ("abc/123", "me:pw", "ff00", "AKIAIOSF"))
    assert "host/" in clean


def test_what_turns_the_log_over_is_loaded_for_its_first_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import logging, sys; from pathlib import Path; from cloudshelf.fetcher.daemon import open_log\n"
        "open_log(Path(sys.argv[1])); print({'logging.handlers', 'pickle', 'socket'} & set(sys.modules))\n"
        "logging.getLogger('a').debug('no'); logging.getLogger('b').info('token=%s', 'canary')"
    )
    done = subprocess.run([sys.executable, "-c", code, log], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")
    assert log.read_text().endswith(" INFO b: token=***\n")
    assert log.read_text().count("\n") == 1
