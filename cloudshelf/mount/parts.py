"""A large file that is read before it is here: only the frames that a read touches are fetched, and some ahead.

Each frame is verified by its digest before anybody sees a byte of it. What has come is kept in a file of the cache
that has no name yet, in its place, and hashed along the way; when all is there and has the digest of the manifest, it
gets its name and is a blob like any other.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence

from ..codecs.pack import decompress_frame
from ..errors import CacheUnusable, ObjectInvalid, ShelfError
from ..fetcher.blob_writer import Assembly
from ..fetcher.disk import disk_errors
from ..fetcher.environments import Environment
from ..fetcher.frames import LARGEST_RANGE, Priority
from ..fetcher.transfer import Transfer
from ..fetcher.vanished import explain
from .lines import Lines

LATE = 0.2  # seconds after which who joins a fetch that fails is owed a try of its own


class _Coming:
    """A frame that is on its way."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.done = threading.Event()
        self.error: ShelfError | None = None


class PartFile:
    """One file of several frames, for all who read it. Any thread."""

    def __init__(self, environment: Environment, number: int, transfer: Transfer, lines: Lines) -> None:
        """Raises DiskFull, CacheUnusable."""
        self.size = environment.sizes[number]
        self._environment = environment
        self._number = number
        self._transfer = transfer
        self._lines = lines
        self._pieces = environment.pieces(number)
        self._starts = [piece.offset for piece in self._pieces]
        self._lock = threading.Lock()
        self._here = bytearray(len(self._pieces))
        self._coming: dict[int, _Coming] = {}
        self._is_whole = False
        self._damage: ObjectInvalid | None = None
        transfer.statistics.opened(str(environment.path), environment.packed)
        digest, mode, mtime = environment.digest(number), environment.modes[number], environment.mtimes[number]
        writer = transfer.blobs.writer(digest, mode, mtime)
        self._assembly = Assembly(writer, self.size)
        try:
            self._descriptor = writer.duplicate()
        except CacheUnusable:  # too many open files
            writer.close()
            raise

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        for piece in self.pieces(offset, offset + size):
            self._have(piece)
        with disk_errors(self._environment.destination(self._number)):
            return os.pread(self._descriptor, size, offset)

    def pieces(self, start: int, stop: int) -> range:
        """Those that hold the bytes from ``start`` to ``stop``, which are in the file."""
        return range(bisect.bisect_right(self._starts, start) - 1, bisect.bisect_left(self._starts, stop))

    def is_whole(self) -> bool:
        return self._is_whole

    def is_damaged(self) -> bool:
        """Whether all its frames were in order, and together they are another file."""
        return self._damage is not None

    def close(self) -> None:
        """Forget it, when nobody reads any more."""
        self._assembly.close()
        os.close(self._descriptor)

    def read_ahead(self, piece: int, count: int) -> None:
        """Have ``count`` pieces from ``piece`` on brought, of those that are not here; returns at once."""
        if self._is_whole or not self._lines.is_idle():
            return
        wanted = range(piece, min(piece + count, len(self._pieces)))
        with self._lock:
            run = self._run([each for each in wanted if not self._here[each] and each not in self._coming])
            self._coming.update((each, _Coming()) for each in run)
        if run:
            threading.Thread(target=self._bring_ahead, args=(run,), daemon=True).start()

    # one piece

    def _have(self, piece: int) -> None:
        """Returns when a piece is here. Raises ShelfError."""
        asked = time.monotonic()
        while True:
            with self._lock:
                if self._damage is not None:
                    raise self._damage
                if self._here[piece] or self._is_whole:
                    return
                coming = self._coming.get(piece)
                if coming is None:
                    self._coming[piece] = _Coming()
            if coming is None:
                if self._adopt():
                    self._settle([piece], None)
                    return
                self._bring([piece])
                return
            coming.done.wait()
            if coming.error is not None and asked <= coming.begun + LATE:
                raise coming.error

    def _adopt(self) -> bool:
        """Whether the whole file has come another way; then it is read from there."""
        if not self._environment.presence[self._number]:
            return False
        path = self._environment.destination(self._number)
        with contextlib.suppress(OSError):
            found = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.dup2(found, self._descriptor, inheritable=False)
            finally:
                os.close(found)
            self._is_whole = True
        return self._is_whole

    def _settle(self, pieces: Sequence[int], error: ShelfError | None) -> None:
        with self._lock:
            for piece in pieces:
                coming = self._coming.pop(piece, None)
                if coming is not None:
                    self._here[piece] = error is None
                    coming.error = error
                    coming.done.set()

    # from the shelf

    def _run(self, pieces: Sequence[int]) -> list[int]:
        """The first of ``pieces`` that lie side by side in a pack: one request."""
        run: list[int] = []
        length = 0
        for piece in pieces:
            frame = self._environment.frame(self._pieces[piece].frame)
            before = self._environment.frame(self._pieces[run[-1]].frame) if run else None
            if before is not None and (frame.pack, frame.offset) != (before.pack, before.offset + before.length):
                break
            length += frame.length
            if run and length > LARGEST_RANGE:
                break
            run.append(piece)
        return run

    def _bring_ahead(self, run: Sequence[int]) -> None:
        with contextlib.suppress(ShelfError):  # who comes to these parts tries again, and is told
            self._bring(run)

    def _bring(self, run: Sequence[int]) -> None:
        """Have the pieces of ``run`` fetched, which are marked as coming, and tell who waits. Raises ShelfError."""
        try:
            self._fetch(run)
        except BaseException as error:
            told = self._as_told(error)
            self._settle(run, told)
            raise told from error

    def _fetch(self, run: Sequence[int]) -> None:
        frames = [self._environment.frame(self._pieces[piece].frame) for piece in run]
        sizes = [frame.length + frame.size for frame in frames]
        with self._lines.take(self._environment.store.url, max(sizes)):
            left = list(run)
            with contextlib.suppress(ObjectInvalid):  # a transfer that was at fault, perhaps: each once more, alone
                for piece, content in self._arrivals(run):
                    self._add(piece, content)
                    left.remove(piece)
            if self._damage is not None:
                raise self._damage
            for piece in left:
                for _, content in self._arrivals([piece]):
                    self._add(piece, content)

    def _add(self, piece: int, content: memoryview) -> None:
        """A frame is here, verified."""
        start, length, offset = self._pieces[piece].start, self._pieces[piece].length, self._pieces[piece].offset
        try:
            is_last = self._assembly.add(offset, content[start : start + length])
        except ObjectInvalid:
            frame = self._pieces[piece].frame
            what = f"{self._environment.paths[self._number]} has other content"
            self._damage = ObjectInvalid(self._environment.pack_key(frame), what)
            self._assembly.close()
            raise self._damage from None
        self._settle([piece], None)
        if is_last:
            self._is_whole = True
            with contextlib.suppress(ShelfError):  # it is in the cache, and whoever opens it next places it
                self._transfer.ensure(self._environment, [self._number], Priority.LATER)

    def _arrivals(self, run: Sequence[int]) -> Iterator[tuple[int, memoryview]]:
        """The contents of consecutive frames, each as soon as it is here. Raises StoreError, ObjectInvalid."""
        environment = self._environment
        frames = [environment.frame(self._pieces[piece].frame) for piece in run]
        first = self._pieces[run[0]].frame
        start, stop = frames[0].offset, frames[-1].offset + frames[-1].length
        key, project = environment.pack_key(first), environment.pack_project(first)
        waiting = list(zip(run, frames, strict=True))
        received = bytearray()
        for part in self._counted(key, project, start, stop - start):
            received += part
            while waiting and len(received) >= waiting[0][1].length:
                piece, frame = waiting.pop(0)
                yield piece, memoryview(decompress_frame(bytes(received[: frame.length]), frame, project))
                del received[: frame.length]
        if waiting:
            raise ObjectInvalid(key, f"it ends before the frame at {waiting[0][1].offset}")

    def _counted(self, key: str, project: str, start: int, length: int) -> Iterator[bytes | memoryview]:
        """A range of a pack, in the transfer's numbers like any other."""
        path, statistics = str(self._environment.path), self._transfer.statistics
        statistics.request_begins(path, project)
        try:
            for part in self._environment.store.stream_range(key, start=start, length=length):
                statistics.received(path, project, len(part))
                yield part
        finally:
            statistics.request_ends(path)

    def _as_told(self, error: BaseException) -> ShelfError:
        if isinstance(error, ShelfError):
            found = explain(self._environment, self._environment.project_of(self._number), error)
            return found if isinstance(found, ShelfError) else error
        return CacheUnusable(self._environment.destination(self._number), f"{type(error).__name__}: {error}")
