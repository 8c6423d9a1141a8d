"""Starting a fetcher: one of all threads and processes that find none does it.

Primitives are taken from C modules, as in client.py.
"""

from __future__ import annotations

import os
import posix

from ..errors import CacheUnusable, FetcherFailed
from .paths import absolute_setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .target import Target

_INHERITED = 3  # a descriptor that a fetcher may inherit, beside the usual three
START = 20.0  # seconds that a new fetcher has until it listens
_children: list[int] = []  # fetchers that this process started
_starting: list[Guard] = []  # held while they do not listen yet


class Guard:
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


def start(target: Target, shelf: str = "", turn: int | None = None) -> int:
    """Start a fetcher in a session of its own; its process id. What it prints before it has a log goes there too.

    ``turn`` is a descriptor that it inherits: the turn to ask ``shelf`` what is blocked (blocklist.asking).
    """
    _children[:] = [pid for pid in _children if status_of(pid) is None]
    words = list(target.command)
    if words[1:2] == ["-m"]:
        words.insert(1, "-P")  # the current folder is no place to import the engine's libraries from
    words += ["--cache", target.cache, "--socket", target.path]
    words += ["--detach"] if turn is None else ["--turn", str(_INHERITED), "--detach"]
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
                *([(os.POSIX_SPAWN_DUP2, turn, _INHERITED)] if turn is not None else []),
            ],
            setsid=True,
            setsigmask=(),
        )
    except OSError as error:
        raise FetcherFailed(f"{words[0]} cannot be started ({error.strerror})", target.log) from None


def start_alone(target: Target, shelf: str, turn: int | None = None) -> None:
    """Start a fetcher, unless another process has just started one; it is not waited for. Raises as ``start``."""
    guard = Guard(f"{target.path}.starting")
    if guard.take(0.0):
        _starting.append(guard)
        keep(start(target, shelf, turn))
    else:
        guard.release()


def has_started() -> bool:
    """Whether this process has started a fetcher that was not waited for: its libraries are still to be loaded."""
    return bool(_starting)


def keep(pid: int) -> None:
    """Remember a fetcher that is this process's child still."""
    _children.append(pid)


def leave_children() -> None:
    """Wait until fetchers that were started are nobody's child: a process that becomes a program passes on none."""
    while _children:
        pid, waited = _children.pop(), 0.0
        while status_of(pid) is None and waited < START:
            pause(0.002)
            waited += 0.002
    _release_starting()


def forget_children() -> None:
    """In a forked child: those were its parent's."""
    _children.clear()
    _release_starting()


def _release_starting() -> None:
    while _starting:
        _starting.pop().release()


def is_gone(pid: int) -> bool:
    """Whether the process that we started has left its place to the fetcher proper, as it does once that listens."""
    for _ in range(100):
        if status_of(pid) is not None:
            return True
        pause(0.002)
    return False


def status_of(pid: int) -> int | None:
    """The exit status of a child; None while it runs, 0 when somebody else has asked for it before."""
    try:
        found, status = posix.waitpid(pid, posix.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None


def pause(seconds: float) -> None:
    """Sleep, whatever ``time.sleep`` has become."""
    import _signal  # type: ignore[import-not-found]

    _signal.sigtimedwait((), seconds)
