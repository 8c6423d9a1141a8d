"""Publish: from what a curator asks for to heads on the shelf, top to bottom."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..catalog import CatalogStore, refresh_catalog
from ..chains.chain import Signer
from ..codecs.wheel import parse_wheel_name
from ..errors import (
    CatalogOutdated,
    ObjectInvalid,
    PolicyRefused,
    StoreError,
    UsageError,
)
from ..model import Wheel
from ..repository import Repository
from ..threads import Threads
from ..vetting.policy import Policy
from ..vetting.shelf_policy import refusals, shelf_policy
from .archive import Limits
from .bytecode import compile_tree
from .compressor import Compressor
from .fetch import Fetched, fetch
from .imports import find_imports, find_later
from .index_pages import IndexPages, is_indexed
from .internal import Names, plan_own_names
from .interpreter import Interpreter, find_interpreter
from .order import Ordered, order_tree
from .outcome import (
    PUBLISHED,
    WOULD_PUBLISH,
    PublishReport,
    find_present,
    find_release,
    login,
    move_defaults,
    report_of,
)
from .ownership import check_modules, check_names
from .packing import Packed, pack_tree
from .pip import IndexOptions
from .plan import Planned
from .profile import SECONDS, ImportTree, Recording
from .provenance import Provenances, read_attestations
from .reporting import Reporter, Silence
from .shelved import restore_tree
from .tree import InstalledTree, unpack_wheel, write_record
from .upload import NewWheel, PackUploads, UploadStore, merge_wheels, refuse_same_version, upload
from .vet import Vetted, vet

if TYPE_CHECKING:
    from ..signing.pins import Pins


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What a curator asks for. Wheels and source archives may stand among the requirements, as paths."""

    requirements: tuple[str, ...] = ()
    requirement_files: tuple[str, ...] = ()
    constraint_files: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    no_deps: bool = False
    python: str | None = None
    platform: str | None = None
    dry_run: bool = False
    default: bool = False  # make the requested versions the defaults of their projects
    index: IndexOptions = field(default_factory=IndexOptions)
    allow_modules: tuple[str, ...] = ()  # may be brought though they are another's
    allow_names: tuple[str, ...] = ()  # may be new here though they look like another
    allow_public: tuple[str, ...] = ()  # internal projects that an index may supply all the same
    attestations: tuple[str, ...] = ()  # files that say where wheels were built (PEP 740)
    policy: Policy | None = None  # what may be published, beside what the shelf's own says
    osv: str = "off"  # where vulnerabilities are looked up, for a policy or a dry run (vetting/osv.py)
    by: str = ""  # who, for the history; the login name when empty
    profile_seconds: float = SECONDS
    limits: Limits = field(default_factory=Limits)


class PublishStore(UploadStore, CatalogStore, Protocol):
    """What publishing needs of a store."""


def publish(
    request: PublishRequest,
    store: PublishStore,
    *,
    reporter: Reporter | None = None,
    signer: Signer | None = None,
    pins: Pins | None = None,
) -> PublishReport:
    """Put what ``request`` comes to on the shelf ``store``.

    What is there already is neither brought nor uploaded. All new wheels are checked before the first is uploaded; each
    project becomes visible whole, dependencies first; ``signer`` signs the heads; with ``pins`` nothing on the shelf is
    built on that is not signed. Raises ShelfMissing, UsageError, RequirementInvalid, PublishFailed, WheelInvalid,
    ModuleOwned, NameAlike, InternalName, CatalogOutdated (all is published then), and what the store and ``signer``
    raise; PolicyRefused, with all reasons, before anything is uploaded.
    """
    watch = reporter or Silence()
    repository = Repository(store, pins=pins)
    repository.info()
    wanted = (*request.requirements, *request.wheels)
    if not wanted and not request.requirement_files:
        raise UsageError("Say what to publish: a requirement, a wheel, or -r FILE.")
    interpreter = find_interpreter(request.python, request.platform)
    watch.stage("resolve", ", ".join([*wanted, *request.requirement_files]), 0, "projects")
    items = plan_own_names(
        wanted,
        request.requirement_files,
        interpreter,
        request.index,
        Names(repository, request.allow_public),
        constraint_files=request.constraint_files,
        no_deps=request.no_deps,
    )
    repository.prefetch(item.project for item in items)
    watch.done()
    missing = [item for item in items if not item.shelved and find_present(repository, item, interpreter) is None]
    pages = IndexPages(request.index)
    policies = [policy for policy in (shelf_policy(repository.info().settings), request.policy) if policy]
    if request.dry_run or policies:
        osv = request.osv if request.dry_run or any(policy.max_severity for policy in policies) else "off"
        vetted = _vet(replace(request, osv=osv), repository, items, missing, interpreter, pages)
        refusing, refused = refusals(policies, [vetted.facts[item.project] for item in missing])
        if request.dry_run:
            report = report_of(repository, items, {item.project: WOULD_PUBLISH for item in missing}, {}, {}, {})
            rows = tuple(replace(row, facts=vetted.facts[row.project]) for row in report.projects)
            return PublishReport(rows, 0, tuple(refused), vetted.cause)
        if refused:
            raise PolicyRefused(refusing, refused)
    if signer is not None:
        signer.allow(item.project for item in missing)
    by = request.by or login()
    errors: dict[str, str] = {}
    uploaded: dict[str, int] = {}
    remarks: dict[str, tuple[str, ...]] = {}
    if missing:
        with (
            tempfile.TemporaryDirectory(prefix="cloudshelf-publish-") as folder,
            Compressor(Path(folder)) as compressor,
        ):
            run = _Run(request, store, repository, interpreter, watch, compressor, Path(folder), by, signer, pages)
            for project, size, error in run.publish(items, missing):
                uploaded[project] = size
                errors |= {project: error} if error else {}
            remarks = run.remarks
    if request.default:
        move_defaults(store, repository, items, by, signer)
    try:
        refresh_catalog(store, repository, [item.project for item in items])
        return report_of(repository, items, dict.fromkeys(uploaded, PUBLISHED), uploaded, errors, remarks)
    except (ObjectInvalid, StoreError) as error:
        raise CatalogOutdated([f"{item.project} {item.version}" for item in items], str(error)) from error


