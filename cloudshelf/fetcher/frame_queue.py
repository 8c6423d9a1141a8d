"""Frames that wait for a connection: the most urgent first, as ranges."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator

from .cutting import LARGEST_GAP, cut_stages
from .environments import Environment
from .frames import LARGEST_RANGE, FrameJob, Priority, Range


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

    def add(self, *stages: Iterable[FrameJob]) -> list[Range]:
        """Frames of one environment that are asked for together: what is needed first in the first stage.

        Returns the new ranges of those that somebody waits for.
        """
        demand: list[list[FrameJob]] = []
        for jobs in stages:
            demand.append([])
            for job in jobs:
                if job.priority >= Priority.LATER:
                    self._background[job.environment, job.frame] = job
                else:
                    demand[-1].append(job)
        ranges = []
        for run in cut_stages(demand, largest=self._largest, gap=self._gap):
            self._take_between(run)
            found = Range(run, min(job.priority for job in run))
            self._ranges.update(dict.fromkeys(run, found))
            self._push(found)
            ranges.append(found)
        return ranges

    def add_between(self, found: Range, jobs: Collection[FrameJob]) -> None:
        """Frames whose bytes come with a range that is queued, for they lie between its own."""
        found.add(jobs)
        self._ranges.update(dict.fromkeys(jobs, found))

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

    def _take_between(self, run: list[FrameJob]) -> None:
        """Add frames of the background that lie between those of ``run``: their bytes come anyway."""
        environment = run[0].environment
        keys = [(environment, frame) for frame in range(run[0].frame + 1, run[-1].frame)]
        between = [self._background.pop(key) for key in keys if key in self._background]
        if between:
            run += between
            run.sort(key=lambda job: job.frame)

    def _push(self, found: Range) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (found.priority, min(job.sequence for job in found.jobs), self._pushed, found))
