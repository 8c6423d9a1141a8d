"""A link delays and throttles as asked. Lower bounds are exact; upper ones leave room for a machine that is busy, and
hold for the best of several tries."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.links import Link, open_link

TRIES = 5


@contextlib.contextmanager
def answering(size: int) -> Iterator[int]:
    """The port of a server that answers each byte with ``size`` bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = bytes(size)

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(1):
                connection.sendall(body)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


def ask(connection: socket.socket, size: int) -> float:
    """Seconds from a byte sent to ``size`` bytes received."""
    started = time.monotonic()
    connection.sendall(b"?")
    while size:
        size -= len(connection.recv(min(size, 1 << 20)))
    return time.monotonic() - started


def test_round_trip_and_connection() -> None:
    firsts, nexts = [], []
    with answering(1) as port, open_link(port, Link("", 40, 0)) as near:
        for _ in range(TRIES):
            with socket.create_connection(("127.0.0.1", near)) as connection:
                firsts.append(ask(connection, 1))
                nexts.append(ask(connection, 1))
    assert 0.079 <= min(firsts) <= 0.1  # one for the connection, one for the answer
    assert 0.039 <= min(nexts) <= 0.05


def test_connections_share_the_bandwidth() -> None:
    size = 2_500_000  # 0.2 s at 100 Mbit/s
    with answering(size) as port, open_link(port, Link("", 0, 100)) as near:
        alone, together = [], []
        for _ in range(TRIES):
            with contextlib.ExitStack() as stack:
                both = [stack.enter_context(socket.create_connection(("127.0.0.1", near))) for _ in range(2)]
                alone.append(ask(both[0], size))
                started = time.monotonic()
                other = threading.Thread(target=ask, args=(both[1], size))
                other.start()
                ask(both[0], size)
                other.join()
                together.append(time.monotonic() - started)
    assert 0.19 <= min(alone) <= 0.25
    assert 0.38 <= min(together) <= 0.48


def test_an_unshaped_link_is_no_bound() -> None:
    size = 64 << 20
    with answering(size) as port, open_link(port, Link("", 0, 0)) as near:
        seconds = []
        for _ in range(TRIES):
            with socket.create_connection(("127.0.0.1", near)) as connection:
                seconds.append(ask(connection, size))
    assert size * 8 / min(seconds) > 2e9  # bit/s; two times what the fastest link lets through


def test_the_trace(tmp_path: Path) -> None:
    with answering(300_000) as port, open_link(port, Link("", 20, 0), trace=tmp_path / "trace") as near:
        with socket.create_connection(("127.0.0.1", near)) as connection:
            begun = time.monotonic()
            ask(connection, 300_000)
            ask(connection, 300_000)
        deadline = time.monotonic() + 10
        while len((tmp_path / "trace").read_text().splitlines()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        first, second = map(json.loads, (tmp_path / "trace").read_text().splitlines())
    assert sum(size for _, size in first["pieces"]) == 300_000
    assert begun <= first["start"] <= first["pieces"][0][0] <= second["start"]


def test_many_connections() -> None:
    size, failed = 100_000, []

    def client(near: int) -> None:
        try:
            with socket.create_connection(("127.0.0.1", near)) as connection:
                for _ in range(5):
                    ask(connection, size)
        except OSError as error:
            failed.append(error)

    with answering(size) as port, open_link(port, Link("", 5, 1000)) as near:
        threads = [threading.Thread(target=client, args=(near,)) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)
