"""From wanted file numbers to verified files in their places. No socket here: a command can fill in its own process.

One request travels so: the numbers that are neither in place nor on their way are asked from the blob cache; the
frames of those that are not there are queued by urgency, joined into ranges, fetched by a few connections, and finished
(digest of the frame, decompression, digest of each file, write, rename, presence) by as many threads as there are
cores. What a frame brings besides is put in place too, because its bytes are here. Small files are written into the
environment first; their copy for the cache is made when nobody waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import itertools
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..codecs.pack import decompress_frame
from ..errors import CacheUnusable, FetcherFailed, ObjectInvalid, ShelfError, StoreError, UsageError
from .blobs import Assembly, BlobCache, is_small
from .disk import temporary_name, translated, write_file
from .environments import Environment, Piece
from .frames import LARGEST_RANGE, FrameJob, FrameQueue, Priority, Range
from .plan import plan_begin, plan_fill
from .statistics import Statistics

CONNECTIONS = 8
BACKGROUND_CONNECTIONS = 2
BACKGROUND_NICENESS = 5  # of the threads that work in the background; Linux has it per thread
COPY_NICENESS = 10
COPY_PAUSE = 0.5  # seconds without demand before small files are copied: the import has the cores for itself

log = logging.getLogger(__name__)


class Request:
    """Somebody wants some files. Done when each is in place, or could not be brought."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._open = 1  # itself, until it is complete
        self._error: ShelfError | None = None
        self.total = 0  # bytes
        self.placed = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is done, at the latest after ``timeout`` seconds."""
        return self._done.wait(timeout)

    def result(self) -> None:
        """Returns when everything is in place; raises the first error."""
        self._done.wait()
        if self._error is not None:
            raise self._error

    def expect(self, size: int) -> None:
        with self._lock:
            self._open += 1
            self.total += size

    def settle(self, size: int, error: ShelfError | None) -> None:
        with self._lock:
            self._open -= 1
            self.placed += size
            self._error = self._error or error
            if self._open == 0:
                self._done.set()


class _Wanted:
    """A file that is on its way."""

    __slots__ = ("from_cache", "placing", "priority", "requests")

    def __init__(self, priority: Priority, requests: list[Request]) -> None:
        self.priority = priority
        self.requests = requests
        self.from_cache = True  # until its frames are queued
        self.placing = False


class _Filling:
    """What is under way in one environment; guarded by the lock of the transfer."""

    def __init__(self) -> None:
        self.wanted: dict[int, _Wanted] = {}
        self.jobs: dict[int, FrameJob] = {}  # queued or in flight
        self.assemblies: dict[int, Assembly | None] = {}  # files of several frames; None before the first piece


class _Load:
    """The bytes of one range in memory, until its last frame is finished."""

    def __init__(self, size: int, frames: int) -> None:
        self.size = size
        self.frames = frames


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
    ) -> None:
        """``background``: whether the rest of a project follows its first import. ``connections`` bound the memory."""
        self.statistics = statistics or Statistics()
        self._blobs = blobs
        self._background = background
        self._connections = connections
        self._most_held = connections * largest
        self._lock = threading.Lock()
        self._demand = threading.Condition(self._lock)
        self._finishing = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._queue = FrameQueue(largest=largest)
        self._tasks: list[tuple[int, int, Callable[[], None]]] = []
        self._filling: weakref.WeakKeyDictionary[Environment, _Filling] = weakref.WeakKeyDictionary()
        self._copies: deque[tuple[Environment, int]] = deque()  # small files the cache does not have yet
        self._copying = False
        self._flushing = 0  # how many wait for the copies
        self._last_demand = 0.0
        self._held = 0  # bytes fetched or being fetched, not finished
        self._busy = 0  # demand ranges in flight and tasks being done
        self._sequence = itertools.count()
        self._threads: list[threading.Thread] = []
        self._closed = False

    # what others call

    def ensure(self, environment: Environment, numbers: Iterable[int], priority: Priority = Priority.NEED) -> Request:
        """Have files brought; returns at once. Raises UsageError for a number that the environment does not have."""
        request = Request()
        self.statistics.opened(str(environment.path), environment.packed)
        wanted = list(dict.fromkeys(map(environment.original, numbers)))
        for number in wanted:
            if not 0 <= number < len(environment):
                raise UsageError(f"{environment.path} has no file number {number}")
            if environment.is_shadowed(number):
                environment.mark(number)  # its place is another's, and it is in no frame: nothing to bring
            elif environment.first_frame[number] < 0 and not environment.presence[number]:
                raise CacheUnusable(environment.destination(number), "it was removed, and comes only with a new build")
        self._start()
        try:
            self._plan(environment, wanted, priority, request)
        finally:
            request.settle(0, None)
        return request

    def begin(self, environment: Environment, project: int) -> None:
        """The first import of a project begins: have its profile brought, and the rest after it. Returns at once."""
        if not 0 <= project < len(environment.projects):
            raise UsageError(f"{environment.path} has no such project number")
        plan = plan_begin(environment, project, background=self._background)
        for priority, numbers in plan:
            if priority is Priority.SOON:
                self.ensure(environment, numbers, priority)
        later = [(priority, numbers) for priority, numbers in plan if priority is not Priority.SOON and numbers]
        with self._lock:
            self._submit(Priority.REST, next(self._sequence), partial(self._ensure_later, environment, later))

    def fill(
        self,
        environment: Environment,
        *,
        everything: bool = True,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, int]:
        """Bring all files (or all that are not idle); then the environment needs nothing of ours.

        Returns what was to do: {"files", "bytes"}. ``progress`` gets the events of the fetcher's protocol; an exception
        that it raises ends the waiting, not the transfer.
        """
        numbers = plan_fill(environment, everything=everything)
        absent = [n for n in map(environment.original, numbers) if not environment.presence[n]]
        request = self.ensure(environment, absent, Priority.REST)
        while not request.wait(0.1):
            _report(progress, environment, request)
        request.result()
        _report(progress, environment, request)
        if environment.presence.find(b"\0", 0, len(environment)) < 0:
            _write_marker(environment)
        return {"files": len(set(absent)), "bytes": request.total}

    def is_busy(self) -> bool:
        """Whether anything is under way, in the background too."""
        with self._lock:
            return bool(self._busy or self._tasks or len(self._queue) or self._held or self._copies or self._copying)

    def settle_copies(self, timeout: float | None = None) -> bool:
        """Wait until what was asked for is done and the cache has its copies; False when that takes longer."""
        with self._lock:
            self._flushing += 1
            self._idle.notify_all()
            try:
                return self._idle.wait_for(
                    lambda: self._closed or (not (self._copies or self._copying) and self._is_quiet()), timeout
                )
            finally:
                self._flushing -= 1

    def close(self, *, flush: bool = True) -> None:
        """End the threads; with ``flush`` after the copies for the cache are made. What is queued fails."""
        if flush and self._threads:
            self.settle_copies()
        with self._lock:
            self._closed = True
            self._copies.clear()
            for condition in (self._demand, self._finishing, self._idle):
                condition.notify_all()
            unfinished = [(e, list(filling.wanted)) for e, filling in self._filling.items()]
        for environment, numbers in unfinished:
            for number in numbers:
                self._settle(environment, number, FetcherFailed("it is shutting down", ""))
        for thread in self._threads:
            if flush:
                thread.join()

    # planning

    def _plan(self, environment: Environment, numbers: Sequence[int], priority: Priority, request: Request) -> None:
        """Split what is not under way into what the cache may have, and frames to fetch."""
        groups: dict[int, list[int]] = {}
        with self._lock:
            self._last_demand = time.monotonic()
            filling = self._filling.setdefault(environment, _Filling())
            self._want(environment, filling, numbers, priority, request, groups)
        to_fetch: list[int] = []
        for frame, group in groups.items():
            self._try(environment, group, partial(self._choose, environment, frame, group, priority, to_fetch))
        if to_fetch:
            with self._lock:
                self._queue_frames(environment, to_fetch)

    def _want(
        self,
        environment: Environment,
        filling: _Filling,
        numbers: Sequence[int],
        priority: Priority,
        request: Request,
        groups: dict[int, list[int]],
    ) -> None:
        presence, sizes, frames = environment.presence, environment.sizes, environment.first_frame
        for number in numbers:
            if presence[number]:
                continue
            wanted = filling.wanted.get(number)
            if wanted is None:
                if not filling.wanted:
                    environment.hold()
                filling.wanted[number] = _Wanted(priority, [request])
                groups.setdefault(frames[number] if sizes[number] else -1, []).append(number)
            else:
                wanted.requests.append(request)
                self._hurry(environment, filling, number, wanted, priority)
            request.expect(sizes[number])

    def _hurry(
        self, environment: Environment, filling: _Filling, number: int, wanted: _Wanted, priority: Priority
    ) -> None:
        if priority < wanted.priority:
            wanted.priority = priority
            for piece in environment.pieces(number):
                job = filling.jobs.get(piece.frame)
                if job is not None:
                    self._queue.promote(job, priority)
            self._demand.notify()

    def _choose(
        self, environment: Environment, frame: int, group: list[int], priority: Priority, to_fetch: list[int]
    ) -> None:
        """A group (files that begin in one frame; -1: empty files) goes to the cache if its first is there.

        One that the cache lacks makes fetching the frame necessary, and the frame brings the others. So a cold start
        costs one look for each frame, not for each file.
        """
        first = group[0]
        if frame >= 0 and not self._blobs.has(
            environment.digest(first), environment.modes[first], environment.sizes[first]
        ):
            to_fetch.extend(group)
            return
        with self._lock:
            self._submit(priority, next(self._sequence), partial(self._place_cached, environment, group))

    def _queue_frames(self, environment: Environment, numbers: Iterable[int]) -> None:
        """With the lock held."""
        filling = self._filling[environment]
        for number in numbers:
            wanted = filling.wanted[number]
            wanted.from_cache = False
            pieces = environment.pieces(number)
            if len(pieces) > 1:
                filling.assemblies.setdefault(number, None)
            for piece in pieces:
                job = filling.jobs.get(piece.frame)
                if job is None:
                    job = FrameJob(environment, piece.frame, wanted.priority, next(self._sequence))
                    filling.jobs[piece.frame] = job
                    self._queue.add(job)
                else:
                    self._queue.promote(job, wanted.priority)
                job.idle_too = job.idle_too or environment.is_idle(number)
        self._demand.notify_all()
        self._idle.notify_all()

    def _ensure_later(self, environment: Environment, plan: Sequence[tuple[Priority, list[int]]]) -> None:
        for priority, numbers in plan:
            self.ensure(environment, numbers, priority)

    # fetching

    def _fetch_demand(self) -> None:
        while (batch := self._next_demand()) is not None:
            load = _Load(batch.length, len(batch.jobs))
            data = self._fetch(batch)
            with self._lock:
                self._busy -= 1
                if data is None:
                    self._unload(load, frames=load.frames)
                    continue
                for job in batch.jobs:
                    view = data[job.start - batch.start : job.stop - batch.start]
                    self._submit(job.priority, job.sequence, partial(self._finish_loaded, job, view, load))

    def _next_demand(self) -> Range | None:
        with self._lock:
            while not self._closed:
                if not self._held or self._held < self._most_held:
                    batch = self._queue.take(background=False)
                    if batch is not None:
                        self._busy += 1
                        self._held += batch.length
                        return batch
                self._demand.wait()
        return None

    def _fetch_background(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)
        while True:
            with self._lock:
                self._idle.wait_for(lambda: self._closed or (self._is_quiet() and self._queue.has_background()))
                batch = None if self._closed else self._queue.take(background=True)
                if batch is None:
                    return
                self._held += batch.length
            load = _Load(batch.length, len(batch.jobs))
            data = self._fetch(batch)
            if data is not None:
                for job in batch.jobs:
                    self._finish(job, data[job.start - batch.start : job.stop - batch.start])
            with self._lock:
                self._unload(load, frames=load.frames)

    def _fetch(self, batch: Range) -> memoryview | None:
        """The bytes of a range; None when they cannot be had, which the waiting requests were told."""
        environment, frame = batch.jobs[0].environment, batch.jobs[0].frame
        path, project, key = str(environment.path), environment.pack_project(frame), environment.pack_key(frame)
        received = 0
        self.statistics.request_begins(path, project)
        try:
            data = environment.store.get_range(key, start=batch.start, length=batch.length)
            received = len(data)
            if received != batch.length:
                raise ObjectInvalid(key, f"{received} bytes came where {batch.length} were asked for")
            return memoryview(data)
        except Exception as error:
            self._frames_failed(batch.jobs, _as_shelf_error(error))
            return None
        finally:
            self.statistics.request_ends(path, project, received)

    def _frames_failed(self, jobs: list[FrameJob], error: ShelfError) -> None:
        """Damage is asked for once more, each frame by itself; anything else is told to all who wait, and forgotten."""
        environment = jobs[0].environment
        failed = list(jobs)
        with self._lock:
            filling = self._filling[environment]
            if isinstance(error, ObjectInvalid):
                for job in [job for job in failed if not job.alone]:
                    failed.remove(job)
                    job.alone = True
                    self._queue.add(job)
                self._demand.notify_all()
                self._idle.notify_all()
            elif isinstance(error, StoreError) and jobs[0].priority is Priority.FILL:
                failed += self._queue.drop_background(environment)
            files = []
            for job in failed:
                del filling.jobs[job.frame]
                files += [
                    n
                    for n in environment.touching(job.frame)
                    if n in filling.wanted and not filling.wanted[n].from_cache and not filling.wanted[n].placing
                ]
        if failed:
            log.info("%s: %s", environment.pack_key(failed[0].frame), error)
            environment.followed.clear()
        for number in dict.fromkeys(files):
            self._settle(environment, number, error)

    # finishing

    def _submit(self, priority: int, sequence: int, task: Callable[[], None]) -> None:
        """With the lock held: have one of the finishing threads do something."""
        heapq.heappush(self._tasks, (priority, sequence, task))
        self._finishing.notify()

    def _finish_tasks(self) -> None:
        while True:
            with self._lock:
                while not self._tasks and not self._closed:
                    self._finishing.wait()
                if self._closed:
                    return
                _, _, task = heapq.heappop(self._tasks)
                self._busy += 1
            try:
                task()
            except Exception:
                log.exception("a task failed")
            with self._lock:
                self._busy -= 1
                if self._is_quiet():
                    self._idle.notify_all()

    def _finish_loaded(self, job: FrameJob, data: memoryview, load: _Load) -> None:
        try:
            self._finish(job, data)
        finally:
            with self._lock:
                self._unload(load)

    def _unload(self, load: _Load, *, frames: int = 1) -> None:
        """With the lock held."""
        load.frames -= frames
        if load.frames == 0:
            self._held -= load.size
            self._demand.notify_all()
            self._idle.notify_all()

    def _finish(self, job: FrameJob, data: memoryview) -> None:
        """One frame becomes files in their places."""
        environment = job.environment
        try:
            frame = environment.frame(job.frame)
            content = memoryview(decompress_frame(data, frame, environment.pack_project(job.frame)))
        except ObjectInvalid as error:
            self._frames_failed([job], error)
            return
        whole, parts = self._claim(job)
        for number, piece in parts:
            part = content[piece.start : piece.start + piece.length]
            self._try(environment, [number], partial(self._add_part, environment, number, piece, part))
        for number, place in whole:
            part = content[place.start : place.start + place.length] if place else content[:0]
            self._try(environment, [number], partial(self._place_content, environment, number, part, job.frame))

    def _claim(self, job: FrameJob) -> tuple[list[tuple[int, Piece | None]], list[tuple[int, Piece]]]:
        """What to do with a frame that is here: files that lie in it, the urgent ones first, and parts of larger files.

        From now on a request for one of these files joins the waiting; one for another file has it fetched anew.
        """
        environment = job.environment
        whole: list[tuple[Priority, int, Piece | None]] = []
        parts: list[tuple[int, Piece]] = []
        with self._lock:
            filling = self._filling[environment]
            del filling.jobs[job.frame]
            for number in environment.touching(job.frame):
                if environment.presence[number] or environment.original(number) != number:
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
        whole.sort(key=lambda row: row[0])
        return [(number, piece) for _, number, piece in whole], parts

    def _place_content(self, environment: Environment, number: int, content: memoryview, frame: int) -> None:
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        path = environment.destination(number)
        if is_small(path, len(content)):
            if hashlib.sha256(content).hexdigest() != digest:
                raise ObjectInvalid(environment.pack_key(frame), f"{environment.paths[number]} has other content")
            write_file(f"{environment.staging}/{temporary_name()}", path, content, mode, mtime)
            self._settle(environment, number)
            if content:
                with self._lock:
                    self._copies.append((environment, number))
            return
        try:
            self._blobs.put(content, digest, mode, mtime)
        except ObjectInvalid:
            raise ObjectInvalid(environment.pack_key(frame), f"{environment.paths[number]} has other content") from None
        self._place_blob(environment, number)
        self._settle(environment, number)

    def _add_part(self, environment: Environment, number: int, piece: Piece, part: memoryview) -> None:
        """One piece of a large file; the last one completes it."""
        assembly = self._assembly(environment, number)
        if assembly is None:
            return  # another piece of it failed, and who waited was told
        try:
            if not assembly.add(piece.offset, part):
                return
        except ObjectInvalid:
            key = environment.pack_key(piece.frame)
            raise ObjectInvalid(key, f"{environment.paths[number]} has other content") from None
        self._place_blob(environment, number)
        self._settle(environment, number)

    def _assembly(self, environment: Environment, number: int) -> Assembly | None:
        with self._lock:
            assemblies = self._filling[environment].assemblies
            if number not in assemblies:
                return None
            assembly = assemblies[number]
            if assembly is None:
                digest, mode = environment.digest(number), environment.modes[number]
                writer = self._blobs.writer(digest, mode, environment.mtimes[number])
                assemblies[number] = assembly = Assembly(writer, environment.sizes[number])
            return assembly

    def _place_blob(self, environment: Environment, number: int) -> None:
        """Raises CacheUnusable when somebody removed the blob again at this very moment."""
        if not self._place_from_cache(environment, number):
            raise CacheUnusable(str(self._blobs.root), "entries vanish while they are used")

    def _place_from_cache(self, environment: Environment, number: int) -> bool:
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        size, path = environment.sizes[number], environment.destination(number)
        return self._blobs.place(digest, mode, size, path, environment.staging, mtime)

    def _place_cached(self, environment: Environment, numbers: list[int]) -> None:
        """Files that the cache has; from the first that it lacks on, the frames are fetched."""
        for position, number in enumerate(numbers):
            missing: list[int] = []
            self._try(environment, [number], partial(self._place_one_cached, environment, number, missing))
            if missing:
                with self._lock:
                    self._queue_frames(environment, numbers[position:])
                return

    def _place_one_cached(self, environment: Environment, number: int, missing: list[int]) -> None:
        if environment.sizes[number] == 0:
            path, mode, mtime = environment.destination(number), environment.modes[number], environment.mtimes[number]
            write_file(f"{environment.staging}/{temporary_name()}", path, b"", mode, mtime)
        elif not self._place_from_cache(environment, number):
            missing.append(number)
            return
        self._settle(environment, number)

    def _try(self, environment: Environment, numbers: list[int], action: Callable[[], None]) -> None:
        """Do something for files that are wanted; an error is told to who waits for them."""
        try:
            action()
        except Exception as error:
            if not isinstance(error, ShelfError | OSError):
                log.exception("%s", environment.destination(numbers[0]))
            told = _as_shelf_error(error, environment.destination(numbers[0]))
            for number in numbers:
                self._settle(environment, number, told)

    def _settle(self, environment: Environment, number: int, error: ShelfError | None = None) -> None:
        """A file is in place, or cannot be brought: tell everybody. The next request tries again."""
        size = environment.sizes[number]
        if error is None:
            environment.mark(number)
            self.statistics.placed(str(environment.path), environment.project_of(number), size)
        with self._lock:
            filling = self._filling[environment]
            wanted = filling.wanted.pop(number, None)
            assembly = filling.assemblies.pop(number, None)
            if wanted is not None and not filling.wanted:
                environment.release()
        if assembly is not None:
            assembly.close()
        for request in wanted.requests if wanted else ():
            request.settle(size if error is None else 0, error)

    # the cache's copies of small files

    def _copy_when_quiet(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), COPY_NICENESS)
        while (copy := self._next_copy()) is not None:
            environment, number = copy
            try:
                content = Path(environment.destination(number)).read_bytes()
                digest, mode = environment.digest(number), environment.modes[number]
                self._blobs.put(content, digest, mode, environment.mtimes[number])
            except ObjectInvalid:
                pass  # it was edited meanwhile
            except (ShelfError, OSError) as error:
                log.info("no copy of %s for the cache: %s", environment.paths[number], error)
            with self._lock:
                self._copying = False
                if not self._copies:
                    self._idle.notify_all()

    def _next_copy(self) -> tuple[Environment, int] | None:
        with self._lock:
            while not self._closed:
                pause = 0.0 if self._flushing else self._last_demand + COPY_PAUSE - time.monotonic()
                if not self._copies or not self._is_quiet():
                    self._idle.wait()
                elif pause > 0:
                    self._idle.wait(pause)
                else:
                    self._copying = True
                    return self._copies.popleft()
        return None

    # threads

    def _is_quiet(self) -> bool:
        """With the lock held: whether nobody waits for anything."""
        return not self._busy and not self._tasks and not self._queue.has_demand()

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                raise FetcherFailed("it is shutting down", "")
            if self._threads:
                return
            work = [self._fetch_demand] * self._connections
            work += [self._finish_tasks] * max(2, os.cpu_count() or 1)
            work += [self._fetch_background] * min(BACKGROUND_CONNECTIONS, self._connections)
            work += [self._copy_when_quiet]
            self._threads = [threading.Thread(target=target, daemon=True) for target in work]
        for thread in self._threads:
            thread.start()


def _as_shelf_error(error: Exception, path: str = "") -> ShelfError:
    if isinstance(error, ShelfError):
        return error
    if isinstance(error, OSError):
        return translated(error, path)
    return ShelfError(f"{type(error).__name__}: {error}")


def _report(progress: Callable[[dict[str, Any]], None] | None, environment: Environment, request: Request) -> None:
    if progress is not None:
        what = environment.path.name
        progress({"stage": "fill", "done": request.placed, "total": request.total, "unit": "B", "what": what})


def _write_marker(environment: Environment) -> None:
    """Say that nothing is missing: importers need neither finder nor fetcher from now on."""
    marker = str(environment.path / ".cloudshelf" / "complete")
    try:
        write_file(f"{environment.staging}/{temporary_name()}", marker, b"", 0o600, int(time.time()))
    except OSError as error:
        raise translated(error, marker) from error
