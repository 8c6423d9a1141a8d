"""Ranges of packs from a store into memory: on demand with many connections, in the background with few."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from functools import partial

from ..errors import ObjectInvalid, ShelfError
from .frames import FrameJob, Range
from .in_flight import InFlight
from .placing import Placer
from .scheduler import Scheduler
from .statistics import Statistics
from .vanished import explain

log = logging.getLogger(__name__)


class RangeFetcher:
    """One thread is one connection: each runs one of the two loops until the end."""

    def __init__(self, scheduler: Scheduler, in_flight: InFlight, placer: Placer, statistics: Statistics) -> None:
        self._scheduler = scheduler
        self._in_flight = in_flight
        self._placer = placer
        self._statistics = statistics

    def fetch_demand(self) -> None:
        """Fetch what somebody waits for; tasks finish each frame as it comes, and the connection goes on at once."""
        while (batch := self._scheduler.take_demand()) is not None:
            for job, data in self._arrivals(batch):
                self._scheduler.submit_frame(job, partial(self._place, batch, job, data))
            self._scheduler.fetched(batch)

    def fetch_background(self) -> None:
        """Fetch what nobody waits for, and finish it here: other threads have better things to do."""
        while (batch := self._scheduler.take_background()) is not None:
            if self._is_known(batch):
                self._scheduler.release(batch, len(batch.jobs))
                continue
            for job, data in self._arrivals(batch):
                try:
                    self._place(batch, job, data)
                except Exception:  # an environment that is being removed; nobody waits for this frame
                    log.exception("a frame of the background failed")

    def _is_known(self, batch: Range) -> bool:
        try:
            return self._placer.place_known(batch)
        except ShelfError:  # of the cache; whoever places a file there is told
            return False

    def _place(self, batch: Range, job: FrameJob, data: memoryview) -> None:
        try:
            self._placer.place_frame(job, data)
        finally:
            self._scheduler.release(batch)

    def _arrivals(self, batch: Range) -> Iterator[tuple[FrameJob, memoryview]]:
        """The frames of a range, each as soon as its bytes are here. Of those that do not come, who waits is told."""
        environment, frame = batch.jobs[0].environment, batch.jobs[0].frame
        path, project, key = str(environment.path), environment.pack_project(frame), environment.pack_key(frame)
        content = memoryview(bytearray(batch.length))
        received = 0
        waiting = deque(batch.jobs)
        for job in batch.jobs:
            job.begun = time.monotonic()
        self._statistics.request_begins(path, project)
        try:
            for part in environment.store.stream_range(key, start=batch.start, length=batch.length):
                content[received : received + len(part)] = part
                received += len(part)
                self._scheduler.arrived(batch, len(part))
                self._statistics.received(path, project, len(part))
                while waiting and waiting[0].stop - batch.start <= received:
                    job = waiting.popleft()
                    yield job, content[job.start - batch.start : job.stop - batch.start]
            if waiting:
                raise ObjectInvalid(key, f"{received} bytes came where {batch.length} were asked for")
        except Exception as error:
            if waiting:  # otherwise it came whole, and only its end was not in order
                self._in_flight.fail_frames(list(waiting), explain(environment, project, error))
                self._scheduler.release(batch, len(waiting))
        finally:
            self._statistics.request_ends(path)
