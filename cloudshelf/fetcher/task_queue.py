"""Tasks that wait for a thread, the most urgent first; and which of them may be done beside others.

Python runs one thread at a time. Decompressing and hashing do without it, so tasks of many bytes go on beside each
other. One that writes small files gives it up and takes it again seven times a file; two of those hinder each other:
1,978 files of botocore took two threads 0.31 seconds and 6,000 switches, one thread 0.21 and 300.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

Task = Callable[[], None]
BYTES_A_FILE = 64 << 10  # a frame with fewer is work for Python rather than for the libraries


def is_brief(files: int, size: int) -> bool:
    """Whether putting ``files`` of ``size`` bytes in all into their places is mostly Python's work."""
    return size < (files + 1) * BYTES_A_FILE


class TaskQueue:
    """Not locked: its owner is. Of brief tasks one is done at a time."""

    def __init__(self) -> None:
        self._waiting: dict[bool, list[tuple[int, int, Task]]] = {False: [], True: []}  # whether brief → heap
        self._doing_brief = False

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def push(self, priority: int, sequence: int, task: Task, *, brief: bool = False) -> None:
        """Of two equal priorities the lower ``sequence`` is done first; no two may be equal in both."""
        heapq.heappush(self._waiting[brief], (priority, sequence, task))

    def may_take(self) -> bool:
        """Whether there is one that may be done now."""
        return bool(self._waiting[False] or (self._waiting[True] and not self._doing_brief))

    def take(self) -> tuple[Task, bool] | None:
        """The most urgent that may be done now, and whether it is brief: then its taker calls ``done``."""
        if not self.may_take():
            return None
        long, short = self._waiting[False], self._waiting[True]
        brief = not long or bool(short and not self._doing_brief and short[0][:2] < long[0][:2])
        self._doing_brief = self._doing_brief or brief
        return heapq.heappop(self._waiting[brief])[2], brief

    def done(self) -> None:
        """The brief task that was taken is done."""
        self._doing_brief = False
