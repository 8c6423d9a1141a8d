"""What ``os.scandir`` gives of a folder in which files are missing."""

from __future__ import annotations

import os
import posix
from _stat import S_IFREG, S_ISDIR, S_ISREG

from .locating import locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Listing:
    """What ``os.scandir`` gives, and after it the files that are not there yet."""

    def __init__(self, entries: Any, path: Any, absent: list[str]) -> None:
        self._entries = entries
        self._folder = "." if path is None else path
        self._absent = set(absent)
        self._rest: Iterator[_Entry] | None = None

    def __iter__(self) -> Listing:
        return self

    def __next__(self) -> Any:
        if self._rest is None:
            for entry in self._entries:
                self._absent.discard(os.fsdecode(entry.name))
                return _Link(self._folder, os.fsdecode(entry.name)) if entry.is_symlink() else entry
            self._rest = iter([_Entry(self._folder, name) for name in sorted(self._absent)])
        return next(self._rest)

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries.close()
        self._rest = iter(())


class _Entry:
    """An ``os.DirEntry`` of a file that is brought when somebody asks more than its name."""

    __slots__ = ("_descriptor", "name", "path")

    def __init__(self, folder: Any, name: str) -> None:
        self.name: Any = name
        self._descriptor: int | None = None
        if isinstance(folder, int):  # as the real one: a listing of a descriptor has no path but the name
            self.path: Any = name
            self._descriptor = folder
        else:
            where = os.fspath(folder)
            self.name = os.fsencode(name) if isinstance(where, bytes) else name
            self.path = os.path.join(where, self.name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return False

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return True

    def is_symlink(self) -> bool:
        return False

    def is_junction(self) -> bool:
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self.path, dir_fd=self._descriptor, follow_symlinks=follow_symlinks)

    def inode(self) -> int:
        return self.stat().st_ino


class _Link(_Entry):
    """An ``os.DirEntry`` of a symbolic link, whose file may not be there yet; looking at its kind brings nothing."""

    __slots__ = ()

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return follow_symlinks and S_ISDIR(self._mode())

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return follow_symlinks and S_ISREG(self._mode())

    def is_symlink(self) -> bool:
        return True

    def inode(self) -> int:
        return self.stat(follow_symlinks=False).st_ino

    def _mode(self) -> int:
        """What it leads to; 0 for nothing."""
        try:
            return posix.stat(self.path, dir_fd=self._descriptor).st_mode
        except OSError:
            found = locate(self.path, self._descriptor)
            return S_IFREG if found is not None and found[0].has_file(found[1]) else 0
