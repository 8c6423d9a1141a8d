"""One blob on its way into the cache: whole, or in pieces that come in any order; hashed before it has its name."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from io import FileIO
from pathlib import Path

from ..errors import CacheUnusable, ObjectInvalid
from .disk import FICLONE, disk_errors, write_all

_CHUNK = 1 << 20


class BlobWriter:
    """One blob on its way into the cache; as a context manager it removes what was not finished."""

    def __init__(self, temporary: Path, destination: str, digest: str, mode: int, mtime: int) -> None:
        self._temporary = temporary
        self._destination = destination
        self._digest = digest
        self._mode = mode
        self._mtime = mtime
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with disk_errors(destination):
            self._descriptor = os.open(temporary, flags, 0o600)

    def write(self, offset: int, piece: bytes | memoryview) -> None:
        """Pieces may come in any order and from several threads."""
        with disk_errors(self._destination):
            write_all(self._descriptor, piece, offset)

    def copy(self, source: FileIO) -> None:
        """All of an open file, shared with it block by block where the file system can; into its place.

        What is hashed is what was written, whatever becomes of the source. Raises ObjectInvalid for another content.
        """
        with disk_errors(self._destination):
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._descriptor, FICLONE, source.fileno())
            if not os.fstat(self._descriptor).st_size:
                while piece := source.read(_CHUNK):
                    write_all(self._descriptor, piece)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            with open(self._descriptor, "rb", buffering=0, closefd=False) as written:
                found = hashlib.file_digest(written, "sha256").hexdigest()
        self.finish(found)

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes of what was written. Raises CacheUnusable when there are none."""
        with disk_errors(self._destination):
            data = os.pread(self._descriptor, length, offset)
        if not data:
            raise CacheUnusable(self._destination, "what was just written is not there")
        return data

    def duplicate(self) -> int:
        """A descriptor for reading what was written, before it is whole and after; its caller closes it."""
        with disk_errors(self._destination):
            return os.dup(self._descriptor)

    def finish(self, found: str) -> None:
        """Into its place, if ``found`` is the digest that it should have. Raises ObjectInvalid."""
        if found != self._digest:
            raise ObjectInvalid(f"blob {self._digest}", f"its content has the digest {found}")
        with disk_errors(self._destination):
            os.fchmod(self._descriptor, self._mode)
            os.utime(self._descriptor, (self._mtime, self._mtime))
            self._temporary.rename(self._destination)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def close(self) -> None:
        """Forget it; what was not finished is removed."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
            with contextlib.suppress(OSError):
                self._temporary.unlink()

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Assembly:
    """A file that several frames bring: pieces are written where they belong as they come, and hashed in order.

    Hashing follows the pieces, so that a large library is not hashed after its last byte but along the way; whichever
    thread brings the piece that was missing goes on with those that wait on the disk.
    """

    def __init__(self, writer: BlobWriter, size: int) -> None:
        self._writer = writer
        self._size = size
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._waiting: dict[int, int] = {}  # offset → length of pieces on the disk that are not hashed yet
        self._hashing = False
        self._adding = 0
        self._closed = False

    def add(self, offset: int, piece: memoryview) -> bool:
        """Whether this was the last piece, and the blob is in the cache now. Raises as BlobWriter does."""
        with self._lock:
            if self._closed:
                return False
            self._adding += 1
        try:
            return self._add(offset, piece)
        finally:
            with self._lock:
                self._adding -= 1
                self._close_unused()

    def close(self) -> None:
        """Forget it once no thread is adding: a descriptor closed under a writer may be somebody else's next."""
        with self._lock:
            self._closed = True
            self._close_unused()

    def _add(self, offset: int, piece: memoryview) -> bool:
        self._writer.write(offset, piece)
        with self._lock:
            self._waiting[offset] = len(piece)
            if self._hashing or offset != self._hashed:
                return False
            self._hashing = True
            del self._waiting[offset]
        self._hash.update(piece)
        position = offset + len(piece)
        while length := self._hashed_up_to(position):
            self._hash_from_disk(position, position + length)
            position += length
        if position < self._size:
            return False
        self._writer.finish(self._hash.hexdigest())
        return True

    def _hashed_up_to(self, position: int) -> int:
        """The length of the piece that waits at ``position``; 0 when it has not come yet, and somebody else goes on."""
        with self._lock:
            self._hashed = position
            length = self._waiting.pop(position, 0)
            self._hashing = length > 0
            return length

    def _hash_from_disk(self, start: int, stop: int) -> None:
        while start < stop:
            data = self._writer.read(start, min(_CHUNK, stop - start))
            self._hash.update(data)
            start += len(data)

    def _close_unused(self) -> None:
        if self._closed and not self._adding:
            self._writer.close()
