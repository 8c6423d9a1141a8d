"""Ranges of packs from a store into memory: on demand with many connections, in the background with few."""

from __future__ import annotations

import logging
from functools import partial

from ..errors import ObjectInvalid, ShelfError
from .frames import FrameJob, Range
from .in_flight import InFlight
from .placing import Placer
from .scheduler import Scheduler
from .statistics import Statistics

log = logging.getLogger(__name__)


class RangeFetcher:
    """One thread is one connection: each runs one of the two loops until the end."""

    def __init__(self, scheduler: Scheduler, in_flight: InFlight, placer: Placer, statistics: Statistics) -> None:
        self._scheduler = scheduler
        self._in_flight = in_flight
        self._placer = placer
        self._statistics = statistics

    def fetch_demand(self) -> None:
        """Fetch what somebody waits for; tasks finish it, so that the connection goes on at once."""
        while (batch := self._scheduler.take_demand()) is not None:
            data = self._fetch(batch)
            if data is None:
                self._scheduler.drop(batch)
            else:
                tasks = [partial(self._place, batch, job, _part(batch, data, job)) for job in batch.jobs]
                self._scheduler.submit_frames(batch, tasks)

    def fetch_background(self) -> None:
        """Fetch what nobody waits for, and finish it here: other threads have better things to do."""
        while (batch := self._scheduler.take_background()) is not None:
            data = None if self._is_known(batch) else self._fetch(batch)
            if data is None:
                self._scheduler.release(batch, len(batch.jobs))
                continue
            for job in batch.jobs:
                try:
                    self._place(batch, job, _part(batch, data, job))
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

    def _fetch(self, batch: Range) -> memoryview | None:
        """The bytes of a range; None when they cannot be had, which the waiting requests were told."""
        environment, frame = batch.jobs[0].environment, batch.jobs[0].frame
        path, project, key = str(environment.path), environment.pack_project(frame), environment.pack_key(frame)
        received = 0
        self._statistics.request_begins(path, project)
        try:
            data = environment.store.get_range(key, start=batch.start, length=batch.length)
            received = len(data)
            if received != batch.length:
                raise ObjectInvalid(key, f"{received} bytes came where {batch.length} were asked for")
            return memoryview(data)
        except Exception as error:
            self._in_flight.fail_frames(batch.jobs, error)
            return None
        finally:
            self._statistics.request_ends(path, project, received)


def _part(batch: Range, data: memoryview, job: FrameJob) -> memoryview:
    return data[job.start - batch.start : job.stop - batch.start]
