"""Reading one small file after the other (``grep -r``): the frames that come next are fetched along.

Folders are listed in the order of the manifest, which is that of the packs, so who walks a tree walks its packs.
"""

from __future__ import annotations

import threading
import weakref

from ..fetcher.environments import Environment
from ..fetcher.frames import Priority
from ..fetcher.transfer import Transfer

MOST_AHEAD = 8  # frames


class _Walk:
    """What was missed last in an environment, and up to which frame others were fetched along."""

    def __init__(self) -> None:
        self._last = self._reached = -3  # before any frame
        self._ahead = 0

    def follow(self, frame: int, frames: int) -> range:
        """A file of ``frame`` is missed: which frames to fetch along, of so many."""
        is_next = self._last < frame <= self._reached + 1
        if frame == self._last or (is_next and frame + self._ahead // 2 < self._reached):
            self._last = frame
            return range(0)
        self._ahead = min(2 * self._ahead or 1, MOST_AHEAD) if is_next else 0
        found = range(max(frame, self._reached if is_next else 0) + 1, min(frame + self._ahead + 1, frames))
        self._last, self._reached = frame, frame + self._ahead
        return found


class Neighbours:
    """Any thread."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._lock = threading.Lock()
        self._walks: weakref.WeakKeyDictionary[Environment, _Walk] = weakref.WeakKeyDictionary()

    def bring(self, environment: Environment, number: int) -> None:
        """Have a file brought that is not here, and in a walk what comes next; returns when it is in place.

        Raises as the request does.
        """
        request = self._transfer.ensure(environment, [number])
        with self._lock:
            walk = self._walks.setdefault(environment, _Walk())
            follow = walk.follow(environment.first_frame[number], len(environment.frame_length))
        numbers = [n for each in follow for n in environment.touching(each) if len(environment.pieces(n)) == 1]
        if numbers:
            self._transfer.ensure(environment, numbers, Priority.SOON)
        request.result()
