"""Verifying a shelf: from every head down to every byte, by digest. Reads all of it; a curator's tool."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from ..chains.chain import walk_chain
from ..chains.commit import walk_history
from ..chains.skips import Linked
from ..codecs.catalog import parse_closure, parse_listing, parse_modules, projects_key
from ..codecs.named_lock import LOCKS, parse_locks
from ..codecs.names import head_key, manifest_key, named_lock, pack_key, release_key, sha256
from ..codecs.pack import decompress_frame
from ..errors import AccessDenied, ObjectInvalid, ObjectMissing, ProjectMissing, ShelfError, SignatureError, StoreError
from ..model import Manifest
from ..named_locks import accept_head, lock_chain, read_content
from ..repository import Repository
from ..stores.protocols import Get, Listing
from .garbage import find_garbage, list_projects

if TYPE_CHECKING:
    from ..signing.pins import Pins


class VerifyStore(Get, Listing, Protocol):
    """What verifying needs of a store."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One object that is not what its name or its parent says."""

    key: str
    reason: str


@dataclass(slots=True)
class VerifyReport:
    """What was looked at, and every damage found."""

    projects: int = 0
    releases: int = 0
    manifests: int = 0
    packs: int = 0
    locks: int = 0  # named ones
    garbage: int = 0  # objects that no head ever named
    garbage_bytes: int = 0
    bytes: int = 0
    damages: list[Damage] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # for want of a grant

    @property
    def sound(self) -> bool:
        return not self.damages


def verify_shelf(
    store: VerifyStore, projects: Sequence[str], progress: Callable[[str], None], *, pins: Pins | None = None
) -> VerifyReport:
    """Everything, or ``projects``; one damage does not hide the next, and what may not be read is named.

    Raises only when the store cannot be asked, and for a project that is not there.

    With ``pins`` a head that is not signed as it should be is damage, too.
    The catalog is looked at with everything only: no project has a part of it to itself.
    """
    report, seqs = VerifyReport(), dict[str, int]()
    for project in projects or _projects(store, report):
        progress(project)
        try:
            seqs[project] = _verify_project(store, Repository(store, pins=pins), project, report, asked=bool(projects))
            _weigh_garbage(store, project, report)
        except AccessDenied:
            report.projects -= 1
            report.unread.append(project)
        except (StoreError, ProjectMissing):
            raise
        except ShelfError as error:
            report.damages.append(_damage(error, f"projects/{project}"))
    if not projects:
        _look(lambda: _verify_locks(store, Repository(store, pins=pins), report), "the named locks", report)
        _look(lambda: _verify_catalog(store, seqs), "the catalog", report)
    return report


def _look(verify: Callable[[], Iterable[Damage]], what: str, report: VerifyReport) -> None:
    """What is no project's own; of that, who has grants for some projects sees a part, or nothing."""
    try:
        report.damages += verify()
    except AccessDenied:
        report.unread.append(what)


def _projects(store: VerifyStore, report: VerifyReport) -> list[str]:
    """All that are there; to who may not list them, those that the catalog shows."""
    try:
        return list(list_projects(store))
    except AccessDenied:
        report.unread.append("projects that the catalog does not show")
        return [facts.project for facts in Repository(store).listing()]


def _weigh_garbage(store: VerifyStore, project: str, report: VerifyReport) -> None:
    """Count what no head names. Where something cannot be read that is told as damage already."""
    with suppress(AccessDenied, ObjectInvalid, ObjectMissing):
        objects = find_garbage(store, project).objects
        report.garbage += len(objects)
        report.garbage_bytes += sum(stored.size for stored in objects)


def _verify_skips(heads: Iterable[Linked], key: str) -> list[Damage]:
    """What links of a chain, newest first, name something else than the chain has there."""
    chain = list(heads)
    digests = {head.seq - 1: head.prev for head in chain if head.prev}
    wrong = sorted({head.seq for head in chain for link in head.skips if digests.get(link.seq) != link.digest})
    return [Damage(key, f"state {seq} names an earlier one wrongly") for seq in wrong]


def _verify_locks(store: VerifyStore, repository: Repository, report: VerifyReport) -> Iterator[Damage]:
    """Every state of every named lock, and that the list has them all."""
    listed: set[str] | None = set()
    try:
        listed = set(parse_locks(store.get(LOCKS)))
    except ObjectMissing:
        pass
    except ObjectInvalid:  # which is told with the catalog
        listed = None
    unlisted = set[str]()
    for stored in store.list("locks/"):
        name = named_lock(stored.key)
        if name is None:
            continue
        report.locks += 1
        unlisted |= {name} - (listed if listed is not None else {name})
        try:
            states = list(walk_chain(store, lock_chain(name), accept_head(repository, name, store.get(stored.key))))
            yield from _verify_skips(states, stored.key)
            for digest in dict.fromkeys(state.lock for state in states):
                read_content(store, next(state for state in states if state.lock == digest))
        except (ObjectInvalid, ObjectMissing, SignatureError) as error:
            yield _damage(error, stored.key)
    if unlisted:
        yield Damage(LOCKS, f"it does not show {', '.join(sorted(unlisted))}")