class _Run:
    """One publish of new wheels, with the temporary folder in which it works."""

    def __init__(
        self,
        request: PublishRequest,
        store: PublishStore,
        repository: Repository,
        interpreter: Interpreter,
        watch: Reporter,
        compressor: Compressor,
        folder: Path,
        by: str,
        signer: Signer | None,
        pages: IndexPages,
    ) -> None:
        self.pages = pages
        self.request, self.store, self.repository = request, store, repository
        self.interpreter, self.watch, self.compressor = interpreter, watch, compressor
        self.folder, self.by, self.signer = folder, by, signer
        self.remarks: dict[str, tuple[str, ...]] = {}  # by project, for the history

    def publish(self, items: Sequence[Planned], missing: Sequence[Planned]) -> list[tuple[str, int, str]]:
        """(project, bytes uploaded, profile error) of each of ``missing``."""
        provenances = Provenances(self.request.attestations, missing, self.pages)
        fetched = self._fetch(missing)
        provenances.check({wheel.sha256: wheel.path.name for wheel in fetched})
        trees = self._unpack(fetched)
        self._note_allowed(trees)
        for wheel in fetched:
            self._refuse_other_bytes(wheel)
        self._compile(trees)
        importable = self._merge(items, trees)
        known = importable.modules if importable else set()
        with Threads("cloudshelf-profile", 1) as threads:  # one project is imported while those before it are packed
            try:
                recorded = [threads.submit(self._record, tree, importable) for tree in trees]
                return [
                    self._publish_one(wheel, tree, recordings, known, number, provenances)
                    for number, (wheel, tree, recordings) in enumerate(zip(fetched, trees, recorded, strict=True))
                ]
            finally:
                if importable is not None:
                    importable.stop()

    def _fetch(self, missing: Sequence[Planned]) -> tuple[Fetched, ...]:
        self.watch.stage("fetch", ", ".join(item.project for item in missing), len(missing), "projects")
        folder = self.folder / "wheels"
        folder.mkdir()
        fetched = fetch(missing, folder, self.interpreter, self.request.index)
        self.watch.done()
        return fetched

    def _unpack(self, fetched: Sequence[Fetched]) -> list[InstalledTree]:
        self.watch.stage("unpack", ", ".join(wheel.path.name for wheel in fetched), len(fetched), "projects")
        trees = []

        def unpack(wheel: Fetched, folder: Path) -> InstalledTree:
            return unpack_wheel(wheel.path, folder, limits=self.request.limits, landed=self.compressor.begin)

        with Threads("cloudshelf-unpack") as threads:
            jobs = [
                threads.submit(unpack, wheel, self.folder / f"tree-{number}") for number, wheel in enumerate(fetched)
            ]
            for job in jobs:
                trees.append(job.result())
                self.watch.progress(len(trees))
        self.watch.done()
        return trees

    def _note_allowed(self, trees: Sequence[InstalledTree]) -> None:
        """Raises where a curator has to allow something; what was allowed stands in the history."""
        alike = check_names(self.repository, [tree.metadata.project for tree in trees], self.request.allow_names)
        taken = check_modules(self.store, trees, self.request.allow_modules)
        for tree in trees:
            project = tree.metadata.project
            remarks = [f"allowed the module {module}" for module in taken[project]]
            remarks += ["allowed the name"] if project in alike else []
            remarks += [f"{name} runs at every start" for name in tree.startup]
            self.remarks[project] = tuple(remarks)

    def _refuse_other_bytes(self, wheel: Fetched) -> None:
        release = find_release(self.repository, wheel.planned)
        if release is not None:
            merge_wheels(release.wheels, _describe(wheel))
        elif (head := self.repository.find_head(wheel.planned.project)) is not None:
            refuse_same_version(self.repository.versions_of(head), wheel.planned.version, wheel.path.name)

    def _compile(self, trees: Sequence[InstalledTree]) -> None:
        self.watch.stage("compile", ", ".join(tree.metadata.project for tree in trees), len(trees), "projects")
        for number, tree in enumerate(trees):
            if self._tag(tree):
                compile_tree(tree, self.interpreter)
            write_record(tree, self.interpreter.python)
            self.watch.progress(number + 1)
        self.watch.done()

    def _tag(self, tree: InstalledTree) -> str:
        """The interpreter of the tree: "" for a wheel of another platform."""
        return self.interpreter.tag if self.interpreter.supports(parse_wheel_name(tree.wheel).tags) else ""

    def _merge(self, items: Sequence[Planned], trees: Sequence[InstalledTree]) -> ImportTree | None:
        """Everything of the plan in one virtual environment; what was not brought comes back from the shelf."""
        if self.interpreter.executable is None:
            return None
        importable = ImportTree(self.folder / "environment", self.interpreter)
        here = {tree.metadata.project for tree in trees}
        for tree in trees:
            importable.add(tree.metadata.project, tree.root, list(tree.files))
        for number, item in enumerate(items):
            wheel = find_present(self.repository, item, self.interpreter)
            if item.project in here or wheel is None:
                continue
            root = self.folder / f"shelved-{number}"
            manifest = self.repository.manifest(item.project, wheel.trees[self.interpreter.tag].manifest)
            importable.add(item.project, root, restore_tree(self.store, manifest, root))
        return importable

    def _publish_one(
        self,
        wheel: Fetched,
        tree: InstalledTree,
        recorded: Future[list[Recording]],
        known: Collection[str],
        number: int,
        provenances: Provenances,
    ) -> tuple[str, int, str]:
        project, tag = tree.metadata.project, self._tag(tree)
        self.watch.stage("profile", project, len(tree.modules), "modules")
        recordings = recorded.result()
        self.watch.done()
        imports = find_imports(tree, [recording.imports for recording in recordings], known)
        ordered = order_tree(tree, tag, recordings, imports, find_later(tree, known))
        with PackUploads(self.store, self.repository, project) as sent:
            packed = self._pack(tree, ordered, tag, number, sent)
            self.watch.stage("upload", project, packed.packed, "B")
            new = _new_wheel(wheel, tree, tag, packed, self.remarks[project])
            described = new.wheel._replace(released=self.pages.file(wheel.planned).uploaded)
            new = replace(new, wheel=described, provenance=provenances.of(wheel.sha256))
            default = self.request.default and wheel.planned.requested
            upload(
                self.store,
                self.repository,
                new,
                sent,
                by=self.by,
                default=default,
                progress=self.watch.progress,
                signer=self.signer,
            )
            self.watch.done()
        for pack in packed.packs:
            pack.path.unlink()
        errors = [f"{recording.module}: {recording.error}" for recording in recordings if recording.error]
        return project, packed.packed, "; ".join(errors)

    def _record(self, tree: InstalledTree, importable: ImportTree | None) -> list[Recording]:
        """Nothing of a wheel that cannot be imported here."""
        return importable.record(tree, seconds=self.request.profile_seconds) if importable and self._tag(tree) else []

    def _pack(self, tree: InstalledTree, ordered: Ordered, tag: str, number: int, sent: PackUploads) -> Packed:
        folder = self.folder / f"packs-{number}"
        folder.mkdir()
        total = sum(row.size for row in ordered.rows[: ordered.idle])
        self.watch.stage("pack", tree.metadata.project, total, "B")
        progress = self.watch.progress
        packed = pack_tree(tree, ordered, self.compressor, folder, tag=tag, closed=sent.send, progress=progress)
        self.watch.done()
        return packed


