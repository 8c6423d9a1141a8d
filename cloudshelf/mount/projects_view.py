"""The folder ``projects/`` of a drive: NAME/VERSION/… for every version that one may read.

Names come from the catalog and the heads (offers.py); what is in a version from its manifest (layout.py), one release
and one manifest for all of it; and contents through a flat environment, made when the first file is read (flat.py).
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..codecs.names import release_key
from ..errors import CacheUnusable, DiskFull, ObjectInvalid
from ..fetcher.environments import Environment
from ..model import Lock, Manifest, Pin, Release, Wheel
from ..recall.checking import Check
from ..resolving.fitting import pick_tree, pick_wheel
from ..shelf import Shelf
from ..target import Target, current_target
from .contents import Contents
from .flat import open_flat
from .kept import Kept
from .layout import VersionTree, os_error
from .offers import Offers
from .view import Entry, Opened

log = logging.getLogger(__name__)
TRIES = 10  # to open a file of an environment that others prune meanwhile
# What is kept, in files; a version counts as some more, for what it is itself.
MOST_SHOWN = 400_000  # of which names and attributes are known, some 200 bytes each
MOST_READ = 60_000  # in manifests, for who reads contents next, some 600 bytes each
MOST_OPEN = 200_000  # in flat environments, each of which has a descriptor, too


class _Version(NamedTuple):
    lock: Lock  # of its one wheel
    tree: VersionTree


class ProjectsView:
    """A ``View``. Raises ShelfError: NoGrant and Blocked for what one may not read, StoreError for an outage."""

    def __init__(self, shelf: Shelf, cache: Path, contents: Contents, target: Target | None = None) -> None:
        """``target`` decides which wheel of a version is shown; by default that of this machine and Python."""
        self._shelf = shelf
        self._cache = cache
        self._contents = contents
        self._target = target or current_target()
        self._offers = Offers(shelf.repository)
        self._folder = Entry("d", 0o755, 0, int(time.time()))
        self._versions: Kept[tuple[str, str], _Version] = Kept(MOST_SHOWN, lambda version: 50 + len(version.tree))
        self._manifests: Kept[str, Manifest] = Kept(MOST_READ, lambda manifest: 100 + len(manifest.files))
        self._environments: Kept[str, Environment] = Kept(MOST_OPEN, lambda environment: 1000 + len(environment))

    def entry(self, path: str) -> Entry | None:
        """As ``View.entry``."""
        project, version, rest = _split(path)
        if rest:  # most calls
            found = self._find(project, version)
            return found.tree.entry(rest) if found is not None else None
        if not project:
            return self._folder
        is_there = version in self._offers.versions(project) if version else self._offers.has(project)
        return self._folder if is_there else None

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        """As ``View.names``."""
        project, version, rest = _split(path)
        if not project:
            return [(name, self._folder) for name in self._offers.projects()]
        if version:
            found = self._find(project, version)
            if found is None:
                raise os_error(errno.ENOENT, path)
            return found.tree.names(rest)
        versions = self._offers.versions(project)
        if not versions and not self._offers.has(project):
            raise os_error(errno.ENOENT, path)
        return [(name, self._folder) for name in versions]

    def is_fixed(self, path: str) -> bool:
        """As ``View.is_fixed``: within a version."""
        return bool(_split(path)[1])

    def open(self, path: str) -> Opened:
        """As ``View.open``."""
        project, version, rest = _split(path)
        found = self._find(project, version)
        if found is None:
            raise os_error(errno.ENOENT, path)
        number = found.tree.number(rest)
        for tries in reversed(range(TRIES)):
            try:
                return self._contents.open(self._environment(found.lock), number)
            except CacheUnusable as error:
                if isinstance(error, DiskFull) or not tries:
                    raise
                self._environments.drop(found.lock.pins[0].manifest)  # it may have been pruned just now
        raise AssertionError("the last try returns or raises")

    def _find(self, project: str, version: str) -> _Version | None:
        release = self._offers.versions(project).get(version)
        if release is None:
            return None
        return self._versions.get((project, release), partial(self._read, project, version, release))

    def _read(self, project: str, version: str, digest: str) -> _Version:
        """Two requests, or none where this machine has been here before."""
        repository = self._shelf.repository
        try:
            wheel = self._pick(repository.release_at(project, version, digest), digest)
            pin = Pin(
                project=project,
                version=version,
                release=digest,
                wheel=wheel.filename,
                sha256=wheel.sha256,
                size=wheel.size,
                origin=wheel.origin,
                manifest=pick_tree(wheel, self._target).manifest,
                shelf=self._offers.shelf_of(project) if len(repository.parts) > 1 else "",
            )
            wanted = (f"{project}=={version}",)
            lock = Lock(self._shelf.url, wanted, self._target.python, self._target.cache_tag, (pin,))
            self._refuse_blocked(lock)
            return _Version(lock, VersionTree(self._manifest(lock)))
        finally:
            for part in repository.parts:
                part.forget_read(project)

    def _refuse_blocked(self, lock: Lock) -> None:
        check = Check(self._shelf.repository.parts, lock, self._cache)
        check.refuse()
        for note in check.notes:  # it goes on with an old list
            log.warning("%s", note)

    def _pick(self, release: Release, digest: str) -> Wheel:
        wheel = pick_wheel(release, self._target) or next((w for w in release.wheels if w.trees), None)
        if wheel is None:
            raise ObjectInvalid(release_key(release.project, digest), "it has no wheel")
        return wheel

    def _manifest(self, lock: Lock) -> Manifest:
        return self._manifests.get(lock.pins[0].manifest, lambda: self._shelf.manifests(lock)[0])

    def _environment(self, lock: Lock) -> Environment:
        return self._environments.get(lock.pins[0].manifest, partial(self._open_environment, lock))

    def _open_environment(self, lock: Lock) -> Environment:
        url = self._offers.shelf_of(lock.pins[0].project)
        store = next(store for store in self._shelf.stores if store.url == url)
        return open_flat(lock, self._manifest(lock), cache=self._cache, store=store)


def _split(path: str) -> tuple[str, str, str]:
    """Project, version, and the path in it; each may be empty."""
    project, _, inside = path.partition("/")
    version, _, rest = inside.partition("/")
    return project, version, rest
