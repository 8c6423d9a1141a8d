"""Garbage of a project: objects that no head names and none ever named, left by publishes that did not end.

What any head of the chain named is none, however old: locks outlive heads. Only a purge takes such things away. History
and index stay in any case: they are small, and nothing in their keys says under which epoch they were written, so a
publisher could rely on one that a slow collector is about to delete (docs/format.md, "collecting").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any, Protocol

from ..bundle.selection import packs_of, read_verified
from ..chains.commit import project_chain, walk_history
from ..codecs.head import parse_index
from ..codecs.manifest import parse_manifest
from ..codecs.names import (
    head_key,
    index_key,
    is_collectable,
    is_normalized,
    is_sha256,
    manifest_key,
    pack_key,
    release_key,
)
from ..codecs.release import parse_release
from ..errors import ObjectInvalid, ObjectMissing
from ..model import Head, without_purged
from ..parallel import map_parallel
from ..stores.protocols import Get, Listing, Stored

PARALLEL = 16


class GarbageStore(Get, Listing, Protocol):
    """What finding garbage needs of a store."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """What was found below one project; ``seq`` is that of the head it was compared with, 0 where there is none."""

    project: str
    seq: int
    objects: tuple[Stored, ...]


def list_projects(store: Listing) -> list[str]:
    """Every project that has objects, even if no publish of it ever ended."""
    names = dict.fromkeys(stored.key.split("/")[1] for stored in store.list("projects/") if stored.key.count("/") > 1)
    return [name for name in names if is_normalized(name)]


def find_garbage(store: GarbageStore, project: str) -> Garbage:
    """The garbage of ``project``.

    It is listed before the head is read: what a later head names too is then known to be none. Raises ObjectInvalid and
    ObjectMissing where it cannot be known what a head named, and what the store raises.
    """
    listed = [stored for stored in store.list(f"projects/{project}/") if is_candidate(project, stored.key)]
    seq, named = find_named(store, project)
    return Garbage(project, seq, tuple(stored for stored in listed if stored.key not in named))


def is_candidate(project: str, key: str) -> bool:
    """Whether ``key`` is that of a release, a manifest or a pack; what else lies there was written by nobody of us."""
    kind, _, name = key.removeprefix(f"projects/{project}/").partition("/")
    return (kind == "release" and is_sha256(name)) or (kind in ("manifest", "pack") and is_collectable(name))


def find_named(store: GarbageStore, project: str, *, since: int = 0) -> tuple[int, set[str]]:
    """The sequence of the head, 0 where there is none, and the keys that it names and those before it, after ``since``.

    What was purged is none of them. Raises as ``named_keys``.
    """
    head = read_head(store, project)
    while head is not None:
        try:
            return head.seq, named_keys(store, walk(store, head, since=since), head)
        except ObjectMissing:
            newer = read_head(store, project)
            if newer is None or newer.purged == head.purged:
                raise
            head = newer  # somebody purged what was just about to be read
    return 0, set()


def read_head(store: Get, project: str) -> Head | None:
    """The head as it stands; None where there is none. Raises ObjectInvalid."""
    try:
        return project_chain(project).parse(store.get(head_key(project)), head_key(project))
    except ObjectMissing:
        return None


def walk(store: GarbageStore, head: Head, *, since: int = 0) -> list[Head]:
    """Every head of the chain that is later than ``since``, newest first. Raises ObjectInvalid, ObjectMissing.

    Of a whole chain all that history has is read at once: 3,000 heads are not walked in 3,000 round trips.
    """
    keys = [stored.key for stored in store.list(f"projects/{head.project}/history/")] if not since else []
    return [*takewhile(lambda each: each.seq > since, walk_history(_Read(store, keys), head))]


def named_keys(store: Get, heads: Sequence[Head], newest: Head) -> set[str]:
    """The keys of releases, manifests and packs that ``heads`` name, less what ``newest`` says was purged.

    Raises ObjectInvalid and ObjectMissing for what cannot be read: then nobody knows what it names.
    """
    project = newest.project
    lists = [head.versions for head in heads]
    for digest in dict.fromkeys(head.older for head in heads if head.older):
        key = index_key(project, digest)
        lists.append(parse_index(read_verified(store, key, digest), project, key))
    releases = {
        entry.release: version
        for versions in lists
        for version, entry in without_purged(versions, newest.purged).items()
    }
    parts = _union(partial(_parts, store, project), releases.items())
    packs = _union(partial(_packs, store, project), parts)
    return {
        *(release_key(project, digest) for digest in releases),
        *(manifest_key(project, part) for part in parts),
        *(pack_key(project, pack) for pack in packs),
    }


def _union(read: Callable[[Any], set[str]], items: Iterable[Any]) -> set[str]:
    return set().union(*map_parallel(read, sorted(items), PARALLEL))


def keys_of(store: Get, project: str, releases: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    """The keys of packs, manifests and releases of ``releases`` (digest → version), as far as they can be read."""

    def tolerant(read: Callable[[Any], set[str]], item: Any) -> set[str]:
        try:
            return read(item)
        except (ObjectInvalid, ObjectMissing):
            return set()

    parts = _union(partial(tolerant, partial(_parts, store, project)), releases.items())
    packs = _union(partial(tolerant, partial(_packs, store, project)), parts)
    return (
        [pack_key(project, pack) for pack in sorted(packs)],
        [manifest_key(project, part) for part in sorted(parts)],
        [release_key(project, digest) for digest in releases],
    )


def _parts(store: Get, project: str, row: tuple[str, str]) -> set[str]:
    digest, version = row
    key = release_key(project, digest)
    release = parse_release(read_verified(store, key, digest), project, version, key)
    return {tree.manifest for wheel in release.wheels for tree in wheel.trees.values()}


def _packs(store: Get, project: str, part: str) -> set[str]:
    key = manifest_key(project, part)
    return packs_of(parse_manifest(read_verified(store, key, part.partition(".")[0]), project, key))


class _Read:
    """``store``, of which the objects ``keys`` were read at once."""

    def __init__(self, store: Get, keys: list[str]) -> None:
        self._store = store
        self._objects = dict(zip(keys, map_parallel(store.get, keys, PARALLEL), strict=True))

    @property
    def url(self) -> str:
        return self._store.url

    def get(self, key: str) -> bytes:
        found = self._objects.get(key)
        return self._store.get(key) if found is None else found
