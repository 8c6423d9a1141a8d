"""Putting a bundle on a shelf: everything is verified first, then uploaded, and the heads come last.

Objects that are there already are not sent again, so an import that was interrupted goes on where it stopped, and one
that was done does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..catalog import CatalogStore, module_owners, refresh_catalog
from ..chains.chain import Signer
from ..chains.commit import Change, change_head, put_immutable
from ..codecs.names import manifest_key, pack_key, release_key, sha256
from ..codecs.release import format_release
from ..errors import AccessDenied, CatalogOutdated, Conflict, KeyNotAllowed, ObjectInvalid, PolicyRefused, StoreError
from ..model import Entry, Head
from ..ordering import version_order
from ..recall.blocking import take_over
from ..repository import Repository
from ..stores.protocols import Get, GetTagged, Listing, PutNew, Replace
from ..vetting.shelf_policy import facts_of_releases, refusals, shelf_policy
from .file import BundleFile
from .plan import Plan, manifest_bytes, merge_release, order_carried, plan_project, present_release
from .selection import provenance_keys

if TYPE_CHECKING:
    from ..signing.pins import Pins

PARALLEL = 4  # packs in flight, each held whole
ATTEMPTS = 5  # epochs that may begin while one import runs
IMPORTED, PRESENT, WOULD_IMPORT = "imported", "present", "would import"

Progress = Callable[[str, int, int, str], None]  # stage, bytes done, of how many, what


class LoadStore(CatalogStore, Get, GetTagged, PutNew, Replace, Listing, Protocol):
    """What loading needs of a store."""


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """What became of one version."""

    project: str
    version: str
    action: str  # "imported", "present" or "would import"
    default: bool  # whether a bare name takes this version now
    yanked: str | None


@dataclass(slots=True)
class LoadReport:
    """What an import did; ``uploaded`` counts bytes of objects that were sent."""

    versions: list[LoadedVersion] = field(default_factory=list)
    uploaded: int = 0
    notes: list[str] = field(default_factory=list)


class _EpochMovedError(Exception):
    """A collector began a new epoch: what was uploaded under the old one may be deleted."""


def load_bundle(
    file: BundleFile,
    store: LoadStore,
    *,
    by: str,
    dry_run: bool,
    progress: Progress,
    osv: str = "off",
    signer: Signer | None = None,
    pins: Pins | None = None,
) -> LoadReport:
    """Put what ``file`` carries on the shelf ``store``; what is there already stays as it is.

    ``osv`` is where vulnerabilities are looked up, where the shelf's policy asks for them (vetting/osv.py). Raises
    ShelfMissing, BundleInvalid, PolicyRefused, UsageError for a policy that cannot be read, PublishFailed (the shelf
    has other bytes under a wheel's name), CatalogOutdated (all is committed then), and what the store raises. Nothing
    is visible before everything is uploaded.
    """
    repository = Repository(store, pins=pins)
    repository.info()
    total = file.index.size
    file.verify(lambda done, what: progress("verify", done, total, what))
    carried = order_carried(file)
    repository.prefetch(each.project for each in carried)
    plans = [plan_project(file, repository, each) for each in carried]
    report = LoadReport(notes=_notes(store, repository, plans))
    refusing, refused = _refused(repository, plans, osv)
    report.notes += [f"It would be refused by the policy {refusing}: {reason}" for reason in refused]
    if not dry_run:
        if refused:
            raise PolicyRefused(refusing, refused)
        report.notes += _block(file, store, by, signer)  # before anything can be seen
        if signer is not None:
            signer.allow(plan.carried.project for plan in plans if plan.releases)
        report.uploaded = _upload(file, store, plans, progress)
        for number, plan in enumerate(plans):
            progress("commit", number, len(plans), plan.carried.project)
            _commit(file, store, repository, plan, by, signer)
        _refresh_catalog(store, repository, [plan.carried.project for plan in plans])
    for plan in sorted(plans, key=lambda plan: plan.carried.project):
        report.versions += _tell(repository, plan, dry_run=dry_run)
    return report


def _refused(repository: Repository, plans: Sequence[Plan], osv: str) -> tuple[str, list[str]]:
    """Why the policy of the shelf refuses what is new, and its name. An import is a publish of what others packed."""
    policy = shelf_policy(repository.info().settings)
    if policy is None:
        return "", []
    releases = [release for plan in plans for release in plan.releases.values()]
    return refusals([policy], facts_of_releases(releases, osv if policy.max_severity else "off"))


def _block(file: BundleFile, store: LoadStore, by: str, signer: Signer | None) -> list[str]:
    """What is blocked where the bundle is from is blocked here, too; who may not do that is told what is to be done."""
    try:
        added = take_over(store, file.index.blocks, by=by, signer=signer)
    except (AccessDenied, KeyNotAllowed) as error:
        words = ", ".join(block.text for block in file.index.blocks)
        return [f"{error} So these are blocked where the bundle is from, and not here: {words}."]
    return [f"{added} of its blocks are new here; all of them: cloudshelf blocks"] if added else []


def _upload(file: BundleFile, store: LoadStore, plans: Sequence[Plan], progress: Progress) -> int:
    """Every object but the heads, of all projects; bytes that were sent. Raises what the store raises."""
    wanted = [(plan, part, name) for plan in plans for part, name in plan.packs.items()]
    total, done, sent = sum(file.size(name) for _, _, name in wanted), 0, 0
    there = {
        stored.key for plan in plans if plan.releases for stored in store.list(f"projects/{plan.carried.project}/")
    }
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="cloudshelf-import") as pool:
        jobs = {}
        for plan, part, name in wanted:
            key = pack_key(plan.carried.project, part)
            if key in there:
                done += file.size(name)
            else:
                jobs[pool.submit(_send, file, store, key, name)] = plan.carried.project
        try:
            for job in as_completed(jobs):
                sent += job.result()
                progress("upload", done + sent, total, jobs[job])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for plan in plans:
        for part in plan.manifests:
            key = manifest_key(plan.carried.project, part)
            if key not in there:
                data = manifest_bytes(file, plan, part)
                put_immutable(store, key, data)
                sent += len(data)
        for key in provenance_keys(plan.carried.project, plan.releases.values()):
            if key not in there:
                sent += _send(file, store, key, key)
    return sent


def _send(file: BundleFile, store: PutNew, key: str, name: str) -> int:
    data = file.read(name)
    put_immutable(store, key, data)
    return len(data)


def _commit(
    file: BundleFile, store: LoadStore, repository: Repository, plan: Plan, by: str, signer: Signer | None
) -> None:
    """Releases, and then the head, if nobody began a new epoch; else all of it again under that."""
    for _ in range(ATTEMPTS):
        if not plan.releases:
            return
        try:
            _change_head(store, repository, plan, by, signer)
            return
        except _EpochMovedError:
            repository.forget(plan.carried.project)
            plan = plan_project(file, repository, plan.carried)
            _upload(file, store, [plan], lambda *_: None)
        finally:
            repository.forget(plan.carried.project)
    raise Conflict(f"projects/{plan.carried.project}/head")


def _change_head(store: LoadStore, repository: Repository, plan: Plan, by: str, signer: Signer | None) -> None:
    carried = plan.carried

    def change(head: Head | None) -> Change:
        if (head.epoch if head else 0) != plan.epoch:
            raise _EpochMovedError
        put = {}
        known = repository.versions_of(head) if head else {}
        for version, release in plan.releases.items():
            present = present_release(repository, head, version)
            data = format_release(merge_release(present, release) if present else release)
            digest = sha256(data)
            put_immutable(store, release_key(carried.project, digest), data)
            yanked = known[version].yanked if version in known else carried.versions[version].yanked
            put[version] = Entry(digest, yanked)
        return Change(put=put, default=None if head and head.default else carried.default)

    action = f"import {', '.join(_ordered(plan.releases))}"
    change_head(store, carried.project, change, by=by, action=action, signer=signer)


def _notes(store: Get, repository: Repository, plans: Sequence[Plan]) -> list[str]:
    """What this shelf's curators decided otherwise than those of the other one; their own word stays."""
    notes = []
    modules = {
        module: plan.carried.project
        for plan in plans
        for release in plan.releases.values()
        for wheel in release.wheels
        for module in wheel.modules
    }
    owners = module_owners(store, sorted(modules)) if modules else {}
    for module, project in modules.items():
        if owners.get(module, project) != project:
            notes.append(f"{project} brings the module {module}; a bare import of it takes {owners[module]} here.")
    for plan in plans:
        head = repository.last_head(plan.carried.project)
        known = repository.versions_of(head) if head else {}
        for version, entry in plan.carried.versions.items():
            if version in known and entry.yanked is not None and known[version].yanked is None:
                reason = f" ({entry.yanked})" if entry.yanked else ""
                pin = f"{plan.carried.project}=={version}"
                notes.append(f"{pin} is yanked where the bundle is from{reason}, not here: cloudshelf yank {pin}")
    return notes


def _refresh_catalog(store: CatalogStore, repository: Repository, projects: Sequence[str]) -> None:
    """``refresh_catalog``, whose failure is told as what it is: all is committed."""
    try:
        refresh_catalog(store, repository, projects)
    except (ObjectInvalid, StoreError) as error:
        raise CatalogOutdated(list(projects), str(error)) from error


def _tell(repository: Repository, plan: Plan, *, dry_run: bool) -> list[LoadedVersion]:
    head = repository.last_head(plan.carried.project)
    known = repository.versions_of(head) if head else plan.carried.versions
    default = head.default if head else plan.carried.default
    new = WOULD_IMPORT if dry_run else IMPORTED
    return [
        LoadedVersion(
            project=plan.carried.project,
            version=version,
            action=new if version in plan.releases else PRESENT,
            default=version == default,
            yanked=known[version].yanked if version in known else entry.yanked,
        )
        for version, entry in sorted(plan.carried.versions.items(), key=lambda item: version_order(item[0]))
    ]


def _ordered(versions: Iterable[str]) -> list[str]:
    return sorted(versions, key=version_order)
