"""Connections to fetchers: a few idle ones are kept, none is used in a forked child; where none listens one is started.

Primitives are taken from C modules, as in client.py.
"""

from __future__ import annotations

import _socket
import atexit
import os
import posix
import sys

from ..errors import FetcherFailed, FetcherForeign
from .paths import private_folder
from .starting import START, Guard, forget_children, is_gone, keep, pause, start, status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .target import Target

SILENCE = 10.0  # seconds without a heartbeat (one comes every second) after which a fetcher is taken for hung
_KEPT = 4  # idle connections that a process keeps to one fetcher
_pools: dict[str, list[_Idle]] = {}
_owner = [os.getpid()]


class _Idle:
    """A connection that waits for its next use.

    A daemon closes every descriptor that it does not know, and the number is then that of a file of the program.
    """

    __slots__ = ("_connection", "_inode")

    def __init__(self, connection: _socket.socket) -> None:
        self._connection = connection
        self._inode = posix.fstat(connection.fileno()).st_ino

    def again(self) -> _socket.socket | None:
        """The connection, unless its descriptor is somebody else's by now."""
        try:
            if posix.fstat(self._connection.fileno()).st_ino == self._inode:
                return self._connection
        except OSError:
            pass
        self._connection.detach()
        return None


def take(target: Target) -> _socket.socket | None:
    """An idle connection that still has a fetcher at its other end."""
    if _owner[0] != os.getpid():  # a forked child: the parent goes on using those connections
        _owner[0] = os.getpid()
        forget_children()
        _close_idle()
    pool = _pools.setdefault(target.path, [])
    while True:
        try:
            connection = pool.pop().again()
        except IndexError:
            return None
        if connection is None:
            continue
        try:
            connection.settimeout(0)
            connection.recv(1)  # an idle connection has nothing to say: an answer, or EOF, means it is of no use
        except BlockingIOError:
            return connection
        except OSError:
            pass
        connection.close()


@atexit.register
def _close_idle() -> None:
    """At exit, too: a program run with -X dev or -W error is not to hear of sockets that are none of its own."""
    for pool in _pools.values():
        while pool:
            connection = pool.pop().again()
            if connection is not None:
                connection.close()


def give_back(target: Target, connection: _socket.socket) -> None:
    pool = _pools.setdefault(target.path, [])
    if len(pool) < _KEPT and _owner[0] == os.getpid():
        pool.append(_Idle(connection))
    else:
        connection.close()


def connect(target: Target) -> _socket.socket:
    """A new connection, to a new fetcher when none listens. Raises FetcherFailed, FetcherForeign, CacheUnusable."""
    connection = try_connect(target.path)
    if connection is not None:
        return connection
    private_folder(target.cache)
    private_folder(f"{target.cache}/fetcher")
    guard = Guard(f"{target.path}.starting")
    started = 0
    waited, nap = 0.0, 0.002
    try:
        while True:
            connection = try_connect(target.path)
            if connection is not None:
                return connection
            if not started and guard.take(waited):
                started = start(target)
            if started > 0 and (status := status_of(started)) is not None:
                if status:
                    raise FetcherFailed(f"it ended with status {status} when it was started", target.log)
                started = -1  # another one was faster, or it made itself nobody's child
            if waited > START:
                raise FetcherFailed(f"it did not listen within {START:g} seconds", target.log)
            pause(nap)
            waited += nap
            nap = min(nap * 1.3, 0.05)
    finally:
        guard.release()
        if started > 0 and not is_gone(started):
            keep(started)


def try_connect(path: str) -> _socket.socket | None:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(SILENCE)
        connection.connect(path)
        _, user = _peer(connection)
        if user != os.geteuid():
            raise FetcherForeign(path, user)
    except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):  # none, a dead one's, its backlog is full
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


def receive(connection: _socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionResetError("the connection was closed")
        parts += part
    return parts


def kill_peer(connection: _socket.socket) -> None:
    """End the process at the other end, if it is ours."""
    pid, user = _peer(connection)
    if pid > 1 and user == os.geteuid() and pid != os.getpid():
        try:
            os.kill(pid, 9)
        except OSError:
            pass


def _peer(connection: _socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as they were when it listened (SO_PEERCRED, unix(7))."""
    facts = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    pid, user = (int.from_bytes(facts[i : i + 4], sys.byteorder, signed=True) for i in (0, 4))
    return pid, user
