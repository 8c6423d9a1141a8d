"""Read-only caches below the user's own, made by an administrator: in an image, on a node's disk, on EFS.

One has the layout of a cache, of which ``objects`` and ``blobs`` are read. It stands in for the network, not for the
user's own cache: what is taken is verified by its digest and written there, like what was fetched. A hard link would
have to be trusted for as long as it lives, and the kernel allows none to another's file (proc(5), protected_hardlinks).

It is for those folders only that the settings name, and whose owner is trusted; who else could write there is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from pathlib import Path

from ..config import Config
from ..errors import LowerCacheUnsafe

OBJECTS, BLOBS = "objects", "blobs"


def lower_caches(config: Config) -> tuple[LowerCache, ...]:
    """Those of the settings, in their order."""
    return tuple(LowerCache(folder, config.lower_owners) for folder in config.lower)


def lower_mode(mode: int) -> int:
    """The permissions of an entry in a lower cache: everybody reads, nobody but its owner writes."""
    return (stat.S_IMODE(mode) | 0o444) & ~0o022


class LowerCache:
    """One of them. Any thread. A folder that is not there has nothing: EFS may not be mounted on this machine."""

    def __init__(self, folder: Path, owners: Collection[int] = ()) -> None:
        """Beside ``owners`` (user ids), root and this user are trusted."""
        self.folder = folder
        self._owners = {0, os.geteuid(), *owners}
        self._checked: set[str] = set()

    def check(self) -> bool:
        """Whether it is there. Raises LowerCacheUnsafe for one that cannot be trusted."""
        return all(self._is_folder(part) for part in ("", OBJECTS, BLOBS))

    def find(self, part: str, name: str) -> os.stat_result | None:
        """The entry ``name`` of OBJECTS or BLOBS, if it is there. Raises LowerCacheUnsafe."""
        path = self._path(part, name)
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LowerCacheUnsafe(path, f"it cannot be read ({error.strerror})") from None
        for folder in ("", part, f"{part}/{name[:2]}"):
            self._is_folder(folder)
        self._check(path, status, stat.S_ISREG)
        return status

    def open(self, part: str, name: str) -> int | None:
        """A descriptor of an entry, for reading; None when it is not there. Raises LowerCacheUnsafe."""
        if self.find(part, name) is None:
            return None
        path = self._path(part, name)
        try:  # not to wait for a writer, should it have become a pipe
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LowerCacheUnsafe(path, f"it cannot be read ({error.strerror})") from None
        try:
            self._check(path, os.fstat(descriptor), stat.S_ISREG)
        except LowerCacheUnsafe:
            os.close(descriptor)
            raise
        return descriptor

    def read(self, part: str, name: str) -> bytes | None:
        """The bytes of an entry, which its reader verifies; None when it is not there. Raises LowerCacheUnsafe."""
        descriptor = self.open(part, name)
        if descriptor is None:
            return None
        with open(descriptor, "rb") as stream:
            try:
                return stream.read()
            except OSError as error:
                raise LowerCacheUnsafe(self._path(part, name), f"it cannot be read ({error.strerror})") from None

    def _path(self, part: str, name: str) -> str:
        return f"{self.folder}/{part}/{name[:2]}/{name}"

    def _is_folder(self, name: str) -> bool:
        """Whether a folder below is there; checked once."""
        if name in self._checked:
            return True
        path = f"{self.folder}/{name}".rstrip("/")
        try:
            status = os.lstat(path) if name else os.stat(path)  # noqa: PTH116  (the way to it may be a link)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise LowerCacheUnsafe(path, f"it cannot be read ({error.strerror})") from None
        self._check(path, status, stat.S_ISDIR)
        self._checked.add(name)
        return True

    def _check(self, path: str, status: os.stat_result, is_kind: Callable[[int], bool]) -> None:
        if not is_kind(status.st_mode):
            raise LowerCacheUnsafe(path, "it is not what belongs there, but a link or something else")
        if status.st_uid not in self._owners:
            raise LowerCacheUnsafe(path, f"user {status.st_uid} owns it, who is not trusted")
        if status.st_mode & 0o022:
            raise LowerCacheUnsafe(path, "others than its owner can write to it")
