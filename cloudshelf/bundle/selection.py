"""What goes into a bundle: whole releases, with every object that they name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..codecs.bundle import Carried, Member
from ..codecs.manifest import parse_manifest
from ..codecs.names import manifest_key, pack_key, provenance_key, release_key, sha256
from ..codecs.release import parse_release
from ..errors import ObjectInvalid, ObjectMissing
from ..model import Manifest, Release
from ..ordering import version_order
from ..parallel import map_parallel
from ..repository import Repository
from ..stores.protocols import Get, Listing

PARALLEL = 16


class SelectionStore(Get, Listing, Protocol):
    """What selecting needs of a store."""


def carry(repository: Repository, project: str, versions: Iterable[str]) -> Carried:
    """``versions`` of ``project`` as its head has them. The default is the shelf's if it is one of them, else the
    newest: a bare name has to mean something where they arrive. Raises ProjectMissing, VersionMissing."""
    head = repository.head(project)
    known = repository.versions_of(head)
    for version in versions:
        repository.release(project, version)  # raises for one that is not there, with those that are
    chosen = {version: known[version] for version in sorted(versions, key=version_order)}
    offered = [version for version, entry in chosen.items() if entry.yanked is None]
    default = head.default if head.default in chosen else (offered or list(chosen))[-1]
    return Carried(project, default, chosen)


def find_objects(store: SelectionStore, carried: Carried) -> list[Member]:
    """Every object of ``carried``: packs, then manifests, then releases, each in the order of their keys.

    Raises ObjectMissing or ObjectInvalid for what is not on the shelf as it should be.
    """
    project = carried.project
    rows: list[Member] = []
    parts: list[str] = []
    releases: list[Release] = []
    for version, entry in carried.versions.items():
        key = release_key(project, entry.release)
        data = read_verified(store, key, entry.release)
        rows.append(Member(key, len(data), entry.release))
        releases.append(parse_release(data, project, version, key))
        parts += [tree.manifest for wheel in releases[-1].wheels for tree in wheel.trees.values()]

    for key in provenance_keys(project, releases):
        digest = key.rpartition("/")[2]
        rows.append(Member(key, len(read_verified(store, key, digest)), digest))

    def look(part: str) -> tuple[Member, set[str]]:
        key, digest = manifest_key(project, part), part.partition(".")[0]
        data = read_verified(store, key, digest)
        return Member(key, len(data), digest), packs_of(parse_manifest(data, project, key))

    looked = map_parallel(look, sorted(set(parts)), PARALLEL)
    sizes = {stored.key: stored.size for stored in store.list(f"projects/{project}/pack/")}
    packs = []
    for part in sorted(set().union(*(names for _, names in looked))):
        key = pack_key(project, part)
        if key not in sizes:
            raise ObjectMissing(key, store.url)
        packs.append(Member(key, sizes[key], part.partition(".")[0]))
    return [*packs, *(member for member, _ in looked), *sorted(set(rows), key=lambda row: row.name)]


def packs_of(manifest: Manifest) -> set[str]:
    """The packs that a manifest names, "<sha256>.<epoch>"."""
    return {frame.pack for frame in manifest.frames}


def read_verified(store: Get, key: str, digest: str) -> bytes:
    """An object's bytes. Raises ObjectInvalid when they are others than its name says."""
    data = store.get(key)
    if sha256(data) != digest:
        raise ObjectInvalid(key, "its bytes are not those that its name says")
    return data


def provenance_keys(project: str, releases: Iterable[Release]) -> list[str]:
    """Where it is kept in what wheels of ``releases`` say that they were built (PEP 740)."""
    digests = {wheel.provenance for release in releases for wheel in release.wheels if wheel.provenance}
    return [provenance_key(project, digest) for digest in sorted(digests)]
