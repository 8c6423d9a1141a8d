"""While files are missing: what a program changes, moves or removes is there before.

Else it would not be found; or, written over while it was missing, come back when it is fetched.
"""

from __future__ import annotations

import os
import posix

from .locating import Replacements, bring, bring_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WRITING = os.O_CREAT | os.O_TRUNC | os.O_APPEND
FUNCTIONS = ("rename", "replace", "link", "unlink", "remove", "chmod", "chown", "utime", "truncate")


def is_writing(mode: object) -> bool:
    """Whether a file that is opened with ``mode`` may be made, or made empty."""
    return isinstance(mode, str) and not {"w", "a", "x"}.isdisjoint(mode)


class Changes(Replacements):
    """Functions of ``os``."""

    __slots__ = ()

    def rename(self, src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        bring_below(src, src_dir_fd)
        bring(dst, dst_dir_fd)
        posix.rename(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def replace(self, src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        bring_below(src, src_dir_fd)
        bring(dst, dst_dir_fd)
        posix.replace(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def link(
        self,
        src: Any,
        dst: Any,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
        follow_symlinks: bool = True,
    ) -> None:
        bring(src, src_dir_fd)
        bring(dst, dst_dir_fd)
        posix.link(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        bring(path, dir_fd)
        posix.unlink(path, dir_fd=dir_fd)

    def remove(self, path: Any, *, dir_fd: int | None = None) -> None:
        bring(path, dir_fd)
        posix.remove(path, dir_fd=dir_fd)

    def chmod(self, path: Any, mode: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        bring(path, dir_fd)
        posix.chmod(path, mode, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def chown(self, path: Any, uid: int, gid: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        bring(path, dir_fd)
        posix.chown(path, uid, gid, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def utime(self, path: Any, times: Any = None, **options: Any) -> None:
        bring(path, options.get("dir_fd"))
        posix.utime(path, times, **options)

    def truncate(self, path: Any, length: int) -> None:
        bring(path)
        posix.truncate(path, length)
