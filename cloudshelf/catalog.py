"""Keeping the catalog: derived from the heads, so whatever is lost here is rebuilt, and no reader relies on it.

Except for one thing: which project owns a module is first come, because an import that nobody pinned follows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from .chains.backoff import pause
from .codecs.catalog import (
    INTERNAL,
    ProjectFacts,
    Row,
    closure_key,
    format_closure,
    format_internal,
    format_listing,
    format_modules,
    modules_key,
    modules_keys,
    parse_internal,
    parse_listing,
    parse_modules,
    projects_key,
    projects_keys,
)
from .codecs.named_lock import LOCKS, LockFacts, facts_of, format_locks, parse_lock_head, parse_locks
from .codecs.names import lock_head_key, named_lock, normalize
from .errors import (
    AccessDenied,
    Conflict,
    ObjectInvalid,
    ObjectMissing,
    OutcomeUnknown,
    ProjectMissing,
    ShelfError,
)
from .ordering import version_order
from .parallel import map_parallel
from .repository import Repository
from .stores.protocols import Get, GetTagged, Listing, Replace
from .target import supported_environments

PARALLEL = 16
ATTEMPTS = 60
CLOSURE = 400  # projects in a hint; more are found as they are asked for

T = TypeVar("T")


class CatalogStore(Get, GetTagged, Replace, Protocol):
    """What keeping the catalog needs of a store."""


class RebuildStore(CatalogStore, Listing, Protocol):
    """What rebuilding it needs."""


def project_facts(repository: Repository, project: str) -> ProjectFacts:
    """What the catalog shall tell of ``project``, from its head and the default's release."""
    head = repository.last_head(project)
    if head is None:
        raise ProjectMissing(project, ())
    versions = repository.versions_of(head)
    offered = [version for version, entry in versions.items() if entry.yanked is None] or list(versions)
    latest = max(offered, key=version_order, default=None)
    shown = head.default if head.default in versions else latest
    summary, modules, requires, from_file = "", set[str](), set[str](), False
    if shown is not None:
        release = repository.release_at(project, shown, versions[shown].release)
        summary = release.summary
        modules = {module for wheel in release.wheels for module in wheel.modules}
        lines = (line for wheel in release.wheels for line in wheel.requires_dist)
        requires = {normalize(requirement.name) for requirement in _needed(lines, set())}
        from_file = any(not wheel.origin for wheel in release.wheels)
    return ProjectFacts(
        project=project,
        seq=head.seq,
        summary=summary[:200],
        default=head.default,
        latest=latest,
        versions=len(versions),
        modules=tuple(sorted(modules)),
        requires=tuple(sorted(requires)),
        from_file=from_file,
        closure=(closure := default_closure(repository, project)),
        extras=_extras(repository, project, closure),
    )


def default_closure(repository: Repository, project: str, extras: Iterable[str] = ()) -> tuple[Row, ...]:
    """(project, version, release) of the defaults that the default of ``project``, with ``extras``, needs on any
    supported interpreter, itself first.

    A hint for readers who want to ask for all heads at once: no resolution, extras as their requirements name them.
    """
    rows: dict[str, Row] = {}
    generation: dict[str, set[str]] = {project: set(extras)}
    done: dict[str, set[str]] = {}
    while generation and len(rows) < CLOSURE:
        repository.prefetch(generation)
        following: dict[str, set[str]] = {}
        for name, extras in generation.items():
            done.setdefault(name, set()).update(extras)
            try:
                head = repository.head(name)
                if head.default is None:
                    continue
                release = repository.release(name, head.default)
            except ShelfError:
                continue  # a dependency that is not on the shelf has no place in a hint
            rows[name] = (name, head.default, repository.versions_of(head)[head.default].release)
            for requirement in _needed((line for w in release.wheels for line in w.requires_dist), extras):
                needed = normalize(requirement.name)
                wanted = {normalize(extra) for extra in requirement.extras}
                if needed not in done or not wanted <= done[needed]:
                    following.setdefault(needed, set()).update(wanted)
        generation = following
    return tuple(rows.values())


def _extras(repository: Repository, project: str, base: Sequence[Row]) -> dict[str, tuple[Row, ...]]:
    """What each extra of the default needs besides ``base``, where it needs something."""
    release = next((repository.release_at(*row) for row in base if row[0] == project), None)
    names = sorted({normalize(extra) for wheel in release.wheels for extra in wheel.extras}) if release else []
    default_closure(repository, project, names)  # reads all at once what each one is then answered from
    found = {extra: default_closure(repository, project, [extra]) for extra in names}
    return {extra: more for extra, rows in found.items() if (more := tuple(row for row in rows if row not in base))}


