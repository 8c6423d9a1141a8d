"""What libfuse calls (fuse.h, version 3): C structures in, the file system's answers out.

mfusepy has the loop and the structures. Its own callbacks make a dictionary of every answer, and cannot list a folder
with attributes; here both matter: an import makes thousands of calls.

What is not offered, libfuse answers with ENOSYS, and the kernel asks for it once and never again: flush, access,
extended attributes, locks.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import logging
import os
import stat
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mfusepy

from .filesystem import FileSystem
from .view import Entry

log = logging.getLogger(__name__)
KEPT = 3600.0  # seconds that the kernel knows names and attributes without asking; what is shown does not change
THREADS = 128  # calls that may wait at once, for a store that does not answer, before others wait behind them
_FORMATS = {"d": stat.S_IFDIR, "f": stat.S_IFREG, "l": stat.S_IFLNK}
_WITH_ATTRIBUTES = 2  # FUSE_FILL_DIR_PLUS
_CACHE_SYMLINKS = 1 << 23  # FUSE_CAP_CACHE_SYMLINKS
_OFFERED = ("getattr", "readlink", "open", "read", "release", "opendir", "readdir", "releasedir")


class Session(mfusepy.FUSE):  # type: ignore[misc]  # it has no stubs
    """One mount. Making it mounts, and returns when it is unmounted, by whomever, or the process is told to end."""

    def __init__(self, files: FileSystem, directory: str, *, source: str, ready: Callable[[], None]) -> None:
        """``source`` is what ``mount`` and ``df`` show; ``ready`` is called when the kernel has begun to ask.

        Raises RuntimeError when it cannot be mounted; libfuse has printed why.
        """
        self._files = files
        self._ready = ready
        self._owner = (os.geteuid(), os.getegid())
        self._listings: dict[int, list[tuple[bytes, Entry]]] = {}
        self._numbers = itertools.count(1)
        self._known = threading.local()
        options: dict[str, Any] = {"ro": True, "fsname": source.replace(",", "\\,"), "subtype": "cloudshelf"}
        if (mfusepy.fuse_version_major, mfusepy.fuse_version_minor) >= (3, 12):
            options |= {
                "max_threads": THREADS,
                "max_idle_threads": THREADS,
            }  # ten by default; earlier versions have no limit
        offered = SimpleNamespace(use_ns=True, **dict.fromkeys(_OFFERED, True))
        super().__init__(offered, directory, foreground=True, **options)

    def _wrapper(self, func: Callable[..., int], *args: Any) -> int:
        """Called for every callback, in a thread of libfuse, for which Python makes a state and throws it away again.

        A thread that was here once keeps its state: that is a third of what a call costs.
        """
        if not hasattr(self._known, "yes"):
            ctypes.pythonapi.PyGILState_Ensure()
            self._known.yes = True
        try:
            return func(*args)
        except OSError as error:
            return -(error.errno or errno.EIO)
        except Exception:
            log.exception("%s", func.__name__)
            return -errno.EIO

    def init_fuse_3(self, conn: Any, config: Any) -> int:
        settings, connection = config.contents, conn.contents
        settings.entry_timeout = settings.attr_timeout = settings.negative_timeout = KEPT
        settings.kernel_cache = settings.nullpath_ok = 1
        connection.max_background = THREADS
        connection.congestion_threshold = THREADS
        connection.want |= connection.capable & _CACHE_SYMLINKS
        self._ready()
        return 0

    def getattr_fuse_3(self, path: bytes, buf: Any, fip: Any) -> int:
        entry = self._files.entry(os.fsdecode(path))
        if entry is None:
            return -errno.ENOENT
        self._write(buf.contents, entry)
        return 0

    def readlink(self, path: bytes, buf: Any, bufsize: int) -> int:
        entry = self._files.entry(os.fsdecode(path))
        if entry is None or entry.kind != "l":
            return -errno.EINVAL
        target = os.fsencode(entry.target)[: bufsize - 1] + b"\0"
        ctypes.memmove(buf, target, len(target))
        return 0

    def open(self, path: bytes, fip: Any) -> int:
        information = fip.contents
        if information.flags & os.O_ACCMODE != os.O_RDONLY:
            return -errno.EROFS
        information.fh = self._files.open(os.fsdecode(path))
        return 0

    def read(self, path: bytes | None, buf: Any, size: int, offset: int, fip: Any) -> int:
        data = self._files.read(fip.contents.fh, offset, size)
        ctypes.memmove(buf, data, len(data))
        return len(data)

    def release(self, path: bytes | None, fip: Any) -> int:
        self._files.release(fip.contents.fh)
        return 0

    def opendir(self, path: bytes, fip: Any) -> int:
        folder = Entry("d", 0o555, 0, 0)
        entries = [(os.fsencode(name), entry) for name, entry in self._files.names(os.fsdecode(path))]
        information = fip.contents
        information.fh = next(self._numbers)
        information.cache_readdir = information.keep_cache = 1  # libfuse passes them on from 3.16 on
        self._listings[information.fh] = [(b".", folder), (b"..", folder), *entries]
        return 0

    def readdir_fuse_3(self, path: bytes | None, buf: Any, filler: Any, offset: int, fip: Any, flags: int) -> int:
        status = mfusepy.c_stat()
        pointer = ctypes.pointer(status)
        listing = self._listings[fip.contents.fh]
        for number in range(offset, len(listing)):
            name, entry = listing[number]
            self._write(status, entry)
            if filler(buf, name, pointer, number + 1, _WITH_ATTRIBUTES):
                break
        return 0

    def releasedir(self, path: bytes | None, fip: Any) -> int:
        self._listings.pop(fip.contents.fh, None)
        return 0

    def _write(self, status: Any, entry: Entry) -> None:
        """``entry`` as stat(2) has it. A folder has one link: tools take two for "has no folders in it"."""
        status.st_mode = _FORMATS[entry.kind] | entry.mode
        status.st_nlink = 1
        status.st_uid, status.st_gid = self._owner
        status.st_size = entry.size
        status.st_blocks = (entry.size + 511) // 512
        for moment in (status.st_atimespec, status.st_mtimespec, status.st_ctimespec):
            moment.tv_sec = entry.mtime
