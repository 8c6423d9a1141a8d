"""From wanted file numbers to verified files in their places. No socket here: a command can fill in its own process.

One request travels so: the numbers that are neither in place nor on their way (in_flight.py) are asked from the blob
cache; the frames of those that are not there are queued by urgency (scheduler.py), joined into ranges (cutting.py),
fetched by a few connections (fetching.py), and finished (placing.py: digest of the frame, decompression, digest of each
file, write, rename, presence) by as many threads as there are cores (task_queue.py). What a frame brings besides
is put in place too, because its bytes are here. Small files are written into the environment first; their copy for the
cache is made when nobody waits (copying.py).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ..errors import CacheUnusable, FetcherFailed, UsageError
from .blobs import BlobCache
from .copying import copy_when_quiet
from .environments import Environment
from .fetching import RangeFetcher
from .frames import LARGEST_RANGE, Priority
from .in_flight import InFlight
from .placing import Placer
from .plan import imported, plan_ahead, plan_background, plan_begin, plan_expected, plan_fill, plan_late, plan_later
from .request import Request
from .scheduler import QUIET, Scheduler
from .statistics import Statistics

CONNECTIONS = 16
BACKGROUND_CONNECTIONS = 2
BACKGROUND_NICENESS = 5  # of the threads that work in the background; Linux has it per thread
COPY_NICENESS = 10
_ENDING = "it is shutting down", ""


class Transfer:
    """Fills environments. Threads start with the first request and belong to the process that made them (no fork)."""

    def __init__(
        self,
        blobs: BlobCache,
        *,
        statistics: Statistics | None = None,
        connections: int = CONNECTIONS,
        background: bool = True,
        largest: int = LARGEST_RANGE,
        quiet: float = QUIET,
    ) -> None:
        """``background``: whether the rest of a project follows its first import. ``connections`` bound the memory.

        ``quiet``: seconds without demand before the background goes on.
        """
        self.statistics = statistics or Statistics()
        self.blobs = blobs
        self._background = background
        self._connections = connections
        self._scheduler = Scheduler(largest=largest, connections=connections, quiet=quiet)
        self._in_flight = InFlight(self._scheduler)
        self._placer = Placer(blobs, self._scheduler, self._in_flight, self.statistics)
        self._threads: list[threading.Thread] = []
        self._starter: threading.Thread | None = None

    def ensure(self, environment: Environment, numbers: Iterable[int], priority: Priority = Priority.NEED) -> Request:
        """Have files brought; returns at once. Raises UsageError for a number that the environment does not have."""
        return self._ensure(environment, [list(numbers)], priority)

    def need(self, environment: Environment, numbers: Sequence[int]) -> Request:
        """An import waits for files: have them brought, and with them what they will import, and what lies beside those
        that nothing foresaw. Else as ``ensure``.
        """
        with environment.planning:
            running = imported(environment, numbers)
            follows = plan_late(environment, running)
            unasked = self._in_flight.unasked(environment, running)
            waited = [n for n in unasked if not self._placer.has(environment, n)]
            beside = plan_ahead(environment, waited, follows)
            if follows or beside:
                self._ensure(environment, [[*numbers, *follows], beside], Priority.SOON)
        if follows:
            self._foresee(environment, [*numbers, *follows])
        return self.ensure(environment, numbers)

    def soon(self, environment: Environment, numbers: Sequence[int]) -> None:
        """Have files brought that are likely to be needed; what is in place is being imported, and brings what it
        imports. Returns when everything is queued. Else as ``ensure``.
        """
        running = [n for n in numbers if 0 <= n < len(environment) and environment.presence[n]]
        with environment.planning:
            self._ensure(environment, [[*numbers, *plan_late(environment, running)]], Priority.SOON)

    def begin(self, environment: Environment, project: int, module: str = "") -> None:
        """The first import of a project begins, on the way to ``module`` of it: have what that needs brought, and in
        quiet times the rest.

        Returns when everything is queued. Raises UsageError for a project that the environment does not have.
        """
        if not 0 <= project < len(environment.projects):
            raise UsageError(f"{environment.path} has no such project number")
        with environment.planning:
            stages = plan_begin(environment, project, module)
            self._ensure(environment, stages, Priority.SOON)
        self._foresee(environment, [number for stage in stages for number in stage])
        if self._background:
            self._scheduler.submit_background(partial(self._follow, environment, project))

    def expect(self, environment: Environment, modules: Iterable[str]) -> None:
        """A program starts that will import ``modules``: have brought what those imports will need.

        Returns when everything is queued. The background waits until an import begins: it may never come to that.
        """
        with environment.planning:
            stages = plan_expected(environment, modules)
            if stages:
                self._ensure(environment, stages, Priority.SOON)

    def fill(
        self,
        environment: Environment,
        *,
        everything: bool = True,
        projects: Collection[str] | None = None,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, int]:
        """Bring all files (or all that are not idle); then the environment needs nothing of ours. Or all of some
        ``projects``, by name.

        Returns what was to do: {"files", "bytes"}. ``progress`` gets the events of the fetcher's protocol; an exception
        that it raises ends the waiting, not the transfer.
        """
        numbers = plan_fill(environment, everything=everything, projects=projects)
        absent = [n for n in map(environment.original, numbers) if not environment.presence[n]]
        request = self.ensure(environment, absent, Priority.REST)
        while not request.wait(0.1):
            _report(progress, environment, request)
        request.result()
        _report(progress, environment, request)
        return {"files": len(set(absent)), "bytes": request.total}

    def is_busy(self) -> bool:
        """Whether anything is under way, in the background too."""
        return self._scheduler.is_busy()

    def wait_for_quiet(self) -> bool:
        """Return when no import has asked for a second; False when this transfer ends before."""
        return self._scheduler.wait_for_quiet()

    def settle_copies(self, timeout: float | None = None) -> bool:
        """Wait until what was asked for is done and the cache has its copies; False when that takes longer."""
        return self._scheduler.settle_copies(timeout)

    def close(self, *, flush: bool = True) -> None:
        """End the threads; with ``flush`` after the copies for the cache are made. What is queued fails."""
        if flush and self._threads:
            self.settle_copies()
        self._scheduler.close()
        self._in_flight.fail_all(FetcherFailed(*_ENDING))
        if flush and self._starter is not None:
            self._starter.join()
            for thread in self._threads:
                thread.join()

    # from the cache or from the store

    def _ensure(self, environment: Environment, stages: Sequence[Sequence[int]], priority: Priority) -> Request:
        """Have the files of one stage after the other brought; what is in two stages belongs to the first."""
        request = Request()
        self.statistics.opened(str(environment.path), environment.packed)
        wanted: dict[int, int] = {}  # number → its stage
        for stage, numbers in enumerate(stages):
            for number in map(environment.original, numbers):
                wanted.setdefault(number, stage)
        for number in wanted:
            if not 0 <= number < len(environment):
                raise UsageError(f"{environment.path} has no file number {number}")
            if environment.is_shadowed(number):
                environment.mark(number)  # its place is another's, and it is in no frame: nothing to bring
            elif environment.first_frame[number] < 0 and not environment.presence[number]:
                raise CacheUnusable(environment.destination(number), "it was removed, and comes only with a new build")
        self.start()
        try:
            self._bring(environment, wanted, priority, request)
        finally:
            request.settle(0, None)
        if self._scheduler.closed:  # meanwhile, so that ``close`` did not see who waits now
            self._in_flight.fail_all(FetcherFailed(*_ENDING))
        return request

    def _bring(self, environment: Environment, wanted: Mapping[int, int], priority: Priority, request: Request) -> None:
        """Split what is not under way into what the cache may have, and frames to fetch."""
        to_fetch: list[int] = []
        for frame, group in self._in_flight.want(environment, wanted, priority, request).items():
            choose = partial(self._choose, environment, frame, group, priority, to_fetch)
            self._in_flight.attempt(environment, group, choose)
        if to_fetch:
            stages = [[n for n in to_fetch if wanted[n] == stage] for stage in sorted(set(wanted.values()))]
            self._in_flight.queue_frames(environment, *stages)

    def _choose(
        self, environment: Environment, frame: int, group: list[int], priority: Priority, to_fetch: list[int]
    ) -> None:
        """Of a group (files that begin in one frame; -1: empty files) comes from the cache what is there.

        If its largest is not, nothing is looked for: the frame brings the others too, and a cold start costs one look
        for each frame, not for each file. What is small may be there for another file's sake: in botocore 200 have the
        same 44 bytes.
        """
        largest = max(group, key=environment.sizes.__getitem__)
        if frame >= 0 and not self._placer.has(environment, largest):
            to_fetch.extend(group)
            return
        lacking = dict.fromkeys(n for n in group if n != largest and not self._placer.has(environment, n))
        to_fetch.extend(lacking)
        known = [number for number in group if number not in lacking]
        self._scheduler.submit(priority, partial(self._placer.place_cached, environment, known))

    def _foresee(self, environment: Environment, numbers: Sequence[int]) -> None:
        """Have what the functions of these modules import brought, as soon as nobody waits for anything."""
        if self._background and environment.later:
            task = partial(self._bring_later, environment, numbers)
            self._scheduler.submit_background(task, Priority.LATER)

    def _bring_later(self, environment: Environment, numbers: Sequence[int]) -> None:
        self.ensure(environment, plan_later(environment, numbers), Priority.LATER)

    def _follow(self, environment: Environment, project: int) -> None:
        self.ensure(environment, plan_background(environment, project), Priority.FILL)

    # threads

    def start(self) -> None:
        """Have the threads started: by the first request, or ahead of it. Raises FetcherFailed after ``close``."""
        with self._scheduler.lock:
            if self._scheduler.closed:
                raise FetcherFailed(*_ENDING)
            if self._threads:
                return
            ranges = RangeFetcher(self._scheduler, self._in_flight, self._placer, self.statistics)
            connections, tasks = [(ranges.fetch_demand, 0)], [(self._scheduler.run_tasks, 0)]
            work = connections * 2 + tasks * max(2, os.cpu_count() or 1) + connections * (self._connections - 2)
            work += [(ranges.fetch_background, BACKGROUND_NICENESS)] * min(BACKGROUND_CONNECTIONS, self._connections)
            work += [(partial(copy_when_quiet, self._scheduler, self.blobs), COPY_NICENESS)]
            self._threads = [threading.Thread(target=_run, args=row, daemon=True) for row in work]
            self._starter = threading.Thread(target=self._start_threads, daemon=True)
            self._starter.start()

    def _start_threads(self) -> None:
        """Each start waits until the new thread has had its turn: on busy cores a millisecond, for twenty of them."""
        for thread in self._threads:
            thread.start()


def _run(work: Callable[[], None], niceness: int) -> None:
    if niceness:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
    work()


def _report(progress: Callable[[dict[str, Any]], None] | None, environment: Environment, request: Request) -> None:
    if progress is not None:
        what = environment.path.name
        progress({"stage": "fill", "done": request.placed, "total": request.total, "unit": "B", "what": what})
