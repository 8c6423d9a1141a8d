"""Files that are used again and again, each open from its first use on, until it is dropped.

There may be more of them than a process may have open: then the one is closed that was used longest ago, and opened
anew when it is used again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class _Closable(Protocol):
    def close(self) -> object: ...


K = TypeVar("K", bound=Hashable)
F = TypeVar("F", bound=_Closable)


class _Held(Generic[F]):
    """A file that is being opened, or is open; with how many use it just now."""

    __slots__ = ("file", "is_dropped", "users")

    def __init__(self) -> None:
        self.file: Future[F] = Future()
        self.users = 0
        self.is_dropped = False

    def drop(self) -> bool:
        """Whether nobody uses it, so that it can be closed at once; else whoever uses it last closes it."""
        self.is_dropped = True
        return not self.users


class OpenFiles(Generic[K, F]):
    """Any thread."""

    def __init__(self, most: int) -> None:
        """``most``: how many are open at once, besides those that are used at that moment."""
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[K, _Held[F]] = OrderedDict()  # the one that was used last is the last

    def __len__(self) -> int:
        return len(self._held)

    @contextmanager
    def use(self, key: K, open_file: Callable[[], F]) -> Iterator[F]:
        """The file of ``key``, which stays open meanwhile. Of many that need it at once, one opens it, for all of them.

        Raises what ``open_file`` raises, to all who wait for it; whoever comes later has it tried again.
        """
        with self._lock:
            held = self._held.get(key)
            is_first = held is None
            if held is None:
                held = self._held[key] = _Held()
            else:
                self._held.move_to_end(key)
            held.users += 1
        try:
            if is_first:
                self._open(key, held, open_file)
            yield held.file.result()
        finally:
            with self._lock:
                held.users -= 1
                is_over = held.is_dropped and not held.users
            if is_over:
                held.file.result().close()

    def drop(self, key: K) -> None:
        """Have it closed, and opened anew when it is used again."""
        with self._lock:
            held = self._held.pop(key, None)
            unused = [held] if held is not None and held.drop() else []
        _close(unused)

    def close(self) -> None:
        with self._lock:
            unused = [held for held in self._held.values() if held.drop()]
            self._held.clear()
        _close(unused)

    def _open(self, key: K, held: _Held[F], open_file: Callable[[], F]) -> None:
        try:
            held.file.set_result(open_file())
        except BaseException as error:
            with self._lock:
                if self._held.get(key) is held:
                    del self._held[key]
                held.is_dropped = False  # there is nothing to close
            held.file.set_exception(error)
            return
        with self._lock:
            surplus = [self._held.popitem(last=False)[1] for _ in range(len(self._held) - self._most)]
            unused = [each for each in surplus if each.drop()]
        _close(unused)


def _close(unused: Iterable[_Held[F]]) -> None:
    for held in unused:
        held.file.result().close()