def update_catalog(store: CatalogStore, facts: Sequence[ProjectFacts]) -> None:
    """Bring the catalog up to ``facts``; unowned modules become the project's, owned ones stay with their owner.

    Several publishers may do this at once: every object is written under the condition that nobody else did.
    """
    listings = _by_key(facts, lambda fact: [projects_key(fact.project)])
    modules = _by_key(facts, lambda fact: [modules_key(module) for module in fact.modules])
    jobs: list[Callable[[], None]] = [
        *(partial(_update_listing, store, key, group) for key, group in listings.items()),
        *(partial(_claim_modules, store, key, group) for key, group in modules.items()),
        *(partial(_write_closure, store, fact) for fact in facts),
    ]
    named = {fact.project for fact in facts if fact.from_file}
    if named:
        jobs.append(partial(_update, store, INTERNAL, parse_internal, set[str](), lambda n: n | named, format_internal))
    _run(jobs)


def update_locks(store: CatalogStore, rows: Sequence[LockFacts]) -> None:
    """Bring the list of named locks up to ``rows``."""

    def merge(known: dict[str, LockFacts]) -> dict[str, LockFacts]:
        return known | {row.name: row for row in rows if row.name not in known or row.seq >= known[row.name].seq}

    empty: dict[str, LockFacts] = {}
    _update(store, LOCKS, parse_locks, empty, merge, lambda known: format_locks(known.values()))


def module_owners(store: Get, modules: Iterable[str]) -> dict[str, str]:
    """Who owns ``modules`` already, and what else begins with their first names: module → project.

    A part of a namespace is owned by itself, not by its root.
    """
    roots = {module.partition(".")[0] for module in modules}
    wanted = _by_key(roots, lambda root: [modules_key(root)])

    def read(key: str) -> dict[str, str]:
        try:
            owners = parse_modules(store.get(key), key)
        except ObjectMissing:
            return {}
        return {module: owner for module, owner in owners.items() if module.partition(".")[0] in roots}

    with ThreadPoolExecutor(PARALLEL) as pool:
        return {module: owner for found in pool.map(read, wanted) for module, owner in found.items()}


def refresh_catalog(store: CatalogStore, repository: Repository, projects: Iterable[str]) -> None:
    """Tell the catalog what it does not know of ``projects``: by this change, or one that was killed before this step.

    Raises ObjectInvalid and what the store raises.
    """
    repository.forget()
    heads = {project: repository.last_head(project) for project in projects}
    known = _listed_seqs(store, heads)
    stale = [project for project, head in heads.items() if head is not None and known.get(project) != head.seq]
    if stale:
        update_catalog(store, [project_facts(repository, project) for project in stale])
        repository.forget()


def _listed_seqs(store: Get, projects: Iterable[str]) -> dict[str, int]:
    """Up to which head the catalog knows each of ``projects``. Reads the shards of these alone."""

    def read(key: str) -> dict[str, int]:
        try:
            return {name: facts.seq for name, facts in parse_listing(store.get(key), key).items()}
        except (ObjectMissing, AccessDenied):  # S3 denies what is not there to who may not list
            return {}

    shards = map_parallel(read, sorted({projects_key(project) for project in projects}), PARALLEL)
    return {name: seq for shard in shards for name, seq in shard.items()}


def rebuild_catalog(store: RebuildStore, repository: Repository | None = None) -> tuple[ProjectFacts, ...]:
    """Write the whole catalog anew from the heads; what it now tells.

    Owners stay where they still bring the module; a module of which two projects claim an unknown ownership goes to the
    one whose history began first by the store's clock. Lists the store: never on the path of an import.
    """
    repository = repository or Repository(store)
    began: dict[str, float] = {}
    projects = []
    for stored in store.list("projects/"):
        name, _, rest = stored.key.removeprefix("projects/").partition("/")
        if rest == "head":
            projects.append(name)
        elif rest.startswith("history/"):
            began[name] = min(stored.modified, began.get(name, stored.modified))
    facts = [project_facts(repository, project) for project in projects]
    facts.sort(key=lambda fact: (began.get(fact.project, 0.0), fact.project))  # first come owns
    _release_modules(store, facts)
    update_catalog(store, facts)
    _drop_vanished(store, frozenset(projects))
    own = {fact.project for fact in facts if fact.from_file}
    _update(store, INTERNAL, parse_internal, set[str](), lambda _: own, format_internal)
    _rebuild_locks(store)
    return tuple(sorted(facts, key=lambda fact: fact.project))


def _needed(lines: Iterable[str], extras: set[str]) -> list[Requirement]:
    """Those that hold on some interpreter: who reads a hint may have another one than who writes it."""
    environments = [
        environment | {"extra": extra} for environment in supported_environments() for extra in ("", *extras)
    ]
    found = []
    for line in dict.fromkeys(lines):
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or any(_holds(requirement.marker, each) for each in environments):
            found.append(requirement)
    return found


def _holds(marker: Marker, environment: Mapping[str, str]) -> bool:
    try:
        return marker.evaluate(dict(environment))
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


