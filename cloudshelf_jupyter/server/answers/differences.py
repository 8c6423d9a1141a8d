"""How two versions of a project differ, and how two locks do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import cast

from cloudshelf.errors import UsageError
from cloudshelf.model import File, Kind, Release
from cloudshelf.verbs.locks import diff

from .. import wire
from ..folders import Tree
from ..shelves import OpenShelf, Shelves, chosen_wheel
from ..work import Job

MOST = 500  # files of each kind; who wants more looks at the trees


def diff_versions(job: Job, shelf: OpenShelf, project: str, **versions: str) -> wire.VersionDiff:
    """From version ``from`` to version ``to``: facts, requirements, and files by their digests."""
    opened = shelf.open()
    releases, trees = [], []
    for name in ("from", "to"):
        release = opened.repository.release(project, opened.find_version(project, versions[name]))
        job.pause()
        releases.append(release)
        trees.append(shelf.tree(opened, release))
    before, after = releases
    was, now = (set(chosen_wheel(release).requires_dist) for release in releases)
    return {
        "from": before.version,
        "to": after.version,
        "facts": [
            {"name": name, "from": old, "to": new}
            for (name, old), (_, new) in zip(_facts(before), _facts(after), strict=True)
            if old != new
        ],
        "requires": {"added": sorted(now - was), "removed": sorted(was - now)},
        "files": _diff_files(*(_files(tree) for tree in trees)),
    }


async def diff_locks(shelves: Shelves, before: str, after: str) -> wire.LocksDiff:
    """As ``cloudshelf diff``. Raises UsageError for what is no lock."""
    if not before.strip() or not after.strip():
        raise UsageError("Each of before and after is the text of a pylock.toml; one of them is empty.")
    sides = {
        "before": {"lock": before, "lock_name": "the earlier lock"},
        "after": {"lock": after, "lock_name": "the later lock"},
    }
    return cast(wire.LocksDiff, await asyncio.to_thread(diff, sides, lambda event: None))


def _facts(release: Release) -> Iterator[tuple[str, str]]:
    wheel = chosen_wheel(release)
    yield "summary", release.summary
    yield "license", release.license
    yield "requires_python", wheel.requires_python
    yield "extras", ", ".join(wheel.extras)
    yield "modules", ", ".join(wheel.modules)
    yield "scripts", ", ".join(wheel.scripts)
    yield "wheels", str(len(release.wheels))
    yield "size", str(wheel.size)
    yield "installed", str(wheel.installed)
    yield "packed", str(max(tree.packed for tree in wheel.trees.values()))
    yield "files", str(wheel.files)


def _files(tree: Tree) -> Mapping[str, File]:
    """By path, in which the folder of the metadata has no version; without bytecode, which follows from the sources."""
    own = f"-{tree.manifest.version}.dist-info/"
    files = (file for file in tree.manifest.files if file.kind is not Kind.BYTECODE)
    return {file.path.replace(own, ".dist-info/", 1): file for file in files}


def _diff_files(before: Mapping[str, File], after: Mapping[str, File]) -> wire.FilesDiff:
    added = [after[path] for path in sorted(after.keys() - before.keys())]
    removed = [before[path] for path in sorted(before.keys() - after.keys())]
    common = sorted(before.keys() & after.keys())
    changed = [(before[path], after[path]) for path in common if before[path].digest != after[path].digest]
    return wire.FilesDiff(
        added=[wire.SizedFile(path=file.path, size=file.size) for file in added[:MOST]],
        removed=[wire.SizedFile(path=file.path, size=file.size) for file in removed[:MOST]],
        changed=[{"path": new.path, "from": old.size, "to": new.size} for old, new in changed[:MOST]],
        truncated=max(len(added), len(removed), len(changed)) > MOST,
    )
