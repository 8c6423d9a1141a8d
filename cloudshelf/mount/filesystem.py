"""The drive as one tree: folders of views, files that are open, and what of an error a program is told.

Nothing here knows libfuse (fuse.py), or where contents come from (the views).
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ..errors import AccessDenied, Blocked, DiskFull, ShelfError
from .view import Entry, Opened, View

_T = TypeVar("_T")
log = logging.getLogger(__name__)


class FileSystem:
    """``views`` by the name of their folder at the top. Any thread.

    Paths begin with ``/``. Every method raises OSError, with the errno for the program; what a program cannot read is
    in the log with its reason.
    """

    def __init__(self, views: Mapping[str, View]) -> None:
        self._views = views
        self._open: dict[int, Opened] = {}
        self._handles = itertools.count(1)
        self._root = Entry("d", 0o555, 0, int(time.time()))

    def entry(self, path: str) -> Entry | None:
        """The attributes of ``path``, None where there is nothing."""
        view, inside = self._find(path)
        if view is None:
            return self._root if path == "/" else None
        return self._tell(path, lambda: view.entry(inside))

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        """What lies in the folder ``path``."""
        view, inside = self._find(path)
        if view is not None:
            return self._tell(path, lambda: view.names(inside))
        if path != "/":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return [(name, self.entry(f"/{name}") or self._root) for name in self._views]

    def open(self, path: str) -> int:
        """The number of the file ``path``, now open for ``read`` until ``release``."""
        view, inside = self._find(path)
        if view is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        opened = self._tell(path, lambda: view.open(inside))
        handle = next(self._handles)
        self._open[handle] = opened
        return handle

    def read(self, handle: int, offset: int, size: int) -> bytes:
        opened = self._open[handle]
        return self._tell(f"file {handle}", lambda: opened.read(offset, size))

    def release(self, handle: int) -> None:
        self._open.pop(handle).close()

    def _find(self, path: str) -> tuple[View | None, str]:
        """The view that ``path`` lies in, and its place there."""
        name, _, inside = path[1:].partition("/")
        return self._views.get(name), inside

    def _tell(self, path: str, action: Callable[[], _T]) -> _T:
        """The result of ``action``; an error of ours becomes a number, which is all that a program can be told."""
        try:
            return action()
        except ShelfError as error:
            log.error("%s: %s", path, error)
            raise OSError(errno_of(error), str(error), path) from error
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                log.error("%s: %s", path, error)
            raise
        except Exception:
            log.exception("%s", path)
            raise OSError(errno.EIO, os.strerror(errno.EIO), path) from None


def errno_of(error: ShelfError) -> int:
    """What a program is told: no space, no permission, or an input/output error for everything else."""
    if isinstance(error, DiskFull):
        return errno.ENOSPC
    return errno.EACCES if isinstance(error, AccessDenied | Blocked) else errno.EIO
