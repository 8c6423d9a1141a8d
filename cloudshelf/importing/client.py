"""Asking the fetcher: raw sockets, no threads, no locks that a fork could leave held.

A message is a 4-byte big-endian length (of what follows it), one byte tag, and a body; requests and replies are those
of docs/architecture.md. Primitives are taken from C modules (``_socket``, ``posix``), because programs such as gevent's
replace what is in ``socket``, ``os`` and ``time`` and would switch tasks in the middle of an import.
"""

from __future__ import annotations

import _socket
import atexit
import os
import posix
import sys
from time import perf_counter

from ..errors import BringInterrupted, CacheUnusable, FetcherFailed, FetcherForeign, ShelfError, by_name
from . import timeline
from .paths import absolute_setting, cache_folder, private_folder, socket_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

SILENCE = 10.0  # seconds without a heartbeat (one comes every second) after which a fetcher is taken for hung
START = 20.0  # seconds that a new fetcher has until it listens
TRIES = 3
_KEPT = 4  # idle connections that a process keeps to one fetcher


class Target:
    """A fetcher: which one (by its socket), and how to start it."""

    __slots__ = ("cache", "command", "path")

    def __init__(self, cache: str, command: Sequence[str]) -> None:
        self.cache = cache
        self.command = list(command)
        self.path = socket_path(cache, command)

    @property
    def log(self) -> str:
        return f"{self.cache}/fetcher/log"


_pools: dict[str, list[_Idle]] = {}
_targets: dict[str, Target] = {}
_children: list[int] = []  # fetchers that this process started
_starting: list[_Guard] = []  # held while they do not listen yet
_owner = [os.getpid()]
waiting: Callable[[str, Sequence[int]], None] | None = None  # told every second what is waited for, and () at the end


def ensure(environment: str, numbers: Sequence[int], priority: str = "need") -> None:
    """Return when the files with these numbers are in place ("soon" and "fill": when the fetcher knows of the wish).

    Raises errors of ``cloudshelf.errors``, never ImportError: what the store said, CacheUnusable, or FetcherFailed
    when three fetchers in a row did not answer.
    """
    body = f"{environment}\0{','.join(map(str, numbers))}\0{priority}"
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        _tell(environment, numbers)

    begun = perf_counter()
    try:
        _exchange(target_of(environment), b"E", body.encode("utf-8", "surrogateescape"), beat=beat)
    finally:
        timeline.waited(begun, len(numbers) if priority == "need" else 0)
        if beats:
            _tell(environment, ())


def _tell(environment: str, numbers: Sequence[int]) -> None:
    """What cannot be shown is no reason for an import to fail."""
    if waiting is not None:
        try:
            waiting(environment, numbers)
        except Exception:
            pass


def begin(environment: str, project: int, module: str = "", *, start: bool = True) -> None:
    """Tell that the first import of ``project`` began, on the way to ``module`` of it.

    Without ``start``, only a fetcher that runs already is told.
    """
    target = target_of(environment)
    if not start and not os.path.exists(target.path):
        return
    begun = perf_counter()
    try:
        _exchange(target, b"B", f"{environment}\0{project}\0{module}".encode("utf-8", "surrogateescape"))
    finally:
        timeline.waited(begun, 0)


def expect(environment: str, modules: Sequence[str]) -> None:
    """Tell that a program starts which will import ``modules``: the environment is opened, their files are brought.

    Returns at once. Raises as ``ensure``.
    """
    body = "\0".join((environment, *modules))
    _exchange(target_of(environment), b"A", body.encode("utf-8", "surrogateescape"))


