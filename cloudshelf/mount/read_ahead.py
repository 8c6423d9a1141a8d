"""Reading a large file from its beginning to its end: what comes next is fetched before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from .parts import PartFile

NEAR = 1 << 20  # bytes: the kernel asks for what lies ahead in several requests, and not always in order
STREAK = 1 << 20  # bytes read one after the other from which on more are expected
MOST_AHEAD = 4  # frames


class PartReader:
    """A ``PartFile`` for who reads it: what is read in a row is read ahead.

    The kernel has what was read, so that several who read one file come here as one, or in turn.
    """

    def __init__(self, use: Callable[[], AbstractContextManager[PartFile]]) -> None:
        """``use``: the file, for as long as it is read from."""
        self._use = use
        self._next = 0  # where the streak goes on
        self._streak = 0
        self._reached = 0  # the piece behind which something was read ahead
        self._ahead = 0  # how much then, in pieces

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        with self._use() as file:
            self._follow(file, offset, min(size, file.size - offset))
            return file.read(offset, size)

    def close(self) -> None:
        """Parts stay for who reads the file next, as long as there is room."""

    def _follow(self, file: PartFile, offset: int, size: int) -> None:
        if file.is_whole() or size <= 0:
            return
        if abs(offset - self._next) > NEAR:
            self._streak = self._ahead = self._reached = 0
        self._next = max(self._next, offset + size) if self._streak else offset + size
        self._streak += size
        stop = file.pieces(offset, offset + size).stop
        if self._streak >= STREAK and stop > self._reached:
            self._reached = stop
            self._ahead = min(2 * self._ahead or 1, MOST_AHEAD)
            file.read_ahead(stop, self._ahead)
