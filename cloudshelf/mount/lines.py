"""How many frames are fetched at once: a bound on connections and memory, and no queue behind a shelf that is dead."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from ..errors import AccessDenied, StoreError

MOST = 16  # connections
MOST_BYTES = 96 << 20  # of frames, compressed and not, that are held at a time; a single larger one comes alone


class Lines:
    """Any thread."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._used = 0
        self._held = 0
        self._outages: dict[str, tuple[float, StoreError]] = {}  # by shelf: when one was noticed last, and what it was

    @contextlib.contextmanager
    def take(self, shelf: str, size: int) -> Iterator[None]:
        """One connection to ``shelf``, and memory for ``size`` bytes, for as long as the block lasts.

        Who waited here while others found that the shelf does not answer is told the same, and need not find out for
        as long again. Raises StoreError.
        """
        since = time.monotonic()
        with self._free:
            self._free.wait_for(lambda: self._has_failed(shelf, since) or self._is_free(size))
            if self._has_failed(shelf, since):
                raise self._outages[shelf][1]
            self._used += 1
            self._held += size
        try:
            yield
        except StoreError as error:
            if not isinstance(error, AccessDenied):
                self._outages[shelf] = time.monotonic(), error
            raise
        finally:
            with self._free:
                self._used -= 1
                self._held -= size
                self._free.notify_all()

    def is_idle(self) -> bool:
        """Whether there is room for what nobody waits for."""
        return self._used < MOST // 2

    def _is_free(self, size: int) -> bool:
        return self._used < MOST and (not self._held or self._held + size <= MOST_BYTES)

    def _has_failed(self, shelf: str, since: float) -> bool:
        return shelf in self._outages and self._outages[shelf][0] >= since
