"""What the catalog tells, kept in memory and asked again only whether it changed.

A shelf of 10,000 projects has 16 shards of some 50 kB each: asked anew they answer "not modified" without a body.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

from cloudshelf.codecs.catalog import ProjectFacts, parse_listing, projects_keys
from cloudshelf.codecs.named_lock import LOCKS, LockFacts, parse_locks
from cloudshelf.codecs.names import sha256
from cloudshelf.errors import ObjectMissing
from cloudshelf.parallel import map_parallel
from cloudshelf.searching import SearchIndex
from cloudshelf.stores.protocols import GetChanged

T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """Every project and named lock, as one moment of the catalog has them."""

    projects: Mapping[str, ProjectFacts]  # by name
    locks: Mapping[str, LockFacts]  # by name
    tag: str  # another one for another content of the projects

    @cached_property
    def index(self) -> SearchIndex:
        return SearchIndex(self.projects.values())

    @cached_property
    def dependents(self) -> Mapping[str, list[str]] | None:
        """Who needs a project, by its default; None where the catalog does not say it of all."""
        found: dict[str, list[str]] = {}
        for facts in self.projects.values():
            if facts.requires is None:
                return None
            for name in facts.requires:
                found.setdefault(name, []).append(facts.project)
        return found


class Catalog:
    """The listing of one shelf. Any thread.

    ``changed`` is called with "catalog" or "lock", and an etag, when a later look finds another state.
    """

    def __init__(self, fresh: float, changed: Callable[[str, str], None]) -> None:
        self._fresh = fresh
        self._changed = changed
        self._shards = [_Object(key, partial(parse_listing, key=key)) for key in projects_keys()]
        self._locks = _Object(LOCKS, parse_locks)
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._listing: Listing | None = None

    def read(self, store: GetChanged, pause: Callable[[], object]) -> Listing:
        """The listing, at most ``fresh`` seconds old; one look for all who ask at the same time."""
        with self._lock:
            if self._listing is None or time.monotonic() - self._looked > self._fresh:
                return self._look(store, pause)
            return self._listing

    def look(self, store: GetChanged, pause: Callable[[], object]) -> Listing:
        """The listing as it is now."""
        with self._lock:
            return self._look(store, pause)

    def _look(self, store: GetChanged, pause: Callable[[], object]) -> Listing:
        before, self._listing = self._listing, None  # after a failure it is put together anew
        objects: list[_Object[Any]] = [*self._shards, self._locks]
        found = map_parallel(lambda each: each.ask(store), objects, len(objects))
        news = [each.key for each, answer in zip(objects, found, strict=True) if each.take(answer, pause)]
        self._looked = time.monotonic()
        self._listing = self._put_together() if news or before is None else before
        if before is not None and any(key != LOCKS for key in news):
            self._changed("catalog", self._listing.tag)
        if before is not None and LOCKS in news:
            self._changed("lock", self._locks.etag)
        return self._listing

    def _put_together(self) -> Listing:
        rows = {name: row for shard in self._shards for name, row in shard.value.items()}
        tag = sha256("\n".join(shard.etag for shard in self._shards).encode())
        locks = {name: row for name, row in self._locks.value.items() if row.tag}  # the others were removed
        return Listing(_sorted(rows), _sorted(locks), tag)


def _sorted(rows: Mapping[str, T]) -> Mapping[str, T]:
    return {name: rows[name] for name in sorted(rows)}


class _Object(Generic[T]):
    """One object of the catalog: its etag, and what it says; nothing where it is not there."""

    def __init__(self, key: str, parse: Callable[[bytes], dict[str, T]]) -> None:
        self.key = key
        self.etag = ""
        self.value: dict[str, T] = {}
        self._parse = parse

    def ask(self, store: GetChanged) -> tuple[bytes, str] | None:
        """What it is now; None where it is what it was; no bytes and no etag where it is not there."""
        try:
            return store.get_changed(self.key, self.etag)
        except ObjectMissing:
            return (b"", "") if self.etag else None

    def take(self, answer: tuple[bytes, str] | None, pause: Callable[[], object]) -> bool:
        """Whether ``answer`` is news. Raises ObjectInvalid, and then it is asked again next time."""
        if answer is None:
            return False
        pause()
        data, etag = answer
        self.value = self._parse(data) if etag else {}
        self.etag = etag
        return True