def _verify_catalog(store: VerifyStore, seqs: Mapping[str, int]) -> Iterator[Damage]:
    """What of the catalog cannot be read, and which of the projects ``seqs`` it does not show as their heads are."""
    listed: dict[str, int] = {}
    unread: set[str] = set()
    for stored in store.list("catalog/"):
        kind, _, name = stored.key.removeprefix("catalog/").partition("/")
        try:
            if kind == "projects":
                listed |= {row.project: row.seq for row in parse_listing(store.get(stored.key), stored.key).values()}
            elif kind == "modules":
                parse_modules(store.get(stored.key), stored.key)
            elif stored.key == LOCKS:
                parse_locks(store.get(LOCKS))
            elif kind == "closure":
                parse_closure(store.get(stored.key), name, stored.key)
        except (ObjectInvalid, ObjectMissing) as error:
            unread.add(stored.key)
            yield _damage(error, stored.key)
    for project, seq in seqs.items():
        if projects_key(project) not in unread and listed.get(project, 0) < seq:
            yield Damage(projects_key(project), f"it does not show {project} as it is")


def _verify_project(
    store: VerifyStore, repository: Repository, project: str, report: VerifyReport, *, asked: bool
) -> int:
    """The sequence of the project's head; of those in a row that say the same, of the first. 0 where none is.

    Raises ProjectMissing where one was ``asked`` for by name, and what is wrong with a head.
    """
    report.projects += 1
    head = repository.last_head(project)
    if head is None or head.vacant:
        if asked:
            raise ProjectMissing(project, repository.suggest(project))
        report.projects -= 1  # all that is there is garbage
        return 0
    shown = head.seq
    try:
        chain = list(walk_history(store, head))
        report.damages += _verify_skips(chain, head_key(project))
        for newer, older in pairwise(chain):
            if (newer.versions, newer.older, newer.default) != (older.versions, older.older, older.default):
                break
            shown = older.seq  # a collector's head says nothing new, and no catalog has to show it
    except (ObjectInvalid, ObjectMissing) as error:
        report.damages.append(_damage(error, f"projects/{project}/history"))
    parts: dict[str, None] = {}
    for version, entry in repository.versions_of(head).items():
        try:
            release = repository.release_at(project, version, entry.release)
        except (ObjectInvalid, ObjectMissing) as error:
            report.damages.append(_damage(error, release_key(project, entry.release)))
            continue
        report.releases += 1
        parts |= {tree.manifest: None for wheel in release.wheels for tree in wheel.trees.values()}
    packs: dict[str, list[Manifest]] = {}
    for part in parts:
        try:
            manifest = repository.manifest(project, part)
        except (ObjectInvalid, ObjectMissing) as error:
            report.damages.append(_damage(error, manifest_key(project, part)))
            continue
        report.manifests += 1
        report.damages += [
            Damage(manifest_key(project, part), f"{path} is damaged") for path in _damaged_inline(manifest)
        ]
        for pack in dict.fromkeys(frame.pack for frame in manifest.frames):
            packs.setdefault(pack, []).append(manifest)
    for pack, manifests in packs.items():
        report.damages += _verify_pack(store, project, pack, manifests, report)
    return shown


def _damaged_inline(manifest: Manifest) -> Iterator[str]:
    for file in manifest.files:
        if file.frame < 0 and sha256(manifest.inline[file.path]) != file.digest:
            yield file.path


def _verify_pack(
    store: Get, project: str, pack: str, manifests: Sequence[Manifest], report: VerifyReport
) -> Iterator[Damage]:
    key = pack_key(project, pack)
    try:
        data = store.get(key)
    except ObjectMissing as error:
        yield _damage(error, key)
        return
    report.packs += 1
    report.bytes += len(data)
    if sha256(data) != pack.partition(".")[0]:
        yield Damage(key, "its bytes are not those that its name says")
    for manifest in manifests:
        try:
            for path in _damaged_files(manifest, pack, data, project):
                yield Damage(key, f"{path} of {manifest.wheel} is damaged")
        except ObjectInvalid as error:
            yield _damage(error, key)


def _damaged_files(manifest: Manifest, pack: str, data: bytes, project: str) -> Iterator[str]:
    """Files of ``manifest`` that do not come out of ``pack`` as they went in. A file lies in one pack."""
    contents: dict[int, bytes] = {}
    for file in manifest.files:
        if file.frame < 0 or manifest.frames[file.frame].pack != pack:
            continue
        digest, number, start, left = hashlib.sha256(), file.frame, file.offset, file.size
        while left > 0:
            if number not in contents:
                frame = manifest.frames[number]
                contents = {n: c for n, c in contents.items() if n >= file.frame}  # files stand in pack order
                raw = memoryview(data)[frame.offset : frame.offset + frame.length]
                contents[number] = decompress_frame(raw, frame, project)
            piece = contents[number][start : start + left]
            digest.update(piece)
            number, start, left = number + 1, 0, left - len(piece)
        if digest.hexdigest() != file.digest:
            yield file.path


def _damage(error: ShelfError, key: str) -> Damage:
    if isinstance(error, ObjectMissing):
        return Damage(str(error.args[0]), "it is missing")
    if isinstance(error, ObjectInvalid) and len(error.args) > 1:
        return Damage(str(error.args[0]), str(error.args[1]))
    return Damage(key, str(error))
