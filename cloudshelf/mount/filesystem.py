"""The drive as one tree: folders of views, files that are open, and what of an error a program is told.

Nothing here knows the kernel (kernel/session.py), or where contents come from (the views).
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterable, Mapping

from ..errors import AccessDenied, Blocked, DiskFull, ShelfError
from .view import Entry, Opened, View

log = logging.getLogger(__name__)


class FileSystem:
    """``views`` by the name of their folder at the top. Any thread.

    Paths begin with ``/``. Every method raises OSError, with the errno for the program; what a program cannot read is
    in the log with its reason.
    """

    def __init__(self, views: Mapping[str, View]) -> None:
        self._views = views
        self._root = Entry("d", 0o555, 0, int(time.time()))

    def entry(self, path: str) -> Entry | None:
        """The attributes of ``path``, None where there is nothing."""
        view, inside = self._find(path)
        if view is None:
            return self._root if path == "/" else None
        try:
            return view.entry(inside)
        except Exception as error:
            raise _told(path, error) from None

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        """What lies in the folder ``path``."""
        view, inside = self._find(path)
        if view is not None:
            try:
                return view.names(inside)
            except Exception as error:
                raise _told(path, error) from None
        if path != "/":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return [(name, self.entry(f"/{name}") or self._root) for name in self._views]

    def is_fixed(self, path: str) -> bool:
        """Whether what lies in the folder ``path`` stays as it is."""
        view, inside = self._find(path)
        return view is None or view.is_fixed(inside)

    def open(self, path: str) -> Opened:
        """The file ``path``, whose ``read`` raises OSError, too."""
        view, inside = self._find(path)
        if view is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        try:
            return _Told(path, view.open(inside))
        except Exception as error:
            raise _told(path, error) from None

    def _find(self, path: str) -> tuple[View | None, str]:
        """The view that ``path`` lies in, and its place there."""
        name, _, inside = path[1:].partition("/")
        return self._views.get(name), inside


class _Told:
    """An open file whose errors a program is told."""

    def __init__(self, path: str, opened: Opened) -> None:
        self._path, self._opened = path, opened
        self.close = opened.close

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        try:
            return self._opened.read(offset, size)
        except Exception as error:
            raise _told(self._path, error) from None


def _told(path: str, error: Exception) -> OSError:
    """What a program is told of ``error``, which is a number; the log has the reason."""
    if isinstance(error, ShelfError):
        log.error("%s: %s", path, error)
        return OSError(errno_of(error), str(error), path)
    if not isinstance(error, OSError):
        log.error("%s", path, exc_info=error)
        return OSError(errno.EIO, os.strerror(errno.EIO), path)
    if error.errno not in (errno.ENOENT, errno.ENOTDIR):
        log.error("%s: %s", path, error)
    return error


def errno_of(error: ShelfError) -> int:
    """What a program is told: no space, no permission, or an input/output error for everything else."""
    if isinstance(error, DiskFull):
        return errno.ENOSPC
    return errno.EACCES if isinstance(error, AccessDenied | Blocked) else errno.EIO
