"""What a shelf lacks of a bundle, and how it is put there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..codecs.bundle import Carried
from ..codecs.manifest import parse_manifest
from ..codecs.names import manifest_key, named_project, pack_key, release_key
from ..codecs.release import parse_release
from ..errors import BundleInvalid, FormatUnknown, ObjectInvalid
from ..model import Entry, Head, Release
from ..publisher.upload import merge_wheels
from ..repository import Repository
from .file import BundleFile
from .rekey import rekey, rekey_manifest, rekey_release
from .selection import packs_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What a project lacks: releases as they will be under ``epoch``, and the objects below them.

    ``manifests`` and ``packs`` lead from the last part of a key on the shelf to a member of the bundle.
    """

    carried: Carried
    epoch: int
    releases: Mapping[str, Release]
    manifests: Mapping[str, str]
    packs: Mapping[str, str]


def order_carried(file: BundleFile) -> list[Carried]:
    """What others need first: between two commits a reader finds what a version requires."""
    waiting = {carried.project: carried for carried in file.index.projects}
    ordered: list[Carried] = []
    for start in file.index.projects:
        stack = [start] if waiting.pop(start.project, None) else []
        while stack:
            needed = next((n for n in _needed(file, stack[-1]) if n in waiting), None)
            if needed is not None:
                stack.append(waiting.pop(needed))
            else:
                ordered.append(stack.pop())
    return ordered


def _needed(file: BundleFile, carried: Carried) -> list[str]:
    """The projects that ``carried`` requires, whatever the markers say."""
    releases = [read_release(file, carried.project, *row) for row in carried.versions.items()]
    lines = dict.fromkeys(line for r in releases for wheel in r.wheels for line in wheel.requires_dist)
    return [named_project(line) for line in lines]


def plan_project(file: BundleFile, repository: Repository, carried: Carried) -> Plan:
    """Raises PublishFailed where the shelf has other bytes under a wheel's name, BundleInvalid for a damaged object."""
    project = carried.project
    head = repository.last_head(project)
    epoch = head.epoch if head else 0
    releases: dict[str, Release] = {}
    manifests: dict[str, str] = {}
    packs: dict[str, str] = {}
    for version, entry in carried.versions.items():
        release = read_release(file, project, version, entry)
        present = present_release(repository, head, version)
        if present is not None and merge_release(present, release) == present:
            continue
        parts: dict[str, str] = {}
        for part in dict.fromkeys(tree.manifest for wheel in release.wheels for tree in wheel.trees.values()):
            key = manifest_key(project, part)
            with bundled(file):
                manifest = parse_manifest(file.read(key), project, key)
            parts[part] = part if part == rekey(part, epoch) else rekey_manifest(manifest, epoch)[0]
            manifests[parts[part]] = key
            packs |= {rekey(pack, epoch): pack_key(project, pack) for pack in packs_of(manifest)}
        releases[version] = rekey_release(release, parts)
    for name in packs.values():
        file.check(name)
    return Plan(carried, epoch, releases, manifests, packs)


def manifest_bytes(file: BundleFile, plan: Plan, part: str) -> bytes:
    """The manifest ``part`` of a plan, as it will be on the shelf."""
    name, project = plan.manifests[part], plan.carried.project
    data = file.read(name)
    if name == manifest_key(project, part):
        return data
    with bundled(file):
        return rekey_manifest(parse_manifest(data, project, name), plan.epoch)[1]


def read_release(file: BundleFile, project: str, version: str, entry: Entry) -> Release:
    key = release_key(project, entry.release)
    with bundled(file):
        return parse_release(file.read(key), project, version, key)


def merge_release(present: Release, ours: Release) -> Release:
    """``present`` with the wheels and trees that it lacks; its own stay, because locks name them.

    Raises PublishFailed when it has another wheel of the same name.
    """
    wheels = present.wheels
    for wheel in ours.wheels:
        known = next((other.trees for other in wheels if other.filename == wheel.filename), {})
        wheels = merge_wheels(
            wheels, wheel._replace(trees={t: tree for t, tree in wheel.trees.items() if t not in known})
        )
    return present._replace(wheels=wheels)


def present_release(repository: Repository, head: Head | None, version: str) -> Release | None:
    entry = repository.versions_of(head).get(version) if head else None
    return repository.release_at(head.project, version, entry.release) if head and entry else None


@contextlib.contextmanager
def bundled(file: BundleFile) -> Iterator[None]:
    """What is wrong with an object of the bundle is wrong with the bundle, not with a shelf."""
    try:
        yield
    except ObjectInvalid as error:
        raise BundleInvalid(str(file.path), f"{error.key}: {error.reason}") from None
    except FormatUnknown as error:
        raise BundleInvalid(
            str(file.path), f"{error.key} has format {error.found}, and this cloudshelf reads up to {error.known}"
        ) from None
