"""Somebody who waits for files."""

from __future__ import annotations

import threading
import time

from ..errors import ShelfError


class Request:
    """Somebody wants some files. Done when each is in place, or could not be brought. Any thread."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._open = 1  # itself, until it is complete
        self._error: ShelfError | None = None
        self.total = 0  # bytes
        self.placed = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is done, at the latest after ``timeout`` seconds."""
        return self._done.wait(timeout)

    def result(self) -> None:
        """Returns when everything is in place; raises the first error."""
        self._done.wait()
        if self._error is not None:
            raise self._error

    def expect(self, size: int) -> None:
        """One more file is on its way."""
        with self._lock:
            self._open += 1
            self.total += size

    def settle(self, size: int, error: ShelfError | None) -> None:
        """One of what it expects is in place, or could not be brought."""
        with self._lock:
            self._open -= 1
            self.placed += size
            self._error = self._error or error
            if self._open == 0:
                self._done.set()