def _update_listing(store: CatalogStore, key: str, facts: Sequence[ProjectFacts]) -> None:
    def merge(rows: dict[str, ProjectFacts]) -> dict[str, ProjectFacts]:
        newer = {
            f.project: f._replace(closure=(), from_file=False)
            for f in facts
            if f.project not in rows or f.seq >= rows[f.project].seq  # a slower publisher does not undo a faster one
        }
        return rows | newer

    _change_listing(store, key, merge)


def _claim_modules(store: CatalogStore, key: str, facts: Sequence[ProjectFacts]) -> None:
    def claim(owners: dict[str, str]) -> dict[str, str]:
        claims = {m: f.project for f in reversed(facts) for m in f.modules if modules_key(m) == key}
        return claims | owners

    _change_owners(store, key, claim)


def _write_closure(store: CatalogStore, fact: ProjectFacts) -> None:
    key = closure_key(fact.project)
    _update(store, key, lambda data: data, b"", lambda _: format_closure(fact), lambda data: data)


def _release_modules(store: CatalogStore, facts: Sequence[ProjectFacts]) -> None:
    """Take modules from owners that bring them no more; a damaged shard begins anew."""
    brought = {(module, fact.project) for fact in facts for module in fact.modules}

    def keep(owners: dict[str, str]) -> dict[str, str]:
        return {module: project for module, project in owners.items() if (module, project) in brought}

    _run([partial(_change_owners, store, key, keep, mend=True) for key in modules_keys()])


def _drop_vanished(store: CatalogStore, projects: frozenset[str]) -> None:
    def keep(rows: dict[str, ProjectFacts]) -> dict[str, ProjectFacts]:
        return {name: row for name, row in rows.items() if name in projects}

    _run([partial(_change_listing, store, key, keep) for key in projects_keys()])


def _rebuild_locks(store: RebuildStore) -> None:
    """The list of named locks, from their heads; one whose head is damaged stays as it was listed."""
    names = [name for stored in store.list("locks/") if (name := named_lock(stored.key)) is not None]
    rows = {}
    for name in names:
        with suppress(ObjectInvalid):
            rows[name] = facts_of(parse_lock_head(store.get(lock_head_key(name)), name, lock_head_key(name)))
    empty: dict[str, LockFacts] = {}

    def merge(known: dict[str, LockFacts]) -> dict[str, LockFacts]:
        return {name: row for name, row in known.items() if name in names} | rows

    if rows or names:
        _update(store, LOCKS, parse_locks, empty, merge, lambda known: format_locks(known.values()))


def _change_listing(
    store: CatalogStore, key: str, merge: Callable[[dict[str, ProjectFacts]], dict[str, ProjectFacts]]
) -> None:
    empty: dict[str, ProjectFacts] = {}
    _update(store, key, partial(parse_listing, key=key), empty, merge, lambda rows: format_listing([*rows.values()]))


def _change_owners(
    store: CatalogStore, key: str, merge: Callable[[dict[str, str]], dict[str, str]], *, mend: bool = False
) -> None:
    """A damaged shard of owners is not replaced unless ``mend``: whoever came next would own what it held."""
    empty: dict[str, str] = {}
    _update(store, key, partial(parse_modules, key=key), empty, merge, format_modules, mend=mend)


def _update(
    store: CatalogStore,
    key: str,
    parse: Callable[[bytes], T],
    empty: T,
    merge: Callable[[T], T],
    encode: Callable[[T], bytes],
    *,
    mend: bool = True,
) -> None:
    """Read, merge, write if nobody else wrote; again when somebody did.

    Merging twice changes nothing more, so a lost reply needs no search; what would stay the same is not written.
    With ``mend`` a damaged object is replaced. To who may not list, S3 denies what is not there; creating it finds out.
    """
    for attempt in range(ATTEMPTS):
        began = time.monotonic()
        etag: str | None = None
        value, damaged = empty, False
        denied: AccessDenied | None = None
        try:
            data, etag = store.get_tagged(key)
            value = parse(data)
        except ObjectMissing:
            pass
        except AccessDenied as error:
            denied = error
        except ObjectInvalid:
            if not mend:
                raise
            damaged = True
        merged = merge(value)
        if merged == value and not damaged:
            return
        try:
            store.replace(key, encode(merged), etag=etag)
            return
        except (Conflict, OutcomeUnknown) as error:
            if denied is not None and isinstance(error, Conflict):
                raise denied from None
            pause(attempt, time.monotonic() - began if isinstance(error, Conflict) else 0)
    raise Conflict(key)


K = TypeVar("K")


def _by_key(items: Iterable[K], keys: Callable[[K], Iterable[str]]) -> dict[str, list[K]]:
    groups: dict[str, list[K]] = {}
    for item in items:
        for key in dict.fromkeys(keys(item)):
            groups.setdefault(key, []).append(item)
    return groups


def _run(jobs: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="cloudshelf-catalog") as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()
