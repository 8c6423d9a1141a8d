"""A link: a TCP proxy, a process of its own, that delays and throttles whatever passes through it.

    with open_link(port, LINKS[1], trace=path) as near:
        ...  # connect to 127.0.0.1:near in place of 127.0.0.1:port

Each direction has the bandwidth for itself, and all connections of a direction share it in turn. Half of the round trip
lies on each direction; a new connection costs one round trip before its first byte leaves. TCP's slow start and losses
are not modelled, which favours who opens many connections and who moves large files, that is to say everybody alike.

With a trace, each exchange (bytes of the client, then bytes of the server) becomes one line of JSON when it is over:
the times of CLOCK_MONOTONIC at which the client's first byte came in and at which each piece of the answer went out.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import itertools
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_PIECE = 64 << 10  # bytes a connection may send before it is another's turn
_LARGE_PIECE = 256 << 10  # the same without a limit of bandwidth
_AHEAD = 4 << 20  # bytes under way in one direction of a connection: a receiver that does not read holds up its sender
_CATCH_UP = 0.02  # seconds: while bytes wait, time that this process did not get is no bandwidth lost
_FAILED = select.EPOLLHUP | select.EPOLLERR


@dataclass(frozen=True, slots=True)
class Link:
    """``round_trip`` in ms, ``mbit`` in Mbit/s for each direction; 0 is no limit."""

    name: str
    round_trip: float
    mbit: float


LINKS = (Link("loopback", 0, 0), Link("20 ms, 1 Gbit/s", 20, 1000), Link("50 ms, 100 Mbit/s", 50, 100))


@contextlib.contextmanager
def open_link(port: int, link: Link, *, trace: Path | None = None) -> Iterator[int]:
    """The port of 127.0.0.1 that leads over ``link`` to ``port``."""
    command = [sys.executable, __file__, str(port), str(link.round_trip), str(link.mbit)]
    if trace is not None:
        command += ["--trace", str(trace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


@dataclass(eq=False, slots=True)
class _Lane:
    """One direction of the link, shared by all connections."""

    seconds_per_byte: float
    delay: float
    free: float = 0.0  # when the last byte that was let in has left
    waiting: bool = False  # whether bytes had to wait for it
    ready: deque[_Pipe] = field(default_factory=deque)  # who has bytes, in turn


@dataclass(eq=False, slots=True)
class _Pipe:
    """One direction of one connection."""

    connection: _Connection
    lane: _Lane
    source: socket.socket
    target: socket.socket
    earliest: float  # no byte leaves before: the connection is not set up
    queue: deque[tuple[float, memoryview]] = field(default_factory=deque)  # (when due, bytes); no bytes: the end
    queued: int = 0
    stalled: bool = False  # has enough under way


@dataclass(eq=False, slots=True)
class _Connection:
    client: socket.socket
    server: socket.socket
    number: int
    exchange: dict[str, Any] | None = None
    closed: bool = False


class Proxy:
    """One thread: what is ready is read when the lane is free, and sent when it is due."""

    def __init__(self, upstream: int, link: Link, trace: IO[str] | None = None) -> None:
        self._upstream = upstream
        self._round_trip = link.round_trip / 1000
        per_byte = 8 / (link.mbit * 1e6) if link.mbit else 0.0
        self._lanes = tuple(_Lane(per_byte, self._round_trip / 2) for _ in range(2))
        self._piece = _PIECE if link.mbit else _LARGE_PIECE
        self._trace = trace
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._reading: dict[int, _Pipe] = {}  # by the descriptor of the source, while it has nothing
        self._writing: dict[int, _Pipe] = {}  # by the descriptor of the target, while it takes nothing
        self._due: list[tuple[float, int, _Pipe]] = []  # heap; at most one entry a pipe
        self._sequence = itertools.count()

    def run(self) -> None:
        while True:
            now = time.monotonic()
            for lane in self._lanes:
                self._let_in(lane, now)
            while self._due and self._due[0][0] <= now:
                self._deliver(heapq.heappop(self._due)[2], now)
            self._wait()

    def _wait(self) -> None:
        times = [self._due[0][0]] if self._due else []
        times += [lane.free for lane in self._lanes if lane.ready]
        timeout = max(0.0, min(times) - time.monotonic()) if times else None
        select.select([self._epoll], [], [], timeout)  # epoll's own timeout counts in whole milliseconds
        for descriptor, events in self._epoll.poll(0):
            if descriptor == self._listener.fileno():
                self._accept()
            else:
                self._happened(descriptor, events)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._upstream))
        except OSError:
            client.close()
            return
        connection = _Connection(client, server, next(self._sequence))
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._epoll.register(each, select.EPOLLONESHOT)
        up, down = self._lanes
        earliest = time.monotonic() + self._round_trip
        for pipe in (_Pipe(connection, up, client, server, earliest), _Pipe(connection, down, server, client, 0.0)):
            self._await_bytes(pipe)

    def _happened(self, descriptor: int, events: int) -> None:
        if events & (select.EPOLLIN | _FAILED) and (pipe := self._reading.pop(descriptor, None)):
            pipe.lane.ready.append(pipe)
        if events & (select.EPOLLOUT | _FAILED) and (pipe := self._writing.pop(descriptor, None)):
            self._schedule(pipe, 0.0)
        self._arm(descriptor)

    def _await_bytes(self, pipe: _Pipe) -> None:
        self._reading[pipe.source.fileno()] = pipe
        self._arm(pipe.source.fileno())

    def _await_room(self, pipe: _Pipe) -> None:
        self._writing[pipe.target.fileno()] = pipe
        self._arm(pipe.target.fileno())

    def _arm(self, descriptor: int) -> None:
        events = select.EPOLLIN * (descriptor in self._reading) | select.EPOLLOUT * (descriptor in self._writing)
        if events:
            self._epoll.modify(descriptor, events | select.EPOLLONESHOT)

    def _let_in(self, lane: _Lane, now: float) -> None:
        """Read from those that have bytes, in turn, as long as the lane is free."""
        turns = len(lane.ready) if not lane.seconds_per_byte else -1
        while lane.ready and lane.free <= now and turns:
            turns -= 1
            self._read(lane.ready.popleft(), now)
            lane.waiting = bool(lane.ready)

    def _read(self, pipe: _Pipe, now: float) -> None:
        if pipe.connection.closed:
            return
        if pipe.queued > _AHEAD:
            pipe.stalled = True
            return
        try:
            data = pipe.source.recv(self._piece)
        except BlockingIOError:
            self._await_bytes(pipe)
            return
        except OSError:
            self._close(pipe.connection)
            return
        lane = pipe.lane
        begins = max(lane.free, now - _CATCH_UP if lane.waiting else now)
        lane.free = begins + len(data) * lane.seconds_per_byte
        due = max(lane.free, pipe.earliest) + lane.delay
        if lane is self._lanes[0] and data:
            self._asked(pipe.connection, data, now)
        pipe.queue.append((due, memoryview(data)))
        pipe.queued += len(data)
        if len(pipe.queue) == 1:
            self._schedule(pipe, due)
        if data:
            lane.ready.append(pipe)

    def _schedule(self, pipe: _Pipe, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._sequence), pipe))

    def _deliver(self, pipe: _Pipe, now: float) -> None:
        """Send what is due."""
        while pipe.queue and not pipe.connection.closed:
            due, data = pipe.queue[0]
            if due > now:
                self._schedule(pipe, due)
                break
            try:
                sent = pipe.target.send(data) if data else self._end(pipe)
            except BlockingIOError:
                self._await_room(pipe)
                break
            except OSError:
                self._close(pipe.connection)
                return
            if pipe.lane is self._lanes[1] and sent:
                self._answered(pipe.connection, sent, now)
            pipe.queued -= sent
            if sent == len(data):
                pipe.queue.popleft()
            else:
                pipe.queue[0] = (due, data[sent:])
        if pipe.stalled and pipe.queued <= _AHEAD:
            pipe.stalled = False
            pipe.lane.ready.append(pipe)

    def _end(self, pipe: _Pipe) -> int:
        """Pass on that the source has no more. The server's end is the connection's, as it is with HTTP."""
        if pipe.lane is self._lanes[1]:
            self._close(pipe.connection)
        else:
            pipe.target.shutdown(socket.SHUT_WR)
        return 0

    def _close(self, connection: _Connection) -> None:
        if connection.closed:
            return
        connection.closed = True
        self._write_exchange(connection)
        for each in (connection.client, connection.server):
            self._reading.pop(each.fileno(), None)
            self._writing.pop(each.fileno(), None)
            self._epoll.unregister(each)
            each.close()

    # the trace

    def _asked(self, connection: _Connection, data: bytes, now: float) -> None:
        exchange = connection.exchange
        if exchange is not None and not exchange["pieces"]:
            exchange["sent"] += len(data)
            return
        self._write_exchange(connection)
        found = re.search(rb"(?im)^range: *bytes=([\d-]+)", data)
        connection.exchange = {
            "connection": connection.number,
            "line": data.partition(b"\r\n")[0].decode("latin-1").rpartition(" HTTP/")[0],
            "range": found[1].decode() if found else "",
            "sent": len(data),
            "start": now,
            "pieces": [],
        }

    def _answered(self, connection: _Connection, sent: int, now: float) -> None:
        if connection.exchange is not None and self._trace is not None:
            connection.exchange["pieces"].append((now, sent))
        elif connection.exchange is not None:
            connection.exchange["pieces"] = [(now, sent)]

    def _write_exchange(self, connection: _Connection) -> None:
        if self._trace is not None and connection.exchange is not None:
            print(json.dumps(connection.exchange), file=self._trace, flush=True)
        connection.exchange = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, help="of the server, on 127.0.0.1")
    parser.add_argument("round_trip", type=float, help="ms")
    parser.add_argument("mbit", type=float, help="Mbit/s in each direction; 0: no limit")
    parser.add_argument("--trace", type=Path, help="file to append the exchanges to")
    options = parser.parse_args()
    with open(options.trace or "/dev/null", "a") as trace:
        proxy = Proxy(options.port, Link("", options.round_trip, options.mbit), trace if options.trace else None)
        print(proxy.port, flush=True)
        proxy.run()


if __name__ == "__main__":
    main()
