"""Which frames are wanted how urgently, and which of them travel together in one request."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from .environments import Environment

LARGEST_RANGE = 8 << 20  # bytes of one request: larger ones are cut, so that several connections carry them
LARGEST_GAP = 384 << 10  # bytes nobody wants between two frames that cost less than another request


class Priority(IntEnum):
    """Lower is sooner."""

    NEED = 0  # an import waits for it
    SOON = 1  # the profile of what is being imported
    REST = 2  # what belongs to it, or was asked for with a bar that moves
    LATER = 3  # background, the sooner part: what functions of imported modules import
    FILL = 4  # background


class FrameJob:  # no dataclass, as in model.py
    """One frame that is to be fetched; ``sequence`` is in which order frames were asked for."""

    __slots__ = ("alone", "begun", "environment", "frame", "idle_too", "priority", "sequence")

    def __init__(self, environment: Environment, frame: int, priority: Priority, sequence: int) -> None:
        self.environment = environment
        self.frame = frame
        self.priority = priority
        self.sequence = sequence
        self.alone = False  # a second try: its own request, no company that could be at fault
        self.begun = float("inf")  # when it was asked of the store (time.monotonic)
        self.idle_too = False  # somebody asked for an idle file in it, so its neighbours are welcome

    @property
    def start(self) -> int:
        return self.environment.frame_offset[self.frame]

    @property
    def stop(self) -> int:
        return self.start + self.environment.frame_length[self.frame]


class Range:
    """One request: consecutive bytes of one pack."""

    __slots__ = ("ahead", "jobs", "missing", "priority", "queued", "unfinished")

    def __init__(self, jobs: list[FrameJob], priority: Priority, *, queued: bool = True) -> None:
        self.jobs = jobs
        self.priority = priority
        self.queued = queued
        self.ahead = False  # it was begun when no import waited for it
        self.missing = self.length  # bytes that have not come; the scheduler counts
        self.unfinished = len(jobs)  # frames whose bytes are still needed; the scheduler counts

    @property
    def start(self) -> int:
        return self.jobs[0].start

    @property
    def length(self) -> int:
        return self.jobs[-1].stop - self.jobs[0].start


class FrameQueue:
    """Frames that wait for a connection. Not for several threads at once: who uses it holds a lock.

    What somebody waits for is cut into ranges when it is asked for, not when a connection is free: so the number of
    requests does not depend on who is fast. The background is cut when its turn comes, from what is left of it.
    """

    def __init__(self, *, largest: int = LARGEST_RANGE, gap: int = LARGEST_GAP) -> None:
        self._largest = largest
        self._gap = gap
        self._heap: list[tuple[int, int, int, Range]] = []  # demand; a promoted range stands in it twice
        self._ranges: dict[FrameJob, Range] = {}  # of queued demand
        self._background: dict[tuple[Environment, int], FrameJob] = {}  # in the order of wishes
        self._pushed = 0

    def add(self, jobs: Iterable[FrameJob]) -> None:
        """Frames that are asked for together, with one priority."""
        demand: list[FrameJob] = []
        for job in jobs:
            if job.priority >= Priority.LATER:
                self._background[job.environment, job.frame] = job
            else:
                demand.append(job)
        for together in self._cut(demand):
            found = Range(together, min(job.priority for job in demand))
            self._ranges.update(dict.fromkeys(together, found))
            self._push(found)

    def promote(self, jobs: Iterable[FrameJob], priority: Priority) -> bool:
        """Make jobs more urgent; less urgent they never get. One in a range takes that along.

        Whether anything in the queue changed: a frame that is being fetched is in it no more.
        """
        left: list[FrameJob] = []
        changed = False
        for job in jobs:
            if priority >= job.priority:
                continue
            job.priority = priority
            if self._background.pop((job.environment, job.frame), None) is not None:
                left.append(job)
                continue
            found = self._ranges.get(job)
            if found is not None and priority < found.priority:
                found.priority = priority
                self._push(found)
                changed = True
        self.add(left)
        return changed or bool(left)

    def drop_background(self, environment: Environment) -> list[FrameJob]:
        """Take out what nobody waits for."""
        dropped = [job for job in self._background.values() if job.environment is environment]
        for job in dropped:
            del self._background[job.environment, job.frame]
        return dropped

    def __len__(self) -> int:
        return len(self._ranges) + len(self._background)

    def has_demand(self) -> bool:
        return bool(self._ranges)

    def background_priority(self) -> Priority | None:
        """That of the most urgent frame of the background; None when there is none."""
        return min((job.priority for job in self._background.values()), default=None)

    def take(self, least: Priority = Priority.REST) -> Range | None:
        """The most urgent range, if it is at least as urgent as ``least``."""
        while self._heap:
            priority, _, _, found = self._heap[0]
            if found.queued and priority > least:
                return None
            heapq.heappop(self._heap)
            if found.queued:  # otherwise it was promoted, and taken
                found.queued = False
                for job in found.jobs:
                    self._ranges.pop(job, None)
                return found
        return None

    def take_background(self) -> Range | None:
        """The first of the most urgent frames of the background, with those behind it in its pack."""
        first = min(self._background.values(), key=lambda job: job.priority, default=None)
        if first is None:
            return None
        together = [first, *self._behind(first)]
        for job in together:
            del self._background[job.environment, job.frame]
        return Range(together, first.priority, queued=False)

    def _behind(self, first: FrameJob) -> Iterator[FrameJob]:
        """Of its priority, and what is less urgent only where its bytes come anyway."""
        environment, edge = first.environment, first.stop
        between: list[FrameJob] = []
        for frame in range(first.frame + 1, len(environment.frame_pack)):
            stop = environment.frame_offset[frame] + environment.frame_length[frame]
            if environment.frame_pack[frame] != environment.frame_pack[first.frame]:
                return
            job = self._background.get((environment, frame))
            if job is not None and job.priority <= first.priority:
                if stop - first.start > self._largest:
                    return
                yield from (*between, job)
                between, edge = [], stop
                continue
            if stop - edge > self._gap:
                return
            if job is not None:
                between.append(job)

    def _cut(self, jobs: Sequence[FrameJob]) -> list[list[FrameJob]]:
        """Requests for ``jobs``, which are of one environment: evenly large, the one that was asked for first first."""
        runs: list[list[FrameJob]] = []
        for job in sorted(jobs, key=lambda job: job.frame):
            if runs and self._adjoin(runs[-1][-1], job):
                runs[-1] += self._between(runs[-1][-1], job)
                runs[-1].append(job)
            else:
                runs.append([job])
        cut = [part for run in runs for part in self._split(run)]
        return sorted(cut, key=lambda part: min(job.sequence for job in part))

    def _adjoin(self, edge: FrameJob, job: FrameJob) -> bool:
        """Whether both may travel in one request, whatever its size."""
        pack = edge.environment.frame_pack
        beside = pack[edge.frame] == pack[job.frame] and 0 <= job.start - edge.stop <= self._gap
        return beside and not (edge.alone or job.alone)

    def _between(self, edge: FrameJob, job: FrameJob) -> list[FrameJob]:
        """Frames of the background in a gap: their bytes come anyway."""
        keys = [(edge.environment, frame) for frame in range(edge.frame + 1, job.frame)]
        return [self._background.pop(key) for key in keys if key in self._background]

    def _split(self, run: Sequence[FrameJob]) -> Iterator[list[FrameJob]]:
        """Parts of about one size, none larger than allowed (unless one frame is)."""
        length = run[-1].stop - run[0].start
        target = length / -(-length // self._largest)
        part = [run[0]]
        for job in run[1:]:
            start = part[0].start
            if job.stop - start > self._largest or job.start - start >= target:
                yield part
                part = []
            part.append(job)
        yield part

    def _push(self, found: Range) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (found.priority, min(job.sequence for job in found.jobs), self._pushed, found))
