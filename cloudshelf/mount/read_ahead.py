"""Reading a large file from its beginning to its end: what comes next is fetched before it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from .parts import PartFile

NEAR = 1 << 20  # bytes: the kernel asks for what lies ahead in several requests, and not always in order
STREAK = 1 << 20  # bytes read one after the other from which on more are expected
MOST_AHEAD = 4  # frames


class PartReader:
    """One who has a ``PartFile`` open: what it reads in a row is read ahead."""

    def __init__(self, file: PartFile, closed: Callable[[], object]) -> None:
        self._file = file
        self._closed = closed
        self._next = 0  # where the streak goes on
        self._streak = 0
        self._reached = 0  # the piece behind which something was read ahead
        self._ahead = 0  # how much then, in pieces

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        self._follow(offset, min(size, self._file.size - offset))
        return self._file.read(offset, size)

    def close(self) -> None:
        self._closed()

    def _follow(self, offset: int, size: int) -> None:
        if self._file.is_whole() or size <= 0:
            return
        if abs(offset - self._next) > NEAR:
            self._streak = self._ahead = self._reached = 0
        self._next = max(self._next, offset + size) if self._streak else offset + size
        self._streak += size
        stop = self._file.pieces(offset, offset + size).stop
        if self._streak >= STREAK and stop > self._reached:
            self._reached = stop
            self._ahead = min(2 * self._ahead or 1, MOST_AHEAD)
            self._file.read_ahead(stop, self._ahead)
