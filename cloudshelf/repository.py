"""Reading a shelf: head → release → manifest, each verified before it is parsed, and cached by its digest."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .cache.lower_cache import LowerCache
from .cache.object_cache import ObjectCache
from .chains.seen_heads import SeenHeads
from .chains.skips import find_moment, latest_of
from .codecs.envelope import is_signed, parse_object
from .codecs.head import parse_head, parse_index
from .codecs.manifest import parse_manifest
from .codecs.names import (
    SHELF,
    head_key,
    history_key,
    index_key,
    is_normalized,
    is_sha256,
    manifest_key,
    project_of_key,
    provenance_key,
    release_key,
    sha256,
)
from .codecs.release import parse_release
from .errors import (
    AccessDenied,
    HeadReplayed,
    NoGrant,
    ObjectInvalid,
    ObjectMissing,
    ProjectMissing,
    ProjectMissingThen,
    ShelfError,
    ShelfMissing,
    VersionMissing,
    VersionPurged,
)
from .model import Entry, Head, Manifest, Release, without_purged
from .parallel import Task, map_parallel, spread
from .stores.protocols import Get

if TYPE_CHECKING:
    from .codecs.catalog import ProjectFacts, Row
    from .codecs.recall import BlockList
    from .signing.pins import Pins
    from .signing.trust import Trust

PARALLEL = 64  # two requests a project of a lock: who waits for one of fewer waits for an answer more
_SHELF_ID = re.compile(r"[0-9a-z][0-9a-z-]{7,63}")

T = TypeVar("T")


class ShelfInfo(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """What shelf.json says."""

    id: str
    name: str
    settings: Mapping[str, Any]


class Repository:
    """What a shelf holds.

    Heads are remembered for this object's life: one use of a shelf sees one state. May be used from several threads.
    ``cache`` is the folder of the user's cache, None for none. ``as_of``, a moment (as_of.py), shows every project as
    it was then. ``info`` is what shelf.json says, where that is known already. With ``pins`` heads that are not signed
    as the shelf's root document wants are refused (signing/). ``lower`` are caches below the user's.
    """

    def __init__(
        self,
        store: Get,
        *,
        cache: Path | None = None,
        as_of: str = "",
        info: ShelfInfo | None = None,
        lower: Sequence[LowerCache] = (),
        pins: Pins | None = None,
    ) -> None:
        self._store = store
        self.as_of = as_of
        self._since: dict[str, str] = {}  # when projects came that were not there at ``as_of``
        cache = own_folder(cache)
        self._objects = ObjectCache(cache, lower)
        self._seen = SeenHeads(cache)
        self._heads: dict[str, Head | None] = {}
        self._signed: dict[str, bytes] = {}  # the present heads that have signatures, as they are stored
        self._tried: set[str] = set()  # read ahead, once: who asks for it after that is told what failed
        self._parsed: dict[tuple[str, str], Any] = {}
        self._shards: dict[str, dict[str, str]] = {}
        self._info = info
        self._info_lock = threading.Lock()
        self._recalled: list[BlockList | None] = []  # nothing until it was read
        self._recalled_lock = threading.Lock()
        self._facts: tuple[ProjectFacts, ...] | None = None
        self.trust: Trust | None = None
        if pins is not None:
            from .signing.trust import Trust

            self.trust = Trust(store, lambda: self.info().id, pins, cache=cache)

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def store(self) -> Get:
        """What it reads."""
        return self._store

    def info(self) -> ShelfInfo:
        """shelf.json. Raises ShelfMissing, or FormatUnknown for a shelf of a later cloudshelf."""
        with self._info_lock:
            if self._info is None:
                self._info = self._read_info()
            return self._info

    def head(self, project: str) -> Head:
        """The head of ``project`` (normalized). Raises ProjectMissing, NoGrant, VersionPurged for one of which nothing
        is left, ObjectInvalid, HeadReplayed, SignatureError."""
        try:
            head = self.find_head(project)
        except NoGrant as error:
            raise NoGrant(*error.args[:3], self._suggest_visible(project)) from None
        if head is None:
            if project in self._since:
                raise ProjectMissingThen(project, self.as_of, self._since[project])
            raise ProjectMissing(project, self.suggest(project))
        if not head.versions and head.older is None:
            raise self._purged(head, list(head.purged)[-1])
        return head

    def find_head(self, project: str) -> Head | None:
        """The head of ``project``; None when the shelf does not have it. Raises as ``head``."""
        head = self.last_head(project)
        return None if head is None or head.vacant else head

    def last_head(self, project: str) -> Head | None:
        """The head of ``project``, even if it has no version: for who writes the next one. Raises as ``head``."""
        with suppress(KeyError):
            return self._heads[project]
        head = self._heads[project] = self._read_head(project)
        return head

    def signed_head(self, project: str) -> bytes:
        """The present head as it is stored, if it has signatures; else empty. Raises as ``head``."""
        self.find_head(project)
        return self._signed.get(project, b"")

    def earlier(self, project: str, seq: int, digest: str) -> Head:
        """An earlier head of ``project``, which a later one names. Raises ObjectMissing, ObjectInvalid."""
        key = history_key(project, seq, digest)
        found: Head = self._object(key, digest, lambda data, key: parse_head(data, project, key))
        if found.seq != seq:
            raise ObjectInvalid(key, f"it says sequence {found.seq}")
        return found

    def recalled(self) -> BlockList | None:
        """The block list as it is now, whatever ``as_of`` says; None where the shelf has none.

        One request more, and only where shelf.json says that there is one, or where one was seen. Raises ObjectMissing,
        ObjectInvalid, HeadReplayed, SignatureError.
        """
        info = self.info()
        with self._recalled_lock:
            if not self._recalled:
                self._recalled.append(self._read_recalled(info))
            return self._recalled[0]

    def _read_recalled(self, info: ShelfInfo) -> BlockList | None:
        seen, is_said = self._seen.highest(info.id, "recall:"), info.settings.get("recall") == "present"
        if not is_said and not seen and self.trust is None:  # nobody signs shelf.json
            return None
        from .codecs.recall import HEAD as RECALL
        from .codecs.recall import parse_block_list

        try:
            data = self._store.get(RECALL)
        except ObjectMissing:
            if seen:
                raise HeadReplayed(RECALL, 0, seen) from None
            if is_said:
                raise
            return None
        found = parse_block_list(data, RECALL)
        self.accept("recall:", RECALL, found.seq, data)
        return found

    @property
    def parts(self) -> tuple[Repository, ...]:
        """The repository of each shelf: this one. See ``layers.Layers``."""
        return (self,)

    def holder(self, project: str) -> Repository:
        """The repository that supplies ``project``: this one. See ``layers.Layers``."""
        return self

    def came_later(self, project: str) -> bool:
        """Whether ``find_head`` found that the shelf got ``project`` after ``as_of``."""
        return project in self._since

    def shelf_of(self, project: str) -> str:
        """The shelf to record with a pin of ``project``: none, where there is only one."""
        return ""

    def infos(self) -> tuple[ShelfInfo, ...]:
        """``info`` of every shelf."""
        return (self.info(),)

    def suggest(self, project: str) -> tuple[str, ...]:
        """Names on the shelf that are near ``project``; the catalog is read only for this, and may be out of reach."""
        try:
            names = [facts.project for facts in self.listing()]
        except ShelfError:
            return ()
        import difflib

        owner = [p for f in self._facts or () if project.replace("-", "_") in f.modules for p in (f.project,)]
        return tuple(dict.fromkeys([*owner, *difflib.get_close_matches(project, names, n=3, cutoff=0.6)]))[:3]

    def _suggest_visible(self, project: str) -> tuple[str, ...]:
        """Names that somebody who mistyped may have meant: none where the catalog shows that this one is there."""
        near = self.suggest(project)
        return () if any(facts.project == project for facts in self._facts or ()) else near

    def versions(self, project: str) -> dict[str, Entry]:
        """Every version of ``project``: the head's over the older index."""
        return self.versions_of(self.head(project))

    def versions_of(self, head: Head) -> dict[str, Entry]:
        """Every version that ``head`` knows; for a change that has to compare with it."""
        if head.older is None:
            return without_purged(head.versions, head.purged) if head.purged else dict(head.versions)
        index: dict[str, Entry] = self._object(
            index_key(head.project, head.older), head.older, lambda data, key: parse_index(data, head.project, key)
        )
        return without_purged(index | dict(head.versions), head.purged)

    def release(self, project: str, version: str) -> Release:
        """Raises VersionMissing, VersionPurged."""
        head = self.head(project)
        entry = head.versions.get(version)
        if entry is None:
            versions = self.versions_of(head)
            if version not in versions:
                raise self.lacking(head, version, versions)
            entry = versions[version]
        return self.release_at(project, version, entry.release)

    def lacking(self, head: Head, version: str, near: Iterable[str]) -> VersionMissing:
        """The error for a version that ``head`` does not have; ``near`` are those to name."""
        if version in head.purged:
            return self._purged(head, version)
        return VersionMissing(head.project, version, shorten(near))

    def _purged(self, head: Head, version: str) -> VersionPurged:
        purge, left = head.purged[version], shorten(self.versions_of(head))
        return VersionPurged(head.project, version, purge.reason, purge.by, purge.time, left)

    def explain_missing(self, project: str, part: str) -> VersionPurged | None:
        """Why the release or manifest ``part`` of ``project`` is not there, if the shelf knows. One request: the head
        that is remembered may be older than that."""
        try:
            head = self._read_head(project)
        except ShelfError:
            return None
        for version, purge in head.purged.items() if head is not None else ():
            if head is not None and part in (*purge.releases, *purge.manifests):
                return self._purged(head, version)
        return None

    def release_at(self, project: str, version: str, digest: str) -> Release:
        """The release by its digest, without a head: what a lock names. Raises ObjectMissing, VersionPurged."""
        try:
            parsed: Release = self._object(
                release_key(project, digest), digest, lambda data, key: parse_release(data, project, version, key)
            )
        except ObjectMissing as error:
            raise self.explain_missing(project, digest) or error from None
        return parsed

    def manifest(self, project: str, part: str) -> Manifest:
        """The manifest ``part``, "<sha256>.<epoch>". Raises ObjectMissing, VersionPurged."""
        try:
            parsed: Manifest = self._object(
                manifest_key(project, part),
                part.partition(".")[0],
                lambda data, key: parse_manifest(data, project, key),
            )
        except ObjectMissing as error:
            raise self.explain_missing(project, part) or error from None
        return parsed

    def provenance(self, project: str, digest: str) -> bytes:
        """What was kept with a wheel (PEP 740), as it came. Raises ObjectMissing, ObjectInvalid."""
        found: bytes = self._object(provenance_key(project, digest), digest, lambda data, key: data)
        return found

    def find_manifest(self, project: str, part: str, url: str = "") -> tuple[Manifest, str]:
        """The manifest, and the shelf to record with its pin (``shelf_of``)."""
        return self.manifest(project, part), ""

    def prefetch(
        self,
        projects: Iterable[str],
        *,
        closure: bool = False,
        extras: Mapping[str, Collection[str]] | None = None,
        hints: Iterable[Row] = (),
    ) -> None:
        """Read heads and default releases in parallel; what is missing or damaged shows when it is asked for.

        With ``closure`` the catalog's hints for ``projects``, and for those ``extras`` of them, are read at the same
        time, and all that they name as soon as they are there, instead of one generation after the other. ``hints`` are
        such rows (project, version, release), known. What a head says otherwise than a hint is read after it.
        """
        wanted = [project for project in dict.fromkeys(projects) if project not in self._heads.keys() | self._tried]
        self._tried.update(wanted)
        tasks: list[Task] = [(self._follow_head, project) for project in wanted]
        if wanted:
            tasks += [(self._follow_info,) if read == self.info else (_only, read) for read in self.needed_for_heads()]
        if closure:
            tasks += [(self._follow_closure, project, tuple((extras or {}).get(project, ()))) for project in wanted]
        spread([*tasks, *self._follow_rows(hints)], PARALLEL, ignoring=ShelfError)

    def needed_for_heads(self) -> list[Callable[[], object]]:
        """What has to be read before a head is taken: so that it can be read at the same time."""
        if self.trust is not None:
            return [self.info, self.trust.root]
        return [self.info] if self._seen.folder is not None else []  # what the shelf showed before is kept by its id

    def _follow_head(self, project: str) -> list[Task]:
        """A head, and then the default's release."""
        head = self.find_head(project)
        if head is None or head.default is None or head.default not in head.versions:
            return []
        return [(_only, self.release_at, project, head.default, head.versions[head.default].release)]

    def _follow_info(self) -> list[Task]:
        """shelf.json, and then the block list: if it says that there is one, or where signatures are required."""
        return [(_only, self.recalled)] if self.info().settings.get("recall") or self.trust is not None else []

    def _follow_closure(self, project: str, extras: tuple[str, ...]) -> list[Task]:
        return self._follow_rows(self.closure(project, extras))

    def _follow_rows(self, rows: Iterable[Row]) -> list[Task]:
        """The heads of hinted projects and, at the same time, the releases that they probably name."""
        rows = list(rows)
        hinted = rows if not self.as_of else ()  # hints are of today
        releases: list[Task] = [(_only, self.release_at, *row) for row in hinted if row[0] not in self._heads]
        return [*releases, *((self._follow_head, row[0]) for row in rows)]

    def closure(self, project: str, extras: Collection[str] = ()) -> tuple[Row, ...]:
        """The catalog's hint, maybe stale: (project, version, release) of what the default needs, itself first, and
        what ``extras`` of it need."""
        from .codecs.catalog import closure_key, parse_closure

        key = closure_key(project)
        try:
            return parse_closure(self._store.get(key), project, key, extras)
        except ObjectMissing:
            return ()

    def project_of(self, module: str) -> str | None:
        """The project that owns ``module`` or the nearest package around it; None if nobody does. One request."""
        owners = self._module_shard(module)
        name = module
        while name:
            if name in owners:
                return owners[name]
            name = name.rpartition(".")[0]
        return None

    def parts_of(self, namespace: str) -> tuple[str, ...]:
        """The modules on the shelf that lie in ``namespace``. One request, shared with ``project_of``."""
        return tuple(sorted(m for m in self._module_shard(namespace) if m.startswith(f"{namespace}.")))

    def listing(self, pause: Callable[[], object] = lambda: None) -> tuple[ProjectFacts, ...]:
        """What the catalog tells of every project, by name: 16 requests in parallel, however large the shelf.

        ``pause`` is called before each answer is parsed, which takes longer than asking on a shelf with many projects.
        Raises AccessDenied for who may not see its names.
        """
        return tuple(facts for facts in self.listing_of_all(pause) if facts.versions)

    def listing_of_all(self, pause: Callable[[], object] = lambda: None) -> tuple[ProjectFacts, ...]:
        """``listing``, with projects of which everything was purged."""
        known = self._facts
        if known is None:
            from .codecs.catalog import parse_listing, projects_keys

            keys = projects_keys()
            facts: list[ProjectFacts] = []
            for key, data in zip(keys, self._shards_of_listing(keys), strict=True):
                pause()
                facts += parse_listing(data, key).values() if data is not None else ()
            known = self._facts = tuple(sorted(facts, key=lambda f: f.project))
        return known

    def _shards_of_listing(self, keys: Sequence[str]) -> list[bytes | None]:
        """To who may not list, S3 denies a shard that is not there; who may read none of them may not see names."""

        def read(key: str) -> bytes | AccessDenied | None:
            try:
                return self._get_or_none(key)
            except AccessDenied as error:
                return error

        found = map_parallel(read, keys, PARALLEL)
        if all(isinstance(each, AccessDenied) for each in found):
            raise AccessDenied("the list of its projects", self.url)
        return [None if isinstance(each, AccessDenied) else each for each in found]

    def listed_on(self, project: str) -> str:
        """``shelf_of`` by the catalog alone."""
        return ""

    def forget(self, project: str | None = None) -> None:
        """Read the heads (or one) and the catalog anew from now on: after a change of our own."""
        if project is None:
            self._heads.clear()
            self._tried.clear()
        else:
            self._heads.pop(project, None)
            self._tried.discard(project)
        self._recalled.clear()
        self._shards.clear()
        self._facts = None

    def forget_read(self, project: str) -> None:
        """Keep nothing of ``project`` in memory: for who looks at many projects for a long time."""
        self._heads.pop(project, None)
        self._signed.pop(project, None)
        self._tried.discard(project)
        for name in self._parsed.copy():
            if project_of_key(name[0]) == project:
                self._parsed.pop(name, None)

    def _read_info(self) -> ShelfInfo:
        try:
            data = self._store.get(SHELF)
        except ObjectMissing:
            raise ShelfMissing(self.url) from None
        fields = parse_object(data, "shelf", SHELF)
        if not _SHELF_ID.fullmatch(fields.text("id")):  # it names a folder of the cache
            raise ObjectInvalid(SHELF, "its id is malformed")
        return ShelfInfo(fields.text("id"), fields.text("name"), fields.mapping("settings"))

    def _read_head(self, project: str) -> Head | None:
        if not is_normalized(project):
            return None
        key = head_key(project)
        try:
            data = self._store.get(key)
        except ObjectMissing:
            self.info()  # no shelf at all is another error
            return None
        except AccessDenied:
            raise self._no_grant(project) from None
        head = parse_head(data, project, key)
        self.accept(project, key, head.seq, data)
        if is_signed(data):
            self._signed[project] = data
        return self._head_then(head) if self.as_of else head

    def _head_then(self, head: Head) -> Head | None:
        """The head that held at ``as_of``; None where the project came later."""
        project = head.project
        then = find_moment(head, self.as_of, partial(self.earlier, project))
        if latest_of(then) <= self.as_of:
            left = without_purged(then.versions, head.purged)
            return then._replace(versions=left, purged=head.purged) if head.purged else then
        self._since[project] = latest_of(then)
        return None

    def accept(self, name: str, key: str, seq: int, data: bytes) -> None:
        """Take the head ``key``, remembered by ``name``, as that of ``seq``, or refuse it.

        Raises SignatureError where signatures are required, HeadReplayed when a newer one was seen.
        """
        by = self.trust.check(key, data) if self.trust is not None else None
        if self._seen.folder is None:
            return
        signer, trusted = (by.key_id, by.allowed) if by is not None else ("", None)
        self._seen.check(self.info().id, name, key, seq, sha256(data), signer=signer, trusted=trusted)

    def _object(self, key: str, digest: str, parse: Callable[[bytes, str], T]) -> T:
        """An immutable object: from memory, the cache or the store, verified by its name."""
        with suppress(KeyError):
            known: T = self._parsed[key, digest]
            return known
        if not is_sha256(digest):
            raise ObjectInvalid(key, "its name is not a digest")
        data = self._objects.get(digest)
        if data is not None:
            found = parse(data, key)
        else:
            with self._objects.turn(digest):
                found = self._fetch(key, digest, parse)
        self._parsed[key, digest] = found
        return found

    def _fetch(self, key: str, digest: str, parse: Callable[[bytes, str], T]) -> T:
        """An object that the cache did not have a moment ago."""
        data = self._objects.get(digest)
        if data is not None:  # another process was faster
            return parse(data, key)
        data = self._get_of_project(key)
        if sha256(data) != digest:
            raise ObjectInvalid(key, "its bytes are not those that its name says")
        parsed = parse(data, key)
        self._objects.put(digest, data)
        return parsed

    def _get_of_project(self, key: str) -> bytes:
        try:
            return self._store.get(key)
        except AccessDenied:
            raise self._no_grant(project_of_key(key)) from None

    def _no_grant(self, project: str) -> ShelfError:
        """Whom to ask is in the settings. Who may not even read those has no grant for the shelf: that is the error."""
        try:
            contact = self.info().settings.get("contact")
        except AccessDenied as error:
            return error
        except ShelfError:
            contact = None
        return NoGrant(project, self.url, contact if isinstance(contact, str) else "", ())

    def _module_shard(self, module: str) -> dict[str, str]:
        from .codecs.catalog import modules_key, parse_modules

        key = modules_key(module)
        if key not in self._shards:
            try:
                self._shards[key] = parse_modules(self._store.get(key), key)
            except ObjectMissing:
                self._shards[key] = {}
        return self._shards[key]

    def _get_or_none(self, key: str) -> bytes | None:
        try:
            return self._store.get(key)
        except ObjectMissing:
            return None


def _only(read: Callable[..., object], *args: str) -> tuple[Task, ...]:
    """Read something from which nothing else follows."""
    read(*args)
    return ()


def own_folder(cache: Path | None) -> Path | None:
    """``cache``, unless another user owns it: nothing is read from there or written to it.

    Looking at a shelf works without a cache; whoever needs the folder says what is wrong with it (CacheUnusable).
    """
    try:
        return cache if cache is None or cache.lstat().st_uid == os.geteuid() else None
    except FileNotFoundError:
        return cache
    except OSError:
        return None


def shorten(versions: Iterable[str], most: int = 12) -> tuple[str, ...]:
    """The newest versions, newest first, for a message; what is left out is counted."""
    from .ordering import version_order  # only messages are in order

    ordered = sorted(versions, key=version_order, reverse=True)
    if len(ordered) <= most:
        return tuple(ordered)
    return (*ordered[: most - 1], f"and {len(ordered) - most + 1} older")