def call(verb: str, args: dict[str, Any], progress: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """The answer of any verb; ``progress`` gets each event. Raises errors of ``cloudshelf.errors``.

    A verb is asked for again only when the fetcher died without a sign of having begun.
    """
    import json

    body = json.dumps({"verb": verb, "args": args}).encode()
    answer = _exchange(default_target(), b"C", body, progress or _ignore)
    return dict(json.loads(answer)) if answer else {}


def target_of(environment: str) -> Target:
    """The fetcher that an environment's config names; this interpreter's own when that one is gone.

    Raises CacheUnusable.
    """
    key = f"{environment}\0{_credential_stamp()}"
    target = _targets.get(key)
    if target is None:
        config = _read_config(environment)
        command = [str(word) for word in config.get("fetcher", ())]
        if not (command and os.access(command[0], os.X_OK)):
            command = _own_command() or command
        _targets[key] = target = Target(str(config.get("cache") or cache_folder()), command)
    return target


def default_target() -> Target:
    """The fetcher for calls: that of the cache the settings name, started with this interpreter.

    In an environment's own python, which has no cloudshelf installed, the environment's.
    """
    command = _own_command()
    if command:
        return Target(cache_folder(), command)
    return target_of(os.environ.get("CLOUDSHELF_ENVIRONMENT") or sys.prefix)


def _own_command() -> list[str]:
    """How this process would start a fetcher; empty in a copy of this package, which has none."""
    package = __name__.partition(".")[0]
    return [sys.executable, "-m", f"{package}.fetcher"] if package == "cloudshelf" and sys.executable else []


def _read_config(environment: str) -> dict[str, Any]:
    import json

    path = f"{environment}/.cloudshelf/config"
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        raise CacheUnusable(path, f"it cannot be read ({error})") from None


def _credential_stamp() -> int:
    """Changes when a variable of this process does: another credential environment is another fetcher's."""
    data = getattr(os.environ, "_data", None)  # the same without decoding, which would take 50 us a request
    return hash(frozenset(os.environ.items() if data is None else data.items()))


def _exchange(
    target: Target,
    tag: bytes,
    body: bytes,
    progress: Callable[[dict[str, Any]], None] | None = None,
    beat: Callable[[], None] | None = None,
) -> bytes:
    """The body of the reply. A fetcher that is gone or hung is replaced, and asked again."""
    message = (len(body) + 1).to_bytes(4, "big") + tag + body
    reason = ""
    fresh = 0
    while fresh < TRIES:
        connection = _take(target)
        if connection is None:
            fresh += 1
            connection = _connect(target)
        heard: list[bytes] = []
        try:
            connection.settimeout(SILENCE)
            connection.sendall(message)
            result = _reply(connection, progress, heard, beat)
        except TimeoutError:
            reason = f"nothing was heard of it for {SILENCE:g} seconds"
            _kill_peer(connection)
            connection.close()
        except OSError as error:  # EOF, too
            reason = f"it ended ({error.strerror or error})"
            connection.close()
        except KeyboardInterrupt:
            connection.close()  # the reply is still to come
            if tag in (b"E", b"B"):  # an import waits
                raise BringInterrupted from None
            raise
        except BaseException:  # an error of the progress function
            connection.close()
            raise
        else:
            _give_back(target, connection)
            return _checked(result)
        if heard and tag == b"C":
            break
    raise FetcherFailed(reason, target.log)


def _reply(
    connection: _socket.socket,
    progress: Callable[[dict[str, Any]], None] | None,
    heard: list[bytes],
    beat: Callable[[], None] | None = None,
) -> bytes:
    """The final message; ``heard`` gets the tags of those before it. Raises OSError when there will be none.

    ``beat`` is called for every second of waiting.
    """
    while True:
        size = int.from_bytes(_receive(connection, 4), "big")
        message = _receive(connection, size)
        tag = message[:1]
        if tag in (b"K", b"X"):
            return message
        heard.append(tag)
        if tag == b"P":
            if progress is not None:
                import json

                event = json.loads(message[1:])
                try:
                    progress(event)
                except OSError as error:  # of the caller's display: not to be taken for one of the connection
                    raise RuntimeError(f"progress cannot be shown: {error}") from error
        elif tag == b".":
            if beat is not None:
                beat()
        else:
            raise ConnectionResetError(f"an answer of kind {tag!r}, which this version does not know")


def _checked(message: bytes) -> bytes:
    """The body of a final message; raises the error that it carries."""
    if message[:1] == b"X":
        import json

        fact = json.loads(message[1:])
        raise by_name(fact["error"], fact["args"])
    return message[1:]


def _receive(connection: _socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionResetError("the connection was closed")
        parts += part
    return parts


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


def _take(target: Target) -> _socket.socket | None:
    """An idle connection that still has a fetcher at its other end."""
    if _owner[0] != os.getpid():  # a forked child: the parent goes on using those connections
        _owner[0] = os.getpid()
        _children.clear()
        _release_starting()
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


def _give_back(target: Target, connection: _socket.socket) -> None:
    pool = _pools.setdefault(target.path, [])
    if len(pool) < _KEPT and _owner[0] == os.getpid():
        pool.append(_Idle(connection))
    else:
        connection.close()


def _connect(target: Target) -> _socket.socket:
    """A new connection, to a new fetcher when none listens. Raises FetcherFailed, CacheUnusable."""
    connection = _try_connect(target.path)
    if connection is not None:
        return connection
    private_folder(target.cache)
    private_folder(f"{target.cache}/fetcher")
    guard = _Guard(f"{target.path}.starting")
    started = 0
    waited, pause = 0.0, 0.002
    try:
        while True:
            connection = _try_connect(target.path)
            if connection is not None:
                return connection
            if not started and guard.take(waited):
                started = _start(target)
            if started > 0 and (status := _status_of(started)) is not None:
                if status:
                    raise FetcherFailed(f"it ended with status {status} when it was started", target.log)
                started = -1  # another one was faster, or it made itself nobody's child
            if waited > START:
                raise FetcherFailed(f"it did not listen within {START:g} seconds", target.log)
            _pause(pause)
            waited += pause
            pause = min(pause * 1.3, 0.05)
    finally:
        guard.release()
        if started > 0 and not _is_gone(started):
            _children.append(started)


def _try_connect(path: str) -> _socket.socket | None:
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


class _Guard:
    """Keeps threads and processes from starting a fetcher each; gone with the process, and no longer than a second."""

    __slots__ = ("descriptor", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.descriptor = -1

    def take(self, waited: float) -> bool:
        """Whether we may start one; always after a second, because a forked child can hold the lock for ever."""
        import fcntl

        if self.descriptor < 0:
            try:
                self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise CacheUnusable(self.path, error.strerror or str(error)) from None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return waited > 1.0
        return True

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _start(target: Target, shelf: str = "") -> int:
    """Start a fetcher in a session of its own; its process id. What it prints before it has a log goes there too."""
    _children[:] = [pid for pid in _children if _status_of(pid) is None]
    words = list(target.command)
    if words[1:2] == ["-m"]:
        words.insert(1, "-P")  # the current folder is no place to import the engine's libraries from
    words += ["--cache", target.cache, "--socket", target.path, "--detach"]
    environ = {
        name: absolute_setting(name, value) for name, value in os.environ.items() if name != "CLOUDSHELF_ENVIRONMENT"
    }
    if shelf:
        environ["CLOUDSHELF_URL"] = shelf
    log = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    try:
        return posix.posix_spawn(
            words[0],
            words,
            environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, target.log, log, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=(),
        )
    except OSError as error:
        raise FetcherFailed(f"{words[0]} cannot be started ({error.strerror})", target.log) from None


def reach(*, start: bool, shelf: str = "") -> bool:
    """Whether a fetcher listens; with ``start``, one that does not is started, and not waited for.

    Not if another process has just started one. It connects to ``shelf`` (a URL) ahead. What cannot be started is told
    when it is asked.
    """
    target = default_target()
    try:
        connection = _try_connect(target.path)
        if connection is not None:
            _give_back(target, connection)
            return True
        if start:
            private_folder(target.cache)
            private_folder(f"{target.cache}/fetcher")
            guard = _Guard(f"{target.path}.starting")
            if guard.take(0.0):
                _starting.append(guard)
                _children.append(_start(target, shelf))
            else:
                guard.release()
    except (ShelfError, OSError):
        pass
    return False


def leave_children() -> None:
    """Wait until fetchers that were started are nobody's child: a process that becomes a program passes on none."""
    while _children:
        pid, waited = _children.pop(), 0.0
        while _status_of(pid) is None and waited < START:
            _pause(0.002)
            waited += 0.002
    _release_starting()


def _release_starting() -> None:
    while _starting:
        _starting.pop().release()


def _is_gone(pid: int) -> bool:
    """Whether the process that we started has left its place to the fetcher proper, as it does once that listens."""
    for _ in range(100):
        if _status_of(pid) is not None:
            return True
        _pause(0.002)
    return False


def _status_of(pid: int) -> int | None:
    """The exit status of a child; None while it runs, 0 when somebody else has asked for it before."""
    try:
        found, status = posix.waitpid(pid, posix.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None


def _kill_peer(connection: _socket.socket) -> None:
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


def _pause(seconds: float) -> None:
    """Sleep, whatever ``time.sleep`` has become."""
    import _signal  # type: ignore[import-not-found]

    _signal.sigtimedwait((), seconds)


def _ignore(event: dict[str, Any]) -> None:
    """Progress that nobody asked for."""
