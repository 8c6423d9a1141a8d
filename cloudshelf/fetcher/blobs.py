"""The cache of file contents: ``blobs/<2hex>/<sha256>-<mode>``, verified once, when they enter.

A name holds the digest and the permission bits, because a hard link shares the bits of what it links to. The user is
the trust boundary: folders are ours and closed to others (0700), and an entry that another user owns, or a symbolic
link, is refused. Later uses check owner, mode and size; ``cache verify`` hashes again.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from ..cache.lower_cache import BLOBS, LowerCache
from ..errors import CacheUnusable, ObjectInvalid
from ..importing.paths import private_folder
from .blob_writer import BlobWriter
from .disk import (
    copy_file,
    disk_errors,
    link_file,
    remove_leftovers,
    temporary_name,
)

SMALL = 64 << 10  # bytes; a smaller file is copied, so that an edit of it stays in its environment
_CANNOT_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP}

log = logging.getLogger(__name__)


def is_small(path: str, size: int) -> bool:
    """Whether a file is copied into an environment rather than linked: people edit sources."""
    return size < SMALL or path.endswith(".py")


class BlobCache:
    """The blobs of one cache folder. Any thread, any number of processes."""

    def __init__(self, cache: Path, lower: Sequence[LowerCache] = ()) -> None:
        """``lower`` are caches that are looked at where this one has nothing.

        Raises CacheUnusable when the folder cannot be made, or belongs to somebody else.
        """
        with disk_errors(cache):
            cache.parent.mkdir(parents=True, exist_ok=True)
        self.root = cache / "blobs"
        self._temporary = self.root / "tmp"
        for folder in (cache, self.root, self._temporary):
            private_folder(str(folder))
        self._lower = lower
        self._checked: set[str] = set()
        self._clones = True  # until the file system says that it cannot
        remove_leftovers(self._temporary)

    def path(self, digest: str, mode: int) -> str:
        return f"{self.root}/{digest[:2]}/{blob_name(digest, mode)}"

    def has(self, digest: str, mode: int, size: int) -> bool:
        """Whether ``place`` can bring it. Raises CacheUnusable for an entry of another user."""
        return self._has_own(digest, mode, size) or self._lower_with(digest, mode, size) is not None

    def _has_own(self, digest: str, mode: int, size: int) -> bool:
        try:
            status = os.lstat(self.path(digest, mode))
        except (FileNotFoundError, NotADirectoryError):
            return False
        self._refuse_foreign(status, self.path(digest, mode))
        return status.st_size == size and stat.S_IMODE(status.st_mode) == mode

    def _lower_with(self, digest: str, mode: int, size: int) -> LowerCache | None:
        """The first lower cache that has such an entry; its content is not looked at. Raises LowerCacheUnsafe."""
        for lower in self._lower:
            status = lower.find(BLOBS, blob_name(digest, mode))
            if status is not None and status.st_size == size:
                return lower
        return None

    def _take(self, digest: str, mode: int, size: int, mtime: int) -> bool:
        """Whether a lower cache had it; then it is here, verified as anything that enters."""
        lower = self._lower_with(digest, mode, size)
        source = lower.open(BLOBS, blob_name(digest, mode)) if lower is not None else None
        if source is None:
            return False
        with open(source, "rb", buffering=0) as file, self.writer(digest, mode, mtime) as writer:
            try:
                writer.copy(file)
            except ObjectInvalid as error:
                log.warning("%s has an entry that is damaged: %s", lower.folder if lower else "", error)
                return False
        return True

    def put(self, content: bytes | memoryview, digest: str, mode: int, mtime: int = 0) -> None:
        """Keep ``content``. Raises ObjectInvalid when it has another digest, DiskFull, CacheUnusable."""
        if self._has_own(digest, mode, len(content)):
            return
        with self.writer(digest, mode, mtime) as writer:
            writer.write(0, content)
            writer.finish(hashlib.sha256(content).hexdigest())

    def writer(self, digest: str, mode: int, mtime: int) -> BlobWriter:
        """For a content that comes in pieces."""
        folder = self.root / digest[:2]
        if digest[:2] not in self._checked or not os.path.isdir(folder):  # noqa: PTH112  (somebody removed the cache)
            for each in (self.root.parent, self.root, self._temporary, folder):
                private_folder(str(each))
            self._checked.add(digest[:2])
        return BlobWriter(self._temporary / temporary_name(), self.path(digest, mode), digest, mode, mtime)

    def place(self, digest: str, mode: int, size: int, destination: str, staging: Path, mtime: int) -> bool:
        """Bring a blob to ``destination``, beside ``staging``; False when it is not, or no longer whole, in the cache.

        A hard link keeps the time of the blob, which is that of the first environment that had it: setting it would
        change it for all. Raises CacheUnusable for an entry of another user or a symbolic link, and DiskFull.
        """
        path = self.path(digest, mode)
        source = _open_entry(path)
        if source is None and self._lower and self._take(digest, mode, size, mtime):
            source = _open_entry(path)
        if source is None:
            return False
        try:
            status = os.fstat(source)
            self._refuse_foreign(status, path)
            if stat.S_IMODE(status.st_mode) != mode or status.st_size != size:
                os.unlink(path)  # noqa: PTH108  (edited in place, or cut off by a crash of the machine)
                return False
            with disk_errors(destination):
                self._place(source, path, str(staging / temporary_name()), destination, size, mode, mtime)
        finally:
            os.close(source)
        return True

    def _place(
        self, source: int, path: str, temporary: str, destination: str, size: int, mode: int, mtime: int
    ) -> None:
        if not is_small(destination, size):
            if self._clones:
                self._clones = copy_file(source, temporary, destination, size, mode, mtime, clone=True)
                if self._clones:
                    return
            try:
                link_file(path, temporary, destination)
                return
            except OSError as error:
                if error.errno not in _CANNOT_LINK:
                    raise
        copy_file(source, temporary, destination, size, mode, mtime, clone=False)

    def _refuse_foreign(self, status: os.stat_result, path: str) -> None:
        if stat.S_ISLNK(status.st_mode):
            raise CacheUnusable(path, "it is a symbolic link")
        if not stat.S_ISREG(status.st_mode):
            raise CacheUnusable(path, "it is not a file")
        if status.st_uid != os.geteuid():
            raise CacheUnusable(path, "another user owns it")


def blob_name(digest: str, mode: int) -> str:
    return f"{digest}-{mode:03o}"


def _open_entry(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
        raise CacheUnusable(path, reason) from error
