"""Why something that an environment needs is not on its shelf any more."""

from __future__ import annotations

from ..codecs.head import parse_head
from ..codecs.names import head_key
from ..errors import ObjectMissing, ShelfError, VersionPurged
from .environments import Environment


def explain(environment: Environment, project: str, error: Exception) -> Exception:
    """``error``, which came when something of ``project`` was read; for what was purged, VersionPurged.

    One request, and only where something is missing.
    """
    if not isinstance(error, ObjectMissing):
        return error
    key = head_key(project)
    try:
        head = parse_head(environment.store.get(key), project, key)
    except ShelfError:
        return error
    version = next(str(p["version"]) for p in environment.projects if p["name"] == project)
    purge = head.purged.get(version)
    if purge is None or version in head.versions:
        return error
    return VersionPurged(project, version, purge.reason, purge.by, purge.time, tuple(head.versions)[:12])
