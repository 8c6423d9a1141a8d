"""Files that are on their way: who waits for each, which frames bring them, and whom to tell in the end.

No file is fetched twice at once: whoever wants one that is on its way joins those who wait. All of it is guarded by
the lock of the scheduler, whose queue the frames go into.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable, Sequence

from ..errors import ObjectInvalid, ShelfError, StoreError
from ..importing.paths import unusable
from .blob_writer import Assembly
from .environments import Environment, Piece
from .frames import FrameJob, Priority, Range
from .request import Request
from .scheduler import Scheduler

LATE = 0.2  # seconds after which a request that joins is not part of what had the files fetched
log = logging.getLogger(__name__)


class _Wanted:
    """A file that is on its way."""

    __slots__ = ("from_cache", "placing", "priority", "requests")

    def __init__(self, priority: Priority, requests: list[Request]) -> None:
        self.priority = priority
        self.requests = requests
        self.from_cache = True  # until its frames are queued
        self.placing = False


class _Filling:
    """What is under way in one environment."""

    def __init__(self) -> None:
        self.wanted: dict[int, _Wanted] = {}
        self.jobs: dict[int, FrameJob] = {}  # queued or in flight
        self.assemblies: dict[int, Assembly | None] = {}  # files of several frames; None before the first piece


class InFlight:
    """The files on their way, of every environment. Any thread."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._lock = scheduler.lock
        self._filling: weakref.WeakKeyDictionary[Environment, _Filling] = weakref.WeakKeyDictionary()

    def want(
        self, environment: Environment, numbers: Iterable[int], priority: Priority, request: Request
    ) -> dict[int, list[int]]:
        """Have ``request`` wait for those of ``numbers`` that are not in place.

        Returns the ones that nobody wanted before, by the frame that they begin in (-1: empty files); the caller has
        them brought. Raises CacheUnusable when the environment is being pruned.
        """
        presence, sizes, frames = environment.presence, environment.sizes, environment.first_frame
        fresh: dict[int, list[int]] = {}
        sooner: list[int] = []
        with self._lock:
            if priority < Priority.LATER:
                self._scheduler.note_demand()
            filling = self._filling.setdefault(environment, _Filling())
            for number in numbers:
                if presence[number]:
                    continue
                wanted = filling.wanted.get(number)
                if wanted is None:
                    if not filling.wanted:
                        environment.hold()
                    filling.wanted[number] = _Wanted(priority, [request])
                    fresh.setdefault(frames[number] if sizes[number] else -1, []).append(number)
                else:
                    wanted.requests.append(request)
                    if priority < wanted.priority:
                        sooner.append(number)
                request.expect(sizes[number])
            if sooner:
                self._hurry(environment, sooner, priority)
        return fresh

    def unasked(self, environment: Environment, numbers: Iterable[int]) -> list[int]:
        """Those of ``numbers`` that are neither in place nor on their way, for their own sake or another's."""
        with self._lock:
            filling = self._filling.get(environment) or _Filling()
            absent = [n for n in numbers if not environment.presence[n] and n not in filling.wanted]
            return [n for n in absent if any(piece.frame not in filling.jobs for piece in environment.pieces(n))]

    def _hurry(self, environment: Environment, numbers: Sequence[int], priority: Priority) -> None:
        """With the lock held: files that are on their way are wanted sooner."""
        filling = self._filling[environment]
        for number in numbers:
            filling.wanted[number].priority = priority
        frames = dict.fromkeys(piece.frame for number in numbers for piece in environment.pieces(number))
        if self._scheduler.queue.promote([filling.jobs[f] for f in frames if f in filling.jobs], priority):
            self._scheduler.notify_queued()  # which wakes every connection's thread

    def queue_frames(self, environment: Environment, *stages: Iterable[int]) -> None:
        """Have the frames fetched that bring files which are wanted, and which the cache does not have: those of the
        first stage first."""
        with self._lock:
            for found in self._scheduler.queue.add(*[self._jobs_for(environment, numbers) for numbers in stages]):
                self._scheduler.queue.add_between(found, self._jobs_between(found))
            self._scheduler.notify_queued()

    def _jobs_for(self, environment: Environment, numbers: Iterable[int]) -> list[FrameJob]:
        """With the lock held: the frames of a stage that are not under way. Those that are may become more urgent."""
        filling = self._filling[environment]
        fresh: dict[int, FrameJob] = {}
        sooner: dict[Priority, list[FrameJob]] = {}
        for number in numbers:
            wanted = filling.wanted[number]
            wanted.from_cache = False
            pieces = environment.pieces(number)
            if len(pieces) > 1:
                filling.assemblies.setdefault(number, None)
            for piece in pieces:
                job = filling.jobs.get(piece.frame)
                if job is None:
                    job = FrameJob(environment, piece.frame, wanted.priority, next(self._scheduler.numbers))
                    filling.jobs[piece.frame] = fresh[piece.frame] = job
                elif piece.frame in fresh:
                    job.priority = min(job.priority, wanted.priority)
                else:
                    sooner.setdefault(wanted.priority, []).append(job)
                job.idle_too = job.idle_too or environment.is_idle(number)
        for priority, jobs in sooner.items():
            self._scheduler.queue.promote(jobs, priority)
        return list(fresh.values())

    def _jobs_between(self, found: Range) -> list[FrameJob]:
        """With the lock held: frames that nobody asked for, whose bytes come all the same: so they come once."""
        environment = found.jobs[0].environment
        jobs = self._filling[environment].jobs
        frames = range(found.jobs[0].frame + 1, found.jobs[-1].frame)
        fresh = [frame for frame in frames if frame not in jobs and _is_welcome(environment, frame)]
        numbers = self._scheduler.numbers
        between = {frame: FrameJob(environment, frame, Priority.REST, next(numbers)) for frame in fresh}
        jobs.update(between)
        return list(between.values())

    def wanted_of(self, jobs: Sequence[FrameJob]) -> list[int]:
        """The files that the frames of ``jobs``, all of one environment, are wanted for."""
        with self._lock:
            return self._wanted_of(jobs)

    def forget(self, jobs: Sequence[FrameJob], numbers: Sequence[int]) -> bool:
        """The frames are not needed: ``numbers``, what they are wanted for, comes from the cache.

        False, and nothing is changed, when they are wanted for more by now, or pieces of a large file came already.
        """
        with self._lock:
            filling = self._filling[jobs[0].environment]
            if self._wanted_of(jobs) != numbers or any(filling.assemblies.get(n) for n in numbers):
                return False
            for job in jobs:
                del filling.jobs[job.frame]
            for number in numbers:
                filling.wanted[number].from_cache = True
                filling.assemblies.pop(number, None)
            return True

    def _wanted_of(self, jobs: Sequence[FrameJob]) -> list[int]:
        environment = jobs[0].environment
        wanted = self._filling[environment].wanted
        touched = dict.fromkeys(number for job in jobs for number in environment.touching(job.frame))
        return [n for n in touched if n in wanted and not wanted[n].placing]

    def claim(self, job: FrameJob) -> tuple[list[tuple[int, Piece | None]], list[tuple[int, Piece]]]:
        """What to do with a frame that is here: files that lie in it, the urgent ones first, and parts of larger files.

        From now on a request for one of these files joins the waiting; one for another file has it fetched anew. Who
        waits for a file that another process has put in its place meanwhile need not wait any more.
        """
        environment = job.environment
        in_place: list[int] = []
        whole: list[tuple[Priority, int, Piece | None]] = []
        parts: list[tuple[int, Piece]] = []
        with self._lock:
            filling = self._filling[environment]
            del filling.jobs[job.frame]
            for number in environment.touching(job.frame):
                if environment.presence[number]:
                    found = filling.wanted.get(number)
                    if found is not None and not (found.placing or found.from_cache):
                        in_place.append(number)
                    continue
                if environment.original(number) != number:
                    continue
                pieces = environment.pieces(number)
                if len(pieces) > 1:
                    parts += [(number, p) for p in pieces if p.frame == job.frame and number in filling.assemblies]
                    continue
                wanted = filling.wanted.get(number)
                if wanted is None:
                    if (pieces and pieces[0].frame != job.frame) or (environment.is_idle(number) and not job.idle_too):
                        continue
                    if not filling.wanted:
                        environment.hold()
                    wanted = filling.wanted[number] = _Wanted(Priority.FILL, [])
                elif wanted.placing or wanted.from_cache or (pieces and pieces[0].frame != job.frame):
                    continue
                wanted.from_cache, wanted.placing = False, True
                whole.append((wanted.priority, number, pieces[0] if pieces else None))
        for number in in_place:
            self.settle(environment, number)
        whole.sort(key=lambda row: row[0])
        return [(number, piece) for _, number, piece in whole], parts

    def assembly(self, environment: Environment, number: int, make: Callable[[], Assembly]) -> Assembly | None:
        """Where the pieces of a file of several frames come together, made for the first of them.

        None when another piece of it failed: who waited was told.
        """
        with self._lock:
            assemblies = self._filling[environment].assemblies
            if number not in assemblies:
                return None
            assembly = assemblies[number]
            if assembly is None:
                assemblies[number] = assembly = make()
            return assembly

    def attempt(self, environment: Environment, numbers: Sequence[int], action: Callable[[], None]) -> None:
        """Do something for files that are wanted; an error is told to who waits for them."""
        try:
            action()
        except Exception as error:
            if not isinstance(error, ShelfError | OSError):
                log.exception("%s", environment.destination(numbers[0]))
            told = _as_shelf_error(error, environment.destination(numbers[0]))
            for number in numbers:
                self.settle(environment, number, told)

    def fail_frames(self, jobs: Sequence[FrameJob], error: Exception) -> None:
        """Damage is asked for once more, each frame by itself; anything else is told to all who wait, and forgotten.

        Who asked long after what fails for an outage was begun is owed a try of their own: since then the outage may
        be over, and it was another's patience that ended.
        """
        environment, told = jobs[0].environment, _as_shelf_error(error)
        failed, early = list(jobs), list[Request]()
        with self._lock:
            filling = self._filling[environment]
            if isinstance(told, ObjectInvalid):
                again = [job for job in failed if not job.alone]
                failed = [job for job in failed if job.alone]
                for job in again:
                    job.alone = True
                self._scheduler.queue.add(again)
                self._scheduler.notify_queued()
            elif isinstance(told, StoreError):
                early, failed = self._try_for_late(filling, failed)
                if jobs[0].priority >= Priority.LATER:
                    failed += self._scheduler.queue.drop_background(environment)
            files = []
            for job in failed:
                del filling.jobs[job.frame]
                files += _waited_for(filling, job)
        if failed:
            log.info("%s: %s", environment.pack_key(failed[0].frame), told)
            environment.followed.clear()
            environment.expanded.clear()
            environment.foreseen.clear()
        for number in dict.fromkeys(files):
            self.settle(environment, number, told)
        for request in early:
            request.settle(0, told)

    def _try_for_late(self, filling: _Filling, jobs: Sequence[FrameJob]) -> tuple[list[Request], list[FrameJob]]:
        """With the lock held: queue again the frames of ``jobs`` that somebody waits for who came late.

        Returns who else waits for files in those, once for each file, and the other frames.
        """
        early: list[Request] = []
        again: list[FrameJob] = []
        for job in jobs:
            since = job.begun + LATE
            waited = [filling.wanted[number] for number in _waited_for(filling, job)]
            if any(request.since > since for wanted in waited for request in wanted.requests):
                again.append(job)
                for wanted in waited:
                    early += [request for request in wanted.requests if request.since <= since]
                    wanted.requests = [request for request in wanted.requests if request.since > since]
                    job.priority = min(job.priority, wanted.priority)
        self._scheduler.queue.add(again)
        self._scheduler.notify_queued()
        return early, [job for job in jobs if job not in again]

    def fail_all(self, error: ShelfError) -> None:
        """Tell everybody who waits for anything."""
        with self._lock:
            unfinished = [(environment, list(filling.wanted)) for environment, filling in self._filling.items()]
        for environment, numbers in unfinished:
            for number in numbers:
                self.settle(environment, number, error)

    def settle(self, environment: Environment, number: int, error: ShelfError | None = None) -> None:
        """A file is in place, or cannot be brought: tell everybody. The next request tries again."""
        with self._lock:
            filling = self._filling[environment]
            wanted = filling.wanted.pop(number, None)
            assembly = filling.assemblies.pop(number, None)
            if wanted is not None and not filling.wanted:
                environment.release()
        if assembly is not None:
            assembly.close()
        for request in wanted.requests if wanted else ():
            request.settle(environment.sizes[number] if error is None else 0, error)


def _is_welcome(environment: Environment, frame: int) -> bool:
    """Whether a frame brings anything that is not in place: a whole file, and none of tests and the like."""
    return any(
        not (environment.presence[number] or environment.is_idle(number)) and len(environment.pieces(number)) == 1
        for number in environment.touching(frame)
    )


def _waited_for(filling: _Filling, job: FrameJob) -> list[int]:
    """The files in a frame that nothing else brings."""
    touching, wanted = job.environment.touching(job.frame), filling.wanted
    return [n for n in touching if n in wanted and not wanted[n].from_cache and not wanted[n].placing]


def _as_shelf_error(error: Exception, path: str = "") -> ShelfError:
    if isinstance(error, ShelfError):
        return error
    if isinstance(error, OSError):
        return unusable(path, error)
    return ShelfError(f"{type(error).__name__}: {error}")
