"""Which projects of a shelf are internal: first published from a file, so that no index knows them.

What says so is the first state of a project, which nobody changes. The catalog's list names those that may be.
"""

from __future__ import annotations

import re
from functools import partial

from .chains.chain import read_link
from .chains.commit import project_chain
from .chains.skips import find_seq
from .codecs.catalog import INTERNAL, parse_internal
from .errors import AccessDenied, ObjectMissing, ProjectMissing, UsageError
from .repository import Repository
from .stores.protocols import Get
from .visible import brief


def is_internal(repository: Repository, project: str) -> bool:
    """Whether the first wheel of ``project`` came from a file. False for what is not on the shelf."""
    try:
        head = repository.head(project)
    except ProjectMissing:
        return False
    first = find_seq(head, 1, partial(read_link, repository.store, project_chain(project)))
    if first is None:
        return False
    releases = (repository.release_at(project, version, entry.release) for version, entry in first.versions.items())
    return any(not wheel.origin for release in releases for wheel in release.wheels)


def read_internal(store: Get) -> set[str]:
    """The names that the catalog lists: whose default came from a file. It may lack some."""
    try:
        return set(parse_internal(store.get(INTERNAL)))
    except (ObjectMissing, AccessDenied):  # S3 denies what is not there to who may not list
        return set()


def internal_patterns(setting: str) -> list[str]:
    """Names, and beginnings of names (``acme-*``), that a shelf's setting has, normalized (PEP 503)."""
    return [re.sub(r"[-_.]+", "-", part.strip()).lower() for part in setting.split(",") if part.strip()]


def check_internal(setting: str) -> str:
    """The setting as it is stored. Raises UsageError."""
    patterns = internal_patterns(setting)
    if not patterns or not all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,127}\*?", pattern) for pattern in patterns):
        raise UsageError(f"{brief(setting)!r} are no names. Write them like: acme-*,ours")
    return ",".join(patterns)
