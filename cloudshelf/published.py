"""When a version came to a shelf, and by whom: the first state of its project that has it."""

from __future__ import annotations

from .chains.skips import find_first
from .model import Head
from .repository import Repository

MOST = 48  # states that are looked at: of 3,000 that link to earlier ones some 30; old chains have no such links


def find_published(repository: Repository, head: Head, version: str) -> Head | None:
    """The state at which ``head``, which has ``version``, got it; None where that would take too many requests.

    Raises ObjectMissing and ObjectInvalid for a history that is broken, and what the store raises.
    """
    seen: dict[int, Head] = {}

    def read(seq: int, digest: str) -> Head:
        if seq not in seen:
            if len(seen) == MOST:
                raise _TooMany
            seen[seq] = repository.earlier(head.project, seq, digest)
        return seen[seq]

    def has(earlier: Head) -> bool:
        return version in earlier.versions or version in repository.versions_of(earlier)

    try:
        return find_first(head, has, read)
    except _TooMany:
        return None


class _TooMany(Exception):
    """More states than anybody should wait for."""
