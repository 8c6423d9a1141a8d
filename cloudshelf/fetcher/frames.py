"""Which frames are wanted how urgently, and which of them travel together in one request."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import IntEnum

from .environments import Environment

LARGEST_RANGE = 8 << 20  # bytes of one request: larger ones are cut, so that several connections carry them
LARGEST_GAP = 64 << 10  # bytes nobody wants between two frames that cost less than another request


class Priority(IntEnum):
    """Lower is sooner."""

    NEED = 0  # an import waits for it
    SOON = 1  # the profile of what is being imported
    REST = 2  # what belongs to it, or was asked for with a bar that moves
    FILL = 3  # background


@dataclass(slots=True, eq=False)
class FrameJob:
    """One frame that is to be fetched."""

    environment: Environment
    frame: int
    priority: Priority
    sequence: int
    queued: bool = True
    alone: bool = False  # a second try: its own request, no company that could be at fault
    idle_too: bool = False  # somebody asked for an idle file in it, so its neighbours are welcome

    @property
    def start(self) -> int:
        return self.environment.frame_offset[self.frame]

    @property
    def stop(self) -> int:
        return self.start + self.environment.frame_length[self.frame]


@dataclass(slots=True)
class Range:
    """One request: consecutive bytes of one pack."""

    jobs: list[FrameJob]
    unfinished: int = field(init=False)  # frames whose bytes are still needed; the scheduler counts

    def __post_init__(self) -> None:
        self.unfinished = len(self.jobs)

    @property
    def start(self) -> int:
        return self.jobs[0].start

    @property
    def length(self) -> int:
        return self.jobs[-1].stop - self.jobs[0].start


class FrameQueue:
    """Frames that wait for a connection. Not for several threads at once: who uses it holds a lock."""

    def __init__(self, *, largest: int = LARGEST_RANGE, gap: int = LARGEST_GAP) -> None:
        self._largest = largest
        self._gap = gap
        self._heaps: tuple[list[tuple[int, int, int, FrameJob]], ...] = ([], [])  # for demand, for the background
        self._jobs: dict[tuple[Environment, int], FrameJob] = {}
        self._pushed = 0

    def add(self, job: FrameJob) -> None:
        job.queued = True
        self._jobs[job.environment, job.frame] = job
        self._push(job)

    def promote(self, job: FrameJob, priority: Priority) -> None:
        """Make a queued job more urgent; less urgent it never gets."""
        if job.queued and priority < job.priority:
            job.priority = priority
            self._push(job)

    def drop_background(self, environment: Environment) -> list[FrameJob]:
        """Take out what nobody waits for."""
        dropped = [j for j in self._jobs.values() if j.environment is environment and j.priority is Priority.FILL]
        for job in dropped:
            self._take(job)
        return dropped

    def __len__(self) -> int:
        return len(self._jobs)

    def has_demand(self) -> bool:
        return self._first(background=False) is not None

    def has_background(self) -> bool:
        return self._first(background=True) is not None

    def take(self, *, background: bool) -> Range | None:
        """The most urgent frame with those beside it that may come along; None when nothing of this lane waits."""
        first = self._first(background=background)
        if first is None:
            return None
        self._take(first)
        jobs = [first]
        if not first.alone:
            self._extend(jobs, -1)
            self._extend(jobs, +1)
        return Range(jobs)

    def _extend(self, jobs: list[FrameJob], step: int) -> None:
        environment, urgent = jobs[0].environment, jobs[0].priority
        pack = environment.frame_pack
        while True:
            edge = jobs[-1] if step > 0 else jobs[0]
            between: list[FrameJob] = []  # less urgent ones in the gap: their bytes come anyway
            frame = edge.frame + step
            while 0 <= frame < len(pack) and pack[frame] == pack[edge.frame]:
                candidate = self._jobs.get((environment, frame))
                wanted = candidate is not None and candidate.priority <= urgent and not candidate.alone
                if not self._reaches(edge, frame, jobs, step, include=wanted):
                    return
                if candidate is not None and not candidate.alone:
                    between.append(candidate)
                    if wanted:
                        break
                frame += step
            else:
                return
            for job in between:
                self._take(job)
            if step > 0:
                jobs.extend(between)
            else:
                jobs[:0] = reversed(between)

    def _reaches(self, edge: FrameJob, frame: int, jobs: list[FrameJob], step: int, *, include: bool) -> bool:
        """Whether a range may go on from ``edge`` to ``frame``."""
        environment = edge.environment
        start = environment.frame_offset[frame]
        stop = start + environment.frame_length[frame]
        low, high = min(start, jobs[0].start), max(stop, jobs[-1].stop)
        beside = start >= edge.stop if step > 0 else stop <= edge.start
        unwanted = (start - edge.stop if step > 0 else edge.start - stop) + (0 if include else stop - start)
        return beside and unwanted <= self._gap and high - low <= self._largest

    def _first(self, *, background: bool) -> FrameJob | None:
        heap = self._heaps[background]
        while heap:
            priority, _, _, job = heap[0]
            if job.queued and job.priority == priority:
                return job
            heapq.heappop(heap)  # taken already, or promoted
        return None

    def _push(self, job: FrameJob) -> None:
        self._pushed += 1
        heapq.heappush(self._heaps[job.priority is Priority.FILL], (job.priority, job.sequence, self._pushed, job))

    def _take(self, job: FrameJob) -> None:
        job.queued = False
        del self._jobs[job.environment, job.frame]
