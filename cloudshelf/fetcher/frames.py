"""What is asked of the store: frames that are wanted, how urgently, and the ranges in which they come."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum

from .environments import Environment

LARGEST_RANGE = 8 << 20  # bytes of one request: larger ones are cut, so that several connections carry them


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

    def add(self, jobs: Collection[FrameJob]) -> None:
        """Frames that lie between those of it: as many bytes, more that is finished."""
        self.jobs = sorted([*self.jobs, *jobs], key=lambda job: job.frame)
        self.unfinished = len(self.jobs)

    @property
    def start(self) -> int:
        return self.jobs[0].start

    @property
    def length(self) -> int:
        return self.jobs[-1].stop - self.jobs[0].start
