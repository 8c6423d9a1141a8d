"""Removing the environments of a cache that nobody uses, flat ones (mount/flat.py) among them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ..cache.object_cache import remove_leftovers
from ..errors import CacheUnusable
from .index import PRIVATE
from .place import FLAT
from .seal import is_altered
from .writing import remove_unfinished, temporary_sibling

BUILDING = 3600.0  # seconds; whoever found an engine copy then has built its environment, which names it


def prune_environments(cache: Path, *, unused_for: float = 0.0) -> list[Path]:
    """Remove environments that no process uses and none used in the last ``unused_for`` seconds; what was removed.

    One that something else wrote into is not used again, so it need not have waited. Then engine copies that no
    environment names go, and what killed processes left. Raises CacheUnusable.
    """
    removed = []
    for path in (*environment_folders(cache), *flat_folders(cache)):
        if not _is_due(path, unused_for):  # not locked then: who is about to use it must not be refused
            continue
        with _exclusive(path) as free:
            if free and _is_due(path, unused_for):
                _remove(path)
                (cache / "builders" / path.name).unlink(missing_ok=True)
                removed.append(path)
    within = [path / PRIVATE for path in environment_folders(cache)]
    compiled = [Path(folder) for folder, _, _ in os.walk(cache / "engine") if folder.endswith("/__pycache__")]
    for folder in (
        cache / "environments",
        cache / FLAT,
        cache / "engine",
        *within,
        *compiled,
    ):  # any may be gone a moment later
        remove_unfinished(folder)
    remove_leftovers(cache)
    _prune_engines(cache)
    return removed


def remove_unused(path: Path) -> bool:
    """Remove the environment at ``path`` unless a process uses it; whether it is gone. Raises CacheUnusable."""
    with _exclusive(path) as free:
        if free:
            _remove(path)
    return free


def environment_folders(cache: Path) -> list[Path]:
    """The environments of a cache, but for those that are being built."""
    return _folders(cache / "environments")


def flat_folders(cache: Path) -> list[Path]:
    """The flat environments of a cache, but for those that are being built."""
    return _folders(cache / FLAT)


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return []


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[bool]:
    """Whether nobody uses the environment; for as long as the block lasts, nobody can begin to."""
    try:
        descriptor = os.open(path / PRIVATE / "users", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # damaged: nobody can use it
        yield True
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _is_due(path: Path, unused_for: float) -> bool:
    return time.time() - _last_used(path) >= unused_for or is_altered(path)


def _last_used(path: Path) -> float:
    for place in (path / PRIVATE / "users", path):
        with contextlib.suppress(OSError):
            return place.stat().st_mtime
    return 0.0


def _remove(path: Path) -> None:
    """The name goes at once; then the file whose lock says who uses it, so that who waits for that sees it is gone."""
    aside = temporary_sibling(path)
    try:
        path.rename(aside)
    except OSError as error:
        raise CacheUnusable(str(path), error.strerror or str(error)) from None
    (aside / PRIVATE / "users").unlink(missing_ok=True)
    shutil.rmtree(aside, ignore_errors=True)


def _prune_engines(cache: Path) -> None:
    """An engine copy that no environment's .pth names is of no use, unless somebody builds one that will name it."""
    with contextlib.suppress(FileNotFoundError):
        engines = [p for p in (cache / "engine").iterdir() if not p.name.startswith(".")]
        named = ""
        for folder in environment_folders(cache):
            with contextlib.suppress(FileNotFoundError):
                named += "".join(p.read_text() for p in folder.glob("lib/python3*/site-packages/00_cloudshelf.pth"))
        for engine in engines:
            if engine.name not in named and time.time() - engine.stat().st_mtime > BUILDING:
                _remove(engine)
