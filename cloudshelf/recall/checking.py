"""Whether something of a lock is blocked: asked of every shelf that the lock is of, while its environment is found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from ..errors import BlocksUnknown
from ..importing.blocklist import OFFLINE, Known, read_known, when
from ..model import Lock
from ..repository import Repository
from .machine import Renewal, blocks_of
from .matching import Listed, Part, blocked_error, find_blocked


class Check:
    """A lock and the lists of its shelves. A block of any of them counts for every pin.

    So a team's shelf that has a copy of a wheel does not let through what the organization's has blocked.
    """

    def __init__(self, repositories: Sequence[Repository], lock: Lock, cache: Path) -> None:
        """Begins to ask, where that is due. Raises UsageError for settings that are wrong."""
        self._repositories, self._cache = repositories, cache
        self._parts = [Part(pin.project, pin.version, pin.sha256) for pin in lock.pins]
        self._renewals = [Renewal(cache, repository) for repository in repositories]
        self.notes: list[str] = []

    def refuse(self) -> None:
        """Raises Blocked; BlocksUnknown where a list is too old, cannot be renewed, and the settings refuse that."""
        self._refuse([renewal.result() for renewal in self._renewals])

    def refuse_news(self) -> None:
        """``refuse``, of lists that came while the environment was built: who wrote them did not know of that."""
        known = [renewal.result() for renewal in self._renewals]
        news = [read_known(str(self._cache), each.shelf) for each in known]
        self._refuse([new for new, old in zip(news, known, strict=True) if new and new.seq != old.seq])

    def _refuse(self, known: Sequence[Known]) -> None:
        self.notes = [note for each in self._renewals if (note := _note(each))]
        if not self._find(known):
            return
        again = [Renewal(self._cache, repository, force=True) for repository in self._repositories]
        found = self._find([renewal.result() for renewal in again])  # it may have been unblocked since
        if found:
            raise blocked_error(found)

    def _find(self, known: Sequence[Known]) -> list[tuple[Part, Listed]]:
        return find_blocked(self._parts, [block for each in known for block in blocks_of(each)])


def _note(renewal: Renewal) -> str:
    """A line for what is older than it may be; the first who found out says it. Raises BlocksUnknown."""
    known = renewal.result()
    if known.is_fresh(time.time()):
        return ""
    cause = known.cause.rstrip(".") or "it cannot be asked"
    if known.offline != OFFLINE[0]:
        raise BlocksUnknown(known.shelf, cause, when(known.checked))
    if not renewal.asked:
        return ""
    return f"What is blocked on {known.shelf} was last read {when(known.checked)}; it goes on with that: {cause}."
