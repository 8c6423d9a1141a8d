"""Purging a version: taking it and its bytes off the shelf for good, whoever pinned it. See docs/format.md, "purging".

A new head without the version comes first. It says what was purged, by whom and why, so that a lock that pins it can be
told, and it begins a new epoch, as a collection does. Then what only that version had is deleted: packs, manifests, and
the releases last, by which a purge that was interrupted finds what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from ..chains.chain import Signer, moment, walk_chain
from ..chains.commit import Change, change_head, read_index
from ..codecs.named_lock import parse_lock_head
from ..codecs.names import manifest_key, named_lock, named_project
from ..errors import AccessDenied, ObjectInvalid, ObjectMissing, ShelfError, VersionMissing
from ..model import Head, Purge
from ..named_locks import lock_chain, read_content
from ..ordering import version_order
from ..repository import Repository, shorten
from ..stores.protocols import Get, Listing
from .collecting import CollectStore, delete_all
from .garbage import find_named, keys_of, named_keys, walk


class BreaksStore(Get, Listing, Protocol):
    """What finding out what a purge breaks needs of a store."""


@dataclass(frozen=True, slots=True)
class Dependent:
    """A project whose default requires the version; ``left`` is the newest other version that would do."""

    project: str
    version: str
    requires: str
    left: str


@dataclass(frozen=True, slots=True)
class Breaks:
    """What a purge takes away, and from whom."""

    project: str
    version: str
    default: bool  # whether a bare name takes it now
    versions: tuple[str, ...]  # the others, newest first
    objects: int
    bytes: int
    locks: tuple[str, ...]  # named locks that pin it: NAME, or NAME@STATE for an earlier state alone
    dependents: tuple[Dependent, ...]
    unseen: tuple[str, ...] = ()  # what of the two could not be looked at, for want of a grant


def find_breaks(store: BreaksStore, repository: Repository, project: str, version: str) -> Breaks:
    """What ``purge`` of ``version``, as the shelf spells it, would do. Raises ProjectMissing, VersionMissing."""
    head = repository.head(project)
    heads = walk(store, head)
    releases = _releases(store, heads, version)
    purged = {**head.purged, version: Purge(tuple(releases), (), "", "", "")}
    kept = named_keys(store, heads, head._replace(purged=purged))
    sizes = {stored.key: stored.size for stored in store.list(f"projects/{project}/")}
    gone = [key for keys in keys_of(store, project, releases) for key in keys if key in sizes and key not in kept]
    left = [other for other in repository.versions_of(head) if other != version]
    unseen: list[str] = []

    def seen(what: str, find: Callable[[], Iterable[Any]]) -> tuple[Any, ...]:
        try:
            return tuple(find())
        except AccessDenied:
            unseen.append(what)
            return ()

    locks = seen("which named locks pin it", lambda: _pinning(store, releases))
    dependents = seen("which projects need it", lambda: _dependents(repository, project, version, left))
    return Breaks(
        project=project,
        version=version,
        default=head.default == version,
        versions=shorten(left),
        objects=len(gone),
        bytes=sum(sizes[key] for key in gone),
        locks=locks,
        dependents=dependents,
        unseen=tuple(unseen),
    )


def purge(
    store: CollectStore,
    repository: Repository,
    project: str,
    version: str,
    *,
    reason: str,
    by: str,
    signer: Signer | None = None,
) -> tuple[Head, int]:
    """Take ``version``, as the shelf spells it, off the shelf for good; the new head, and how many objects it deleted.

    One that was interrupted is run again, and goes on. Raises ProjectMissing, VersionMissing, ObjectInvalid and
    ObjectMissing where it cannot be known what other versions need (nothing is deleted then), and as the store does.
    """
    doomed: dict[str, str] = {}  # release → version

    def change(present: Head | None) -> Change | None:
        if present is None:
            raise VersionMissing(project, version, ())
        before = present.purged.get(version)
        releases = _releases(store, walk(store, present), version)
        doomed.update(releases)
        if version not in repository.versions_of(present):
            if before is None:
                raise VersionMissing(project, version, shorten(repository.versions_of(present)))
            return None  # it is purged; what is left of it goes now
        _, manifests, _ = keys_of(store, project, releases)
        parts = [key.removeprefix(manifest_key(project, "")) for key in manifests]
        if before is not None:
            parts = [*dict.fromkeys([*before.manifests, *parts])]
        tombstone = Purge(tuple(releases), tuple(parts), reason, by, moment())
        return Change(purge={version: tombstone}, epoch=present.epoch + 1)

    head = change_head(store, project, change, by=by, action=f"purge {version}", signer=signer)
    _, kept = find_named(store, project)
    there = {stored.key for stored in store.list(f"projects/{project}/")}
    deleted = 0
    for keys in keys_of(store, project, doomed):
        gone = [key for key in keys if key in there and key not in kept]
        delete_all(store, gone)
        deleted += len(gone)
    return head, deleted


def _releases(store: Get, heads: Sequence[Head], version: str) -> dict[str, str]:
    """Every release that was ``version`` in one of ``heads``: digest → version."""
    lists = [head.versions for head in heads]
    lists += [read_index(store, heads[0].project, older) for older in {head.older for head in heads if head.older}]
    return {versions[version].release: version for versions in lists if version in versions}


def _pinning(store: BreaksStore, releases: Mapping[str, str]) -> Iterator[str]:
    """The named locks that pin one of ``releases``: their texts have its digest. Damaged ones are passed over."""
    for stored in store.list("locks/"):
        name = named_lock(stored.key)
        if name is None:
            continue
        with suppress(ObjectInvalid, ObjectMissing):
            newest, contents = True, dict[str, bool]()
            for state in walk_chain(store, lock_chain(name), parse_lock_head(store.get(stored.key), name, stored.key)):
                if state.lock not in contents:
                    text = read_content(store, state).decode("utf-8", "replace")
                    contents[state.lock] = any(digest in text for digest in releases)
                if contents[state.lock] and not state.removed:
                    yield name if newest else f"{name}@{state.seq}"
                    if newest:
                        break
                newest = False


def _dependents(repository: Repository, project: str, version: str, left: Sequence[str]) -> Iterator[Dependent]:
    """The projects whose default requires ``project`` so that ``version`` will do."""
    ordered = sorted(left, key=version_order, reverse=True)
    for facts in repository.listing():
        if facts.project == project or facts.default is None or project not in (facts.requires or (project,)):
            continue
        try:
            release = repository.release(facts.project, facts.default)
        except ShelfError:
            continue
        for line in dict.fromkeys(line for wheel in release.wheels for line in wheel.requires_dist):
            if named_project(line) == project and _admits(line, version):
                others = [other for other in ordered if _admits(line, other)]
                yield Dependent(facts.project, facts.default, line, others[0] if others else "")


def _admits(line: str, version: str) -> bool:
    try:
        return Requirement(line).specifier.contains(Version(version), prereleases=True)
    except (InvalidRequirement, InvalidVersion):
        return False
