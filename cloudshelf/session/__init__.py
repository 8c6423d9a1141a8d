"""This process: which shelf it works with, what it asked for, what is pinned, which environment is active.

Loads the standard library only. What needs the network or a library is done by the fetcher (``importing.client``).
A notebook, a script and a worker use the same functions:

    import cloudshelf
    cloudshelf.use("pandas")
    import pandas
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .children import ENVIRONMENT, PROVIDED
from .locking import parse_moment
from .pinning import Session
from .state import Pinned, Progress

__all__ = ["ENVIRONMENT", "PROVIDED", "Pinned", "Progress", "Session", "current", "parse_moment"]

_session = Session()


def current() -> Session:
    """The session of this process."""
    return _session


def connect(url: str | None = None) -> dict[str, Any]:
    """See Session.connect."""
    return _session.connect(url)


def use(
    *requirements: str,
    requirement_files: Iterable[str | os.PathLike[str]] = (),
    constraint_files: Iterable[str | os.PathLike[str]] = (),
    restart: bool = False,
    variant: str = "",
    shadow: bool = False,
    as_of: str | None = None,
) -> dict[str, Any]:
    """See Session.use; the files are those of ``%shelf use -r FILE -c FILE``."""
    from ..requirements.gathering import gather

    sources = gather(requirement_files, constraint_files)
    return _session.use(*requirements, sources=sources, restart=restart, variant=variant, shadow=shadow, as_of=as_of)


def drop(*projects: str) -> dict[str, Any]:
    """See Session.drop."""
    return _session.drop(*projects)


def sync(source: str | os.PathLike[str] = "pylock.toml") -> dict[str, Any]:
    """See Session.sync."""
    return _session.sync(source)


def lock(path: str | os.PathLike[str] | None = None, *, name: str | None = None) -> str:
    """See Session.lock."""
    return _session.lock(path, name=name)


def diff(before: str, after: str | None = None) -> dict[str, Any]:
    """See Session.diff."""
    return _session.diff(before, after)


def history(to: int | None = None) -> dict[str, Any]:
    """See Session.history."""
    return _session.history(to)


def fill() -> dict[str, Any]:
    """See Session.fill."""
    return _session.fill()


def pins() -> dict[str, str]:
    """See Session.pins."""
    return _session.pins()


def path(project: str, *, bring: bool = False) -> Path:
    """See Session.path."""
    return _session.path(project, bring=bring)


def status() -> dict[str, Any]:
    """See Session.status."""
    return _session.status()


def profile(last: int = 10) -> dict[str, Any]:
    """See Session.profile."""
    return _session.profile(last)
