"""Verified objects by digest, in ``<cache>/objects``: releases and manifests that need not be asked for again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..codecs.names import sha256
from .lower_cache import OBJECTS, LowerCache
from .owner import is_gone
from .turn import turn


class ObjectCache:
    """A cache that cannot be written is no reason to fail. Any thread, any number of processes."""

    def __init__(self, cache: Path | None, lower: Sequence[LowerCache] = ()) -> None:
        """``lower`` are caches that are looked at where this one has nothing."""
        self.folder = cache / OBJECTS if cache else None
        self._lower = lower

    def get(self, digest: str) -> bytes | None:
        """The object's bytes, verified again; a damaged entry is dropped. Raises LowerCacheUnsafe."""
        if self.folder is None:
            return self._get_lower(digest)
        path = self.folder / digest[:2] / digest
        try:
            data = path.read_bytes()
        except OSError:
            return self._get_lower(digest)
        if sha256(data) == digest:
            return data
        with suppress(OSError):
            path.unlink()
        return self._get_lower(digest)

    def _get_lower(self, digest: str) -> bytes | None:
        for lower in self._lower:
            data = lower.read(OBJECTS, digest)
            if data is not None and sha256(data) == digest:
                return data
        return None

    @contextmanager
    def turn(self, digest: str) -> Iterator[None]:
        """Be the only process that fetches an object, or have waited until another had it."""
        if self.folder is None:
            yield
            return
        path = self.folder / digest[:2] / digest
        lock = path.with_name(f".{digest}.turn")
        with turn(lock, path.exists):
            yield
            with suppress(OSError):
                lock.unlink()

    def put(self, digest: str, data: bytes) -> None:
        if self.folder is not None:
            with suppress(OSError):
                write_whole(self.folder / digest[:2] / digest, data)


def remove_leftovers(cache: Path) -> None:
    """Remove what processes that are gone left unfinished."""
    for path in (cache / OBJECTS).glob("*/.*"):
        owner = path.name[1:].partition("-")[0]
        if path.suffix == ".turn" or is_gone(owner):
            with suppress(OSError):
                path.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Temp file and rename: nobody ever reads half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{threading.get_native_id()}-{path.name}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
