"""Writing files so that a reader sees nothing, or all of it; and disk errors in the words of ``cloudshelf.errors``."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from ..cache.owner import is_gone
from ..importing.paths import unusable

FICLONE = 0x40049409  # linux/fs.h: make a file share the blocks of another
_CANNOT_CLONE = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.EPERM, errno.ENOSYS}
_numbers = itertools.count()


@contextlib.contextmanager
def disk_errors(path: Path | str) -> Iterator[None]:
    """Raises DiskFull or CacheUnusable, naming ``path``, for an OSError of the block."""
    try:
        yield
    except OSError as error:
        raise unusable(str(path), error) from error


def temporary_name() -> str:
    """A name that no other thread or process uses now; ``remove_leftovers`` knows whose it was."""
    return f"{os.getpid()}.{next(_numbers)}"


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that are gone (killed while they wrote)."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = entry.name.partition(".")[0]
            if is_gone(owner):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


def write_all(descriptor: int, content: bytes | memoryview, offset: int | None = None) -> None:
    """All of ``content``; a disk that fills up answers with a short write first."""
    view = memoryview(content)
    while len(view):
        written = os.write(descriptor, view) if offset is None else os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset = None if offset is None else offset + written


def write_file(temporary: str, destination: str, content: bytes | memoryview, mode: int, mtime: int) -> None:
    """``destination`` appears whole, with its mode and mtime; raises OSError and leaves nothing behind."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            write_all(descriptor, content)
            os.fchmod(descriptor, mode)
            os.utime(descriptor, (mtime, mtime))
        finally:
            os.close(descriptor)
        os.rename(temporary, destination)  # noqa: PTH104
    except BaseException:
        _discard(temporary)
        raise


def copy_file(source: int, temporary: str, destination: str, size: int, mode: int, mtime: int, *, clone: bool) -> bool:
    """``destination`` appears as a copy of the open file ``source``; with ``clone`` it shares its blocks.

    Returns False when blocks cannot be shared here (nothing was made then). Raises OSError and leaves nothing behind.
    """
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            if clone:
                fcntl.ioctl(descriptor, FICLONE, source)
            else:
                _send(source, descriptor, size)
            os.fchmod(descriptor, mode)
            os.utime(descriptor, (mtime, mtime))
        finally:
            os.close(descriptor)
        os.rename(temporary, destination)  # noqa: PTH104
    except BaseException as error:
        _discard(temporary)
        if clone and isinstance(error, OSError) and error.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def link_file(source: str, temporary: str, destination: str) -> None:
    """``destination`` becomes another name of ``source``. Raises OSError: EXDEV, EMLINK, EPERM where that cannot be."""
    try:
        os.link(source, destination, follow_symlinks=False)
        return
    except FileExistsError:
        pass
    os.link(source, temporary, follow_symlinks=False)
    try:
        os.rename(temporary, destination)  # noqa: PTH104
    finally:
        _discard(temporary)  # rename(2) does nothing, and keeps both names, when both are the same file already


def _send(source: int, destination: int, size: int) -> None:
    done = 0
    while done < size:
        sent = os.sendfile(destination, source, done, size - done)
        if not sent:
            raise OSError(errno.EIO, "the cached file is shorter than it was")
        done += sent


def _discard(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108