def _new_wheel(wheel: Fetched, tree: InstalledTree, tag: str, packed: Packed, remarks: tuple[str, ...]) -> NewWheel:
    metadata = tree.metadata
    described = _describe(wheel, tree)
    return NewWheel(
        metadata.project, metadata.version, metadata.summary, metadata.license, described, tag, packed, remarks
    )


def _describe(wheel: Fetched, tree: InstalledTree | None = None) -> Wheel:
    """What the release says of ``wheel``; without its tree only what identifies it."""
    metadata = tree.metadata if tree else None
    return Wheel(
        filename=wheel.path.name,
        sha256=wheel.sha256,
        size=wheel.path.stat().st_size,
        origin=wheel.planned.origin,
        requires_python=metadata.requires_python if metadata else "",
        requires_dist=metadata.requires_dist if metadata else (),
        extras=metadata.extras if metadata else (),
        modules=tree.modules if tree else (),
        scripts=tree.scripts if tree else (),
        files=len(tree.files) if tree else 0,
        installed=sum(file.size for file in tree.files.values()) if tree else 0,
        trees={},
    )


def _vet(
    request: PublishRequest,
    repository: Repository,
    items: Sequence[Planned],
    missing: Sequence[Planned],
    interpreter: Interpreter,
    pages: IndexPages,
) -> Vetted:
    present = {item.project: wheel for item in items if (wheel := find_present(repository, item, interpreter))}
    private = {item.project for item in items if not item.origin and not is_indexed(item)}
    attested = read_attestations(request.attestations)
    return vet(items, present, pages, osv=request.osv, private=private, attested=attested, counted=request.dry_run)
