"""Many who wait for one page: the kernel lets them ask one after the other, each when the one before it was told.

What failed for the first after a long time would so fail for the last after as long again for each. Those who come at
once when one was told are told the same; whoever was told already, or comes later, has it tried again.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

LONG = 0.1  # seconds; what fails sooner is tried for each
NEXT = 0.03  # seconds in which the next one comes who has waited for the same page
MOST = 2.0  # seconds after the failure, for programs that are started again and again

Place = tuple[int, int]  # the number of a file, and where in it


class _Failure(NamedTuple):
    number: int  # errno
    since: float
    told: set[int]  # threads
    last: list[float]  # when it was told


class Failures:
    """Any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Place, _Failure] = {}

    def tell_again(self, place: Place, thread: int) -> None:
        """Raises what failed just now at ``place``, to a ``thread`` of a program that has not been told."""
        if not self._known:
            return
        now = self._clock()
        with self._lock:
            known = self._known.get(place)
            if known is None or thread in known.told or _is_over(known, now):
                return
            known.told.add(thread)
            known.last[0] = now
        raise OSError(known.number, os.strerror(known.number))

    def add(self, place: Place, thread: int, error: OSError, begun: float) -> None:
        """What was tried at ``place`` since ``begun`` has failed, and ``thread`` is told."""
        now = self._clock()
        with self._lock:
            self._known = {each: known for each, known in self._known.items() if not _is_over(known, now)}
            if now - begun >= LONG:
                self._known[place] = _Failure(error.errno or errno.EIO, now, {thread}, [now])


def _is_over(known: _Failure, now: float) -> bool:
    return now > min(known.last[0] + NEXT, known.since + MOST)
