"""Environments of a cache: what they take, who uses them, and removing those that nobody does."""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import CacheUnusable
from .index import PRIVATE
from .writing import remove_unfinished, temporary_sibling


@dataclass(frozen=True, slots=True)
class EnvironmentInfo:
    """One environment on disk."""

    path: str
    projects: tuple[str, ...]  # "name version"
    size: int  # bytes on disk; blocks shared with the blob cache are counted here too
    files: int
    present: int  # how many of ``files`` are in place
    last_used: float  # seconds since 1970
    in_use: bool


def list_environments(cache: Path) -> list[EnvironmentInfo]:
    """Most recently used first; damaged ones have no projects."""
    found = [_describe(path) for path in _folders(cache)]
    return sorted(found, key=lambda info: info.last_used, reverse=True)


def prune_environments(cache: Path, *, unused_for: float = 0.0) -> list[EnvironmentInfo]:
    """Remove environments that no process uses and none used in the last ``unused_for`` seconds; what was removed.

    Then engine copies that no environment names go, and what killed builders left. Raises CacheUnusable.
    """
    removed = []
    for path in _folders(cache):
        with _exclusive(path) as free:
            if free and time.time() - _last_used(path) >= unused_for:
                info = _describe(path, in_use=False)
                _remove(path)
                (cache / "builders" / path.name).unlink(missing_ok=True)
                removed.append(info)
    for folder in (cache / "environments", cache / "engine"):
        remove_unfinished(folder)
    _prune_engines(cache)
    return removed


def _folders(cache: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return sorted(p for p in (cache / "environments").iterdir() if p.is_dir() and not p.name.startswith("."))
    return []


def _describe(path: Path, in_use: bool | None = None) -> EnvironmentInfo:
    projects: tuple[str, ...] = ()
    presence = b""
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError, KeyError):
        index = marshal.loads((path / PRIVATE / "index").read_bytes())
        projects = tuple(f"{p['name']} {p['version']}" for p in index["projects"])
        presence = (path / PRIVATE / "presence").read_bytes()
    if in_use is None:
        with _exclusive(path) as free:
            in_use = not free
    return EnvironmentInfo(
        path=str(path),
        projects=projects,
        size=_size(path),
        files=len(presence),
        present=len(presence) - presence.count(0),
        last_used=_last_used(path),
        in_use=in_use,
    )


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


def _last_used(path: Path) -> float:
    for place in (path / PRIVATE / "users", path):
        with contextlib.suppress(OSError):
            return place.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118
    return total


def _remove(path: Path) -> None:
    """The name goes at once, the rest when it can."""
    aside = temporary_sibling(path)
    try:
        path.rename(aside)
    except OSError as error:
        raise CacheUnusable(str(path), error.strerror or str(error)) from None
    shutil.rmtree(aside, ignore_errors=True)


def _prune_engines(cache: Path) -> None:
    """An engine copy that no environment's .pth names is of no use; one in use stays loaded in memory anyway."""
    with contextlib.suppress(FileNotFoundError):
        engines = [p for p in (cache / "engine").iterdir() if not p.name.startswith(".")]
        named = ""
        for folder in _folders(cache):
            named += "".join(p.read_text() for p in folder.glob("lib/python3*/site-packages/00_cloudshelf.pth"))
        for engine in engines:
            if engine.name not in named:
                _remove(engine)
