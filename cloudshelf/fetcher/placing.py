"""From the bytes of a frame, or from the blob cache, to files in their places: checked, written, renamed, told.

A small file is written into the environment first; its copy for the cache is made when nobody waits (copying.py). A
large one goes through the cache, which the environment then shares it with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from ..codecs.pack import decompress_frame
from ..errors import CacheUnusable, ObjectInvalid
from .blob_writer import Assembly
from .blobs import BlobCache, is_small
from .copying import copy_file
from .disk import temporary_name, write_file
from .environments import Environment, Piece
from .frames import FrameJob, Range
from .in_flight import InFlight
from .scheduler import Scheduler
from .statistics import Statistics


class Placer:
    """Puts files that are in flight into their places. Any thread."""

    def __init__(self, blobs: BlobCache, scheduler: Scheduler, in_flight: InFlight, statistics: Statistics) -> None:
        self._blobs = blobs
        self._scheduler = scheduler
        self._in_flight = in_flight
        self._statistics = statistics

    def place_frame(self, job: FrameJob, data: memoryview) -> None:
        """One frame, as it was fetched, becomes files in their places. Errors are told to who waits for each."""
        environment = job.environment
        try:
            frame = environment.frame(job.frame)
            content = memoryview(decompress_frame(data, frame, environment.pack_project(job.frame)))
        except ObjectInvalid as error:
            self._in_flight.fail_frames([job], error)
            return
        whole, parts = self._in_flight.claim(job)
        for number, piece in parts:
            part = content[piece.start : piece.start + piece.length]
            self._in_flight.attempt(environment, [number], partial(self._add_part, environment, number, piece, part))
        for number, place in whole:
            part = content[place.start : place.start + place.length] if place else content[:0]
            action = partial(self._place_content, environment, number, part, job.frame)
            self._in_flight.attempt(environment, [number], action)

    def has(self, environment: Environment, number: int) -> bool:
        """Whether ``place_cached`` can bring a file. Raises CacheUnusable for an entry of another user."""
        digest, mode, size = environment.digest(number), environment.modes[number], environment.sizes[number]
        return not size or self._scheduler.uncopied(digest, mode) is not None or self._blobs.has(digest, mode, size)

    def place_known(self, batch: Range) -> bool:
        """Whether a range need not be fetched: all that it is wanted for has come for another environment meanwhile.

        Then it is placed from the cache.
        """
        environment = batch.jobs[0].environment
        numbers = self._in_flight.wanted_of(batch.jobs)
        if not all(self.has(environment, number) for number in numbers):
            return False
        if not self._in_flight.forget(batch.jobs, numbers):
            return False
        self.place_cached(environment, numbers)
        return True

    def place_cached(self, environment: Environment, numbers: Sequence[int]) -> None:
        """Files that the cache has; from the first that it lacks on, the frames are fetched."""
        for position, number in enumerate(numbers):
            missing: list[int] = []
            action = partial(self._place_one_cached, environment, number, missing)
            self._in_flight.attempt(environment, [number], action)
            if missing:
                self._in_flight.queue_frames(environment, numbers[position:])
                return

    def _place_one_cached(self, environment: Environment, number: int, missing: list[int]) -> None:
        if environment.sizes[number] == 0:
            path, mode, mtime = environment.destination(number), environment.modes[number], environment.mtimes[number]
            write_file(f"{environment.staging}/{temporary_name()}", path, b"", mode, mtime)
        elif not self._place_from_cache(environment, number):
            source = self._scheduler.uncopied(environment.digest(number), environment.modes[number])
            if source is not None:
                copy_file(self._blobs, *source)
            if source is None or not self._place_from_cache(environment, number):
                missing.append(number)
                return
        self._placed(environment, number)

    def _place_content(self, environment: Environment, number: int, content: memoryview, frame: int) -> None:
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        path = environment.destination(number)
        if is_small(path, len(content)):
            if hashlib.sha256(content).hexdigest() != digest:
                raise _other_content(environment, number, frame)
            write_file(f"{environment.staging}/{temporary_name()}", path, content, mode, mtime)
            self._placed(environment, number)
            if content:
                self._scheduler.add_copy(environment, number)
            return
        try:
            self._blobs.put(content, digest, mode, mtime)
        except ObjectInvalid:
            raise _other_content(environment, number, frame) from None
        self._place_blob(environment, number)

    def _add_part(self, environment: Environment, number: int, piece: Piece, part: memoryview) -> None:
        """One piece of a large file; the last one completes it."""
        assembly = self._in_flight.assembly(environment, number, partial(self._begin_assembly, environment, number))
        if assembly is None:
            return
        try:
            if not assembly.add(piece.offset, part):
                return
        except ObjectInvalid:
            raise _other_content(environment, number, piece.frame) from None
        self._place_blob(environment, number)

    def _begin_assembly(self, environment: Environment, number: int) -> Assembly:
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        return Assembly(self._blobs.writer(digest, mode, mtime), environment.sizes[number])

    def _place_blob(self, environment: Environment, number: int) -> None:
        """Raises CacheUnusable when somebody removed the blob again at this very moment."""
        if not self._place_from_cache(environment, number):
            raise CacheUnusable(str(self._blobs.root), "entries vanish while they are used")
        self._placed(environment, number)

    def _place_from_cache(self, environment: Environment, number: int) -> bool:
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        size, path = environment.sizes[number], environment.destination(number)
        return self._blobs.place(digest, mode, size, path, environment.staging, mtime)

    def _placed(self, environment: Environment, number: int) -> None:
        """Importers see it from here on; then those who wait go on."""
        environment.mark(number)
        self._statistics.placed(str(environment.path), environment.project_of(number), environment.sizes[number])
        self._in_flight.settle(environment, number)


def _other_content(environment: Environment, number: int, frame: int) -> ObjectInvalid:
    return ObjectInvalid(environment.pack_key(frame), f"{environment.paths[number]} has other content")
