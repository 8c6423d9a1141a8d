"""Shelf: one object, one method a verb; wiring only; what the methods return is in answers.py.

A method imports what it alone needs: a lock that is there already is used without resolver, commit or catalog.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from .cache.lower_cache import LowerCache
from .codecs.lock import parse_lock
from .codecs.names import is_normalized, manifest_key, named_extras, named_project, normalize
from .codecs.origin import public_origin
from .errors import LockMissing, NoShelf, ObjectInvalid, SeveralShelves, UsageError
from .layers import Layers
from .model import Loaded, Lock, Manifest, Pin, Wheel
from .parallel import map_parallel
from .repository import PARALLEL, Repository, ShelfInfo
from .stores.opening import open_store
from .stores.protocols import Store
from .urls import split_urls
from .visible import brief

if TYPE_CHECKING:
    from .answers import Changed, FileFacts, Found, LogEntry, NewsPage, Shown, VersionFacts, Why
    from .chains.chain import Signer
    from .codecs.catalog import ProjectFacts
    from .codecs.named_lock import LockHead
    from .head_changes import HeadChanges
    from .named_locks import NamedLocks
    from .news import Event
    from .recall.matching import Listed
    from .resolving.resolver import Resolution
    from .signing.pins import Pins
    from .target import Target
    from .upkeep.verification import VerifyReport


class Shelf:
    """A shelf of distributions, or several in order (layers.py).

    ``cache`` is the folder of the user's cache, None for none. ``as_of``, a moment (as_of.py), shows the projects as
    they were then. ``info`` is what shelf.json of an only shelf says, where that is known already. ``signer`` signs
    what changes; with ``pins`` only what is signed is taken. ``lower`` are caches below the user's (lower_cache.py).
    """

    def __init__(
        self,
        *stores: Store,
        cache: Path | None = None,
        as_of: str = "",
        info: ShelfInfo | None = None,
        lower: Sequence[LowerCache] = (),
        signer: Signer | None = None,
        pins: Pins | None = None,
    ) -> None:
        self.signer = signer
        self.pins = pins
        self._stores = stores
        self.cache = cache
        self._repositories = [
            Repository(store, cache=cache, as_of=as_of, info=info, lower=lower, pins=pins) for store in stores
        ]
        self.repository = self._repositories[0] if len(stores) == 1 else Layers(self._repositories)

    @classmethod
    def open(
        cls, url: str, *, cache: Path | None = None, environ: Mapping[str, str] | None = None, as_of: str = ""
    ) -> Shelf:
        """The shelf at ``url``, or several (urls.join_urls), without a request: what is wrong shows when it is used."""
        return cls(*(open_store(each, environ=environ) for each in split_urls(url)), cache=cache, as_of=as_of)

    @classmethod
    def init(
        cls,
        url: str,
        *,
        name: str = "",
        settings: Mapping[str, str] | None = None,
        by: str = "",
        cache: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Shelf:
        """Create a shelf at ``url``; ``settings`` are fields of shelf_settings.py. Raises ShelfExists."""
        from .chains.commit import init_shelf

        shelf = cls.open(url, cache=cache, environ=environ)
        init_shelf(shelf.store, name or shelf.url.rstrip("/").rsplit("/", 1)[-1], settings, by=by)
        return shelf

    @property
    def url(self) -> str:
        return self.repository.url

    @property
    def store(self) -> Store:
        """The one store of this shelf: to change something. Raises SeveralShelves."""
        if len(self._stores) > 1:
            raise SeveralShelves([store.url for store in self._stores])
        return self._stores[0]

    @property
    def stores(self) -> tuple[Store, ...]:
        """The store of each shelf, in order: to read what is on all of them."""
        return self._stores

    def holding(self, project: str) -> Store:
        """The store of the shelf that supplies ``project``. Raises ProjectMissing."""
        url = self.repository.holder(project).url
        return next(store for store in self._stores if store.url == url)

    def info(self) -> ShelfInfo:
        return self.repository.info()

    def infos(self) -> tuple[ShelfInfo, ...]:
        """What each of the shelves says of itself, in order. Raises ShelfMissing."""
        return self.repository.infos()

    @property
    def named_locks(self) -> NamedLocks:
        """The locks that live on this shelf; of several, on the first."""
        from .named_locks import NamedLocks

        return NamedLocks(self._stores[0], self._repositories[0], self.signer)

    def read_named_lock(self, text: str) -> tuple[LockHead, str]:
        """``NamedLocks.read``, from the first shelf that has such a lock."""
        from .named_locks import NamedLocks

        missing: LockMissing | None = None
        for store, repository in zip(self._stores, self._repositories, strict=True):
            try:
                return NamedLocks(store, repository).read(text)
            except LockMissing as error:
                missing = missing or error
        raise missing or NoShelf()

    def without_cache(self) -> Shelf:
        """The same, with everything read anew from the store."""
        return Shelf(*self._stores, pins=self.pins)

    # looking

    def projects(self, pause: Callable[[], object] = lambda: None) -> tuple[ProjectFacts, ...]:
        """Every project, from the catalog; ``pause`` as in ``Repository.listing``."""
        self.info()
        return self.repository.listing(pause)

    def listed_on(self, project: str) -> str:
        """Which of several shelves supplies ``project``, as their catalogs have it; "" for an only one."""
        return self.repository.listed_on(project)

    def versions(self, project: str) -> tuple[VersionFacts, ...]:
        """The versions of ``project``, newest first. Raises ProjectMissing."""
        from .answers import VersionFacts
        from .ordering import version_order

        head = self.repository.head(normalize(project))
        entries = self.repository.versions_of(head)
        blocked = self._reasons(head.project, [(version, "") for version in entries])
        return tuple(
            VersionFacts(version, version == head.default, entry.yanked, entry.release, blocked.get(version))
            for version in sorted(entries, key=version_order, reverse=True)
            for entry in (entries[version],)
        )

    def files(self, project: str, version: str, target: Target | None = None) -> tuple[FileFacts, ...]:
        """The installed tree of a version, of the wheel for ``target`` (default: here) or else its first."""
        from .answers import FileFacts
        from .resolving.fitting import pick_tree, pick_wheel
        from .target import current_target

        name = normalize(project)
        release = self.repository.release(name, self.find_version(name, version))
        target = target or current_target()
        wheel = pick_wheel(release, target) or release.wheels[0]
        manifest = self.repository.manifest(name, pick_tree(wheel, target).manifest)
        found = [FileFacts(f.path, f.size, f.kind.value) for f in manifest.files]
        found += [FileFacts(path, 0, "link", target) for path, target in manifest.links.items()]
        return tuple(sorted(found, key=lambda facts: facts.path))

    def ls(
        self, what: str | None = None
    ) -> tuple[ProjectFacts, ...] | tuple[VersionFacts, ...] | tuple[FileFacts, ...]:
        """Projects, or the versions of "PROJECT", or the files of "PROJECT==VERSION"."""
        if what is None:
            return self.projects()
        project, version = split_pin(what)
        return self.versions(project) if version is None else self.files(project, version)

    def show(self, what: str) -> Shown:
        """What there is to know of "PROJECT" (its default, else newest version) or "PROJECT==VERSION"."""
        from .answers import Shown, wheel_facts
        from .ordering import version_order

        name, wanted = split_pin(what)
        head = self.repository.head(name)
        entries = self.repository.versions_of(head)
        latest = max((v for v, e in entries.items() if e.yanked is None), key=version_order, default=None)
        version = self.find_version(name, wanted) if wanted else head.default or latest or max(entries)
        release = self.repository.release_at(name, version, entries[version].release)
        return Shown(
            project=name,
            version=version,
            default=head.default,
            latest=latest,
            versions=len(entries),
            yanked=entries[version].yanked,
            blocked=self._reasons(name, [(version, wheel.sha256) for wheel in release.wheels]).get(version),
            summary=release.summary,
            license=release.license,
            requires=_union(wheel.requires_dist for wheel in release.wheels),
            extras=_union(wheel.extras for wheel in release.wheels),
            modules=_union(wheel.modules for wheel in release.wheels),
            scripts=_union(wheel.scripts for wheel in release.wheels),
            wheels=tuple(wheel_facts(wheel, self._provenance(name, wheel)) for wheel in release.wheels),
            released=min((wheel.released for wheel in release.wheels if wheel.released), default=""),
            changed=head.time,
            changed_by=head.by,
            signed=self._signature_of(name),
        )

    def search(self, words: str, *, most: int = 50) -> tuple[Found, ...]:
        """Projects whose name, modules or summary hold all ``words``, the best first."""
        from .answers import Found
        from .searching import SearchIndex

        return tuple(
            Found(f.project, f.summary, f.default, f.latest, f.modules, why)
            for f, why in SearchIndex(self.projects()).search(words)[:most]
        )

    def find_version(self, project: str, version: str) -> str:
        """The version as the shelf spells it ("2.1" finds "2.1.0"). Raises VersionMissing with what is there."""
        from .ordering import version_order

        entries = self.repository.versions(project)
        if version in entries:
            return version
        for known in entries:
            if version_order(known) == version_order(version):
                return known
        near = [known for known in entries if known.startswith(f"{version.rstrip('.*')}.")]
        raise self.repository.holder(project).lacking(self.repository.head(project), version, near or entries)

    def log(self, project: str) -> tuple[LogEntry, ...]:
        """Who did what, newest first, each entry verified by the next."""
        return self.news(project).entries

    def news(self, project: str = "", *, since: str = "", before: str = "", most: int = 0) -> NewsPage:
        """Who did what to ``project``, or to any project, named lock and part of the shelf (settings, trust, blocks).

        Newest first, from the moment ``since`` on, before ``before``; ``most`` entries (news.cut_page), 0 for all.
        Raises AccessDenied for who may not see names, and SeveralShelves; of a project as ``Repository.head``.
        """
        from .answers import NewsPage
        from .news import cut_page, project_history, read_news

        if project:
            repository = self.repository.holder(normalize(project))
            events = project_history(repository, normalize(project))
            page, more = cut_page(events, since=since, before=before, most=most)
            return NewsPage(self._log_entries(repository, page), (), more)
        self.info()
        repository = self.repository.holder(self.store.url)
        found = read_news(repository, self.named_locks, since=since, before=before, most=most)
        return NewsPage(self._log_entries(repository, found.events), found.denied, found.more)

    def _log_entries(self, repository: Repository, events: Sequence[Event]) -> tuple[LogEntry, ...]:
        from .answers import LogEntry
        from .news import name_signers_of

        names = name_signers_of(repository, events)
        return tuple(
            LogEntry(e.seq, e.time, e.by, e.action, e.default, names.get(e, ""), e.project, e.lock, e.part)
            for e in events
        )

    def _provenance(self, project: str, wheel: Wheel) -> str:
        """Where a wheel says that it was built; one request, for one that says so."""
        if not wheel.provenance:
            return ""
        from .provenance import describe_provenance

        return describe_provenance(self.repository.holder(project), project, wheel)

    def _signature_of(self, project: str) -> str:
        repository = self.repository.holder(project)
        if not repository.signed_head(project):
            return ""
        from .signing.telling import describe_signature

        return describe_signature(repository, project)

    def blocks(self) -> tuple[Listed, ...]:
        """What is blocked on any of the shelves; this machine remembers it. Raises as ``machine.read_blocks``."""
        from .recall.machine import read_blocks

        return tuple(block for repository in self.repository.parts for block in read_blocks(self.cache, repository))

    def _reasons(self, project: str, wheels: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Why each version is blocked that is; of (version, sha256 of a wheel)."""
        from .recall.matching import Part, find_blocked

        parts = [Part(project, *each) for each in wheels]
        return {part.version: found.block.reason for part, found in find_blocked(parts, self.blocks())}

    # locks

    def lock(
        self,
        requirements: Sequence[str],
        *,
        target: Target | None = None,
        loaded: Mapping[str, Loaded] | None = None,
        preferred: Lock | None = None,
        constraints: Sequence[str] = (),
        admitted: Mapping[str, Collection[str]] | None = None,
        variant: str = "",
    ) -> Resolution:
        """See ``resolver.resolve``; ``target`` is this interpreter unless given.

        ``variant`` (a label, such as "cpu") overrules which build of a version this machine would take.
        """
        pinned = {pin.project for pin in preferred.pins} if preferred else set()
        names = [name for name in map(named_project, requirements) if is_normalized(name) and name not in pinned]
        extras: dict[str, set[str]] = {}
        for requirement in requirements:
            extras.setdefault(named_project(requirement), set()).update(named_extras(requirement))
        ahead = threading.Thread(
            target=self.repository.prefetch, args=(names,), kwargs={"closure": True, "extras": extras}
        )
        ahead.start()  # the first answers come while the resolver loads
        from .resolving.resolver import resolve
        from .resolving.variants import Variants
        from .target import current_target

        ahead.join()
        resolution = resolve(
            requirements,
            self.repository,
            target or current_target(),
            loaded=loaded,
            preferred=preferred,
            constraints=constraints,
            variants=Variants(variant),
            admitted=admitted,
            blocks=self.blocks(),
        )
        return resolution._replace(lock=resolution.lock._replace(as_of=self.repository.as_of))

    def read_lock(self, text: str, source: str, *, target: Target | None = None) -> Lock:
        """The lock in ``text``, whoever wrote it, with pins of this shelf. Raises UsageError, VersionMissing."""
        from .target import current_target

        target = target or current_target()
        lock = parse_lock(text, source, environment=target.environment, tags=target.tags)
        return self.repin(lock, target) if not lock.shelf else lock

    def repin(self, lock: Lock, target: Target) -> Lock:
        """A foreign lock with this shelf's releases: the same wheels, by their sha256, or an error that names one."""
        self.repository.prefetch(pin.project for pin in lock.pins)
        pins = tuple(self._repin(pin, target) for pin in lock.pins)
        return lock._replace(shelf=self.url, python=target.python, tag=target.cache_tag, pins=pins)

    def _repin(self, pin: Pin, target: Target) -> Pin:
        from .resolving.fitting import pick_tree

        version = self.find_version(pin.project, pin.version)
        entry = self.repository.versions(pin.project)[version]
        release = self.repository.release_at(pin.project, version, entry.release)
        for wheel in release.wheels:
            if wheel.sha256 == pin.sha256:
                return pin._replace(
                    version=version,
                    release=entry.release,
                    wheel=wheel.filename,
                    size=wheel.size,
                    origin=wheel.origin or public_origin(pin.origin),
                    manifest=pick_tree(wheel, target).manifest,
                    requires_python=wheel.requires_python,
                    shelf=self.repository.shelf_of(pin.project),
                )
        raise UsageError(
            f"The lock wants {pin.wheel} with sha256 {pin.sha256[:12]}…, but the shelf has other wheels of "
            f"{pin.project} {version}. A curator adds that wheel with: cloudshelf publish {pin.wheel}"
        )

    def manifests(self, lock: Lock) -> list[Manifest]:
        """The manifests of a lock, in its order; from the cache, or in parallel. No head is read.

        Raises ObjectInvalid for a manifest of another wheel than the pin's.
        """
        return [manifest for manifest, _ in self._find_manifests(lock)]

    def check_pins(self, lock: Lock, *, remembered: Path | None = None) -> None:
        """Where signatures are required: that a signed head of each project names what ``lock`` has of it.

        Asked of heads, releases and manifests, all at once; once for each lock, where ``remembered`` is a cache. Raises
        PinUnsigned, and as ``Repository.head``.
        """
        if self.pins is not None:
            from .signing.locks import check_pins

            check_pins(self.repository, lock, self.pins, remembered)

    def move(self, lock: Lock) -> Lock:
        """A lock of another shelf, or of shelves that have moved, as one of this: the same bytes, by their digests.

        Raises ObjectMissing for what is not here.
        """
        places = [place for _, place in self._find_manifests(lock)]
        pins = tuple(pin._replace(shelf=place) for pin, place in zip(lock.pins, places, strict=True))
        return lock._replace(shelf=self.url, pins=pins)

    def _find_manifests(self, lock: Lock) -> list[tuple[Manifest, str]]:
        """Each with the shelf that has it."""
        find = self.repository.find_manifest
        found = map_parallel(lambda pin: find(pin.project, pin.manifest, pin.shelf), lock.pins, PARALLEL)
        for pin, (manifest, _) in zip(lock.pins, found, strict=True):
            if (manifest.version, manifest.wheel) != (pin.version, pin.wheel):
                raise ObjectInvalid(manifest_key(pin.project, pin.manifest), f"it is the manifest of {manifest.wheel}")
        return found

    def why(self, project: str, lock: Lock, *, most: int = 5) -> Why:
        """The shortest chains from what was asked for to ``project``. Raises UsageError when it is not pinned."""
        from .answers import Why

        name = normalize(project)
        pins = {pin.project: pin for pin in lock.pins}
        if name not in pins:
            raise UsageError(f"{name} is not pinned here. Pinned: {', '.join(pins) or 'nothing'}.")
        asked = {named_project(text): text for text in reversed(lock.requirements)}
        chains: list[tuple[str, ...]] = []
        paths: list[tuple[str, ...]] = [(name,)]
        while paths and len(chains) < most:
            path = paths.pop(0)
            if path[0] in asked:
                chains.append((f"{asked[path[0]]} was asked for", *self._links(path, pins)))
            above = sorted(p.project for p in lock.pins if path[0] in p.dependencies and p.project not in path)
            if len(path) < 12:
                paths += [(parent, *path) for parent in above][: 4 * most]
        return Why(name, pins[name].version, tuple(chains))

    def _links(self, path: Sequence[str], pins: Mapping[str, Pin]) -> list[str]:
        links = []
        for parent, child in pairwise(path):
            pin = pins[parent]
            lines: tuple[str, ...] = ()
            if pin.release:
                release = self.repository.release_at(parent, pin.version, pin.release)
                lines = next((w.requires_dist for w in release.wheels if w.sha256 == pin.sha256), ())
            words = next((line.partition(";")[0].strip() for line in lines if named_project(line) == child), child)
            links.append(f"{parent} {pin.version} wants {words}")
        return links

    # changing

    def default(self, project: str, version: str, *, by: str) -> Changed:
        """What a bare name takes from now on. These four raise as ``head_changes.HeadChanges``, and SeveralShelves."""
        name = normalize(project)
        return self._changes.set_default(name, self.find_version(name, version), by=by)

    def yank(self, project: str, version: str, *, reason: str = "", by: str) -> Changed:
        """Only requirements that pin it exactly take it from now on (PEP 592)."""
        name = normalize(project)
        return self._changes.set_yanked(name, self.find_version(name, version), reason, by=by)

    def unyank(self, project: str, version: str, *, by: str) -> Changed:
        name = normalize(project)
        return self._changes.set_yanked(name, self.find_version(name, version), None, by=by)

    def rollback(self, project: str, seq: int | None = None, *, by: str) -> Changed:
        """A new head with the list of an older one: that of ``seq``, or the one before the last change."""
        return self._changes.roll_back(normalize(project), seq, by=by)

    @property
    def _changes(self) -> HeadChanges:
        from .head_changes import HeadChanges

        return HeadChanges(self.store, self._repositories[0], self.signer)

    def verify(self, projects: Iterable[str] = (), *, progress: Callable[[str], None] | None = None) -> VerifyReport:
        """Read everything (or these projects) and compare every byte with its digest."""
        from .upkeep.verification import verify_shelf

        self.info()
        names = [normalize(project) for project in projects]
        return verify_shelf(self.store, names, progress or (lambda _: None), pins=self._verified_pins())

    def _verified_pins(self) -> Pins | None:
        """Whose signatures ``verify`` looks for: those that are pinned, else those that the shelf itself says."""
        if self.pins is not None or not self.info().settings.get("trust"):
            return self.pins
        from .signing.pins import UNPINNED

        return UNPINNED

    def rebuild_catalog(self) -> tuple[ProjectFacts, ...]:
        """Write the catalog anew from the heads, whatever is damaged or missing of it; what it now shows."""
        from .catalog import rebuild_catalog

        self.info()
        self.repository.forget()
        return rebuild_catalog(self.store)

    def __repr__(self) -> str:
        return f"Shelf({self.url!r})"


LONGEST_PIN = 200  # characters: a name is a part of keys, and on a shelf in a folder that of a file


def split_pin(text: str) -> tuple[str, str | None]:
    """("torch", None) or ("torch", "2.1") from what ls, show, yank and default take. Raises UsageError."""
    match = re.fullmatch(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:==\s*([^\s=,;]+))?\s*", text, re.ASCII)
    if match is None or match[1][-1] in "._-" or len(text) > LONGEST_PIN:
        raise UsageError(f"'{brief(text)}' is not a project or a version of one. Write it like torch or torch==2.1.2.")
    return normalize(match[1]), match[2]


def check_project(text: str) -> str:
    """The normalized name of a project, for verbs that take no version. Raises UsageError."""
    project, version = split_pin(text)
    if version is not None:
        raise UsageError(f"{brief(text)} is a version; this takes a project: {project}")
    return project


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
