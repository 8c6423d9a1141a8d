"""Publish a plain tree: a folder becomes a release like any other, of one "wheel" that never was a file."""

from __future__ import annotations

import json
import platform
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import parse_tag
from packaging.version import InvalidVersion, Version

from ..catalog import refresh_catalog
from ..chains.chain import Signer
from ..codecs.names import is_normalized, normalize, sha256
from ..codecs.tree import TREE_FILE, TreeFacts, format_tree, tree_folder, why_not_variable
from ..codecs.wheel import Metadata
from ..errors import CatalogOutdated, ObjectInvalid, PolicyRefused, PublishFailed, StoreError, UsageError
from ..model import Wheel
from ..repository import Repository
from ..vetting.facts import Facts
from ..vetting.policy import Policy
from ..vetting.shelf_policy import refusals, shelf_policy
from .compressor import Compressor
from .order import order_plain
from .outcome import (
    PUBLISHED,
    WOULD_PUBLISH,
    PublishReport,
    find_release,
    login,
    move_defaults,
    report_of,
)
from .ownership import check_names
from .packing import Packed, pack_tree
from .plain_tree import PlainTree, read_folder
from .plan import Planned
from .publish import PublishStore
from .reporting import Reporter, Silence
from .tree import InstalledTree
from .upload import NewWheel, PackUploads, refuse_same_version, upload

if TYPE_CHECKING:
    from ..signing.pins import Pins

_PLATFORM = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_COMMANDS = "bin/*"
_OTHER_FILES = "the shelf has other files as this version, and what was published never changes; give yours a new one"


@dataclass(frozen=True, slots=True)
class TreeRequest:
    """What a curator asks for."""

    folder: Path
    name: str
    version: str
    bins: tuple[str, ...] = ()  # patterns of files that are commands; by default those in ``bin`` that can be run
    env: Mapping[str, str] = field(default_factory=dict)  # variables; ``{root}`` in a value is the tree's folder
    platform: str | None = None  # the tag that a wheel would have; by default what its ELF files say
    summary: str = ""
    license: str = ""
    dry_run: bool = False
    default: bool = False  # make it what a bare name takes
    allow_names: tuple[str, ...] = ()
    policy: Policy | None = None
    by: str = ""


def publish_tree(
    request: TreeRequest,
    store: PublishStore,
    *,
    reporter: Reporter | None = None,
    signer: Signer | None = None,
    pins: Pins | None = None,
) -> PublishReport:
    """Put the folder of ``request`` on the shelf ``store``. The same folder again is present, whatever its times.

    Raises UsageError, TreeInvalid (also when something in it changes meanwhile), PublishFailed when the version has
    other bytes, NameAlike, PolicyRefused, CatalogOutdated, ShelfMissing, and what the store and ``signer`` raise.
    """
    watch = reporter or Silence()
    project, version = _checked(request)
    repository = Repository(store, pins=pins)
    policies = (shelf_policy(repository.info().settings), request.policy)
    watch.stage("read", str(request.folder), 0, "files")
    found = read_folder(request.folder.resolve(), progress=watch.progress)
    watch.done()
    facts = TreeFacts(_commands(request, found), request.env, found.empty)
    wheel = _wheel(request, project, version, found, facts)
    item = Planned(project, version, wheel.filename, "", wheel.sha256, True, True, (), license=request.license)
    size = wheel.installed
    vetted = Facts(project, version, request.license, "", None, size, None, "local", False, wheel.files, size)
    release = find_release(repository, item)
    others = release.wheels if release else ()
    present = any((other.filename, other.sha256) == (wheel.filename, wheel.sha256) for other in others)
    refusing, refused = refusals(policies, [] if present else [vetted])
    if request.dry_run:
        report = report_of(repository, [item], {} if present else {project: WOULD_PUBLISH}, {}, {}, {})
        return replace(report, projects=(replace(report.projects[0], facts=vetted),), refused=tuple(refused))
    if refused:
        raise PolicyRefused(refusing, refused)
    by = request.by or login()
    uploaded, remarks = dict[str, int](), dict[str, tuple[str, ...]]()
    if not present:
        if signer is not None:
            signer.allow([project])
        if any(other.filename == wheel.filename for other in others):
            raise PublishFailed(f"{project} {version}", _OTHER_FILES)
        if release is None and (head := repository.find_head(project)) is not None:
            refuse_same_version(repository.versions_of(head), version, wheel.filename)
        alike = check_names(repository, [project], request.allow_names)
        remarks = {project: (*(["allowed the name"] if alike else []), *found.remarks)}
        with tempfile.TemporaryDirectory(prefix="cloudshelf-publish-") as work:
            tree = _installed(request, project, version, wheel.filename, found, facts, Path(work))
            with PackUploads(store, repository, project) as sent:
                try:
                    packed = _pack(tree, Path(work), sent, watch)
                finally:  # what changed meanwhile says so, and not what came of it
                    found.check_unchanged()
                watch.stage("upload", project, packed.packed, "B")
                new = NewWheel(project, version, request.summary, request.license, wheel, "", packed, remarks[project])
                upload(
                    store,
                    repository,
                    new,
                    sent,
                    by=by,
                    default=request.default,
                    progress=watch.progress,
                    signer=signer,
                )
                watch.done()
        uploaded = {project: packed.packed}
    if request.default:
        move_defaults(store, repository, [item], by, signer)
    try:
        refresh_catalog(store, repository, [project])
    except (ObjectInvalid, StoreError) as error:
        raise CatalogOutdated([f"{project} {version}"], str(error)) from error
    return report_of(repository, [item], dict.fromkeys(uploaded, PUBLISHED), uploaded, {}, remarks)


def _checked(request: TreeRequest) -> tuple[str, str]:
    """The project and the version. Raises UsageError for what a shelf cannot call a release."""
    project = normalize(request.name)
    if not is_normalized(project):
        raise UsageError(
            f"{request.name!r} is no name of a project: letters, digits and single - _ . between them are."
        )
    try:
        version = str(Version(request.version))
    except InvalidVersion:
        raise UsageError(
            f"{request.version!r} is no version as a resolver compares them (PEP 440). Write it like 1.4, 2026.11.26 "
            "or 1.4.dev3; what else it says goes behind a plus sign: 1.4+gabc123"
        ) from None
    for name, value in request.env.items():
        if why := why_not_variable(name, value):
            raise UsageError(f"--env {name}: it {why}.")
    return project, version


def _commands(request: TreeRequest, found: PlainTree) -> tuple[str, ...]:
    """The files that ``--bin`` means. Raises UsageError for a pattern that means none that can be run."""
    programs = list(found.executables())
    chosen: dict[str, None] = {}
    for pattern in request.bins or (_COMMANDS,):
        matching = [path for path in programs if _matches(path, pattern)]
        if request.bins and not matching:
            others = [path for path in found.files if _matches(path, pattern)]
            advice = f"{others[0]!r} may not be executed: chmod +x" if others else "patterns are relative to the folder"
            raise UsageError(f"--bin {pattern}: nothing in {request.folder} that can be run has that name; {advice}.")
        chosen |= dict.fromkeys(matching)
    return tuple(sorted(chosen))


def _matches(path: str, pattern: str) -> bool:
    """As a shell matches: ``*`` does not reach into a folder."""
    parts, patterns = path.split("/"), pattern.removeprefix("./").split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _wheel(request: TreeRequest, project: str, version: str, found: PlainTree, facts: TreeFacts) -> Wheel:
    """The row of the release. ``sha256`` is of what a reader gets, without times: a new checkout is the same tree."""
    files = found.files
    listing = {
        "format": 1,
        "files": [[path, files[path].mode, files[path].size, files[path].digest] for path in sorted(files)],
        "links": found.links,
        "folders": list(facts.folders),
        "bin": list(facts.bins),
        "env": dict(facts.env),
    }
    line = json.dumps(listing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    size = sum(file.size for file in files.values())
    return Wheel(
        filename=f"{project.replace('-', '_')}-{version}-py3-none-{_platform(request, found)}.whl",
        sha256=sha256(line.encode()),
        size=size,
        origin="",
        requires_python="",
        requires_dist=(),
        extras=(),
        modules=(),
        scripts=tuple(sorted({path.rpartition("/")[2] for path in facts.bins})),
        files=len(files),
        installed=size,
        trees={},
    )


def _platform(request: TreeRequest, found: PlainTree) -> str:
    """The platform tag (PEP 425). Raises UsageError where nobody could say it."""
    if request.platform is not None:
        tag = request.platform.replace("-", "_")
        if not _PLATFORM.fullmatch(tag) or not parse_tag(f"py3-none-{tag}"):
            raise UsageError(f"--platform {request.platform!r} is no platform. Write it like linux_x86_64, or any.")
        return tag
    here = platform.machine()
    machines = sorted(found.machines)
    if not machines:
        return "any"
    if here in machines or len(machines) == 1:
        return f"linux_{here if here in machines else machines[0]}"
    raise UsageError(f"It has programs for {' and '.join(machines)}. Say which it is for: --platform linux_x86_64")


def _installed(
    request: TreeRequest, project: str, version: str, filename: str, found: PlainTree, facts: TreeFacts, work: Path
) -> InstalledTree:
    """The tree as a manifest has it: ``data/opt/<project>/…``, and a dist-info folder that says what it is."""
    root, inside = work / "tree", f"data/{tree_folder(project)}"
    (root / inside).parent.mkdir(parents=True)
    (root / inside).symlink_to(found.folder)
    dist_info = f"{project.replace('-', '_')}-{version}.dist-info"
    time = max(file.mtime for file in found.files.values())
    metadata = Metadata(project, version, request.summary, request.license, "", (), ())
    tree = InstalledTree(root, filename, metadata, dist_info, time)
    for path, file in found.files.items():
        tree.files[f"{inside}/{path}"] = replace(file, path=f"{inside}/{path}")
    tree.links = {f"{inside}/{path}": target for path, target in found.links.items()}
    tree.rewritten = {f"{inside}/{path}": content for path, content in found.rewritten.items()}
    tree.add(f"site/{dist_info}/METADATA", _metadata(request, project, version))
    tree.add(f"site/{dist_info}/INSTALLER", b"cloudshelf\n")
    tree.add(f"site/{dist_info}/{TREE_FILE}", format_tree(facts))
    return tree


def _metadata(request: TreeRequest, project: str, version: str) -> bytes:
    """Core metadata 2.1, in which a license is any text."""
    lines = [("Metadata-Version", "2.1"), ("Name", project), ("Version", version)]
    lines += [("Summary", " ".join(request.summary.split()))] if request.summary else []
    lines += [("License", " ".join(request.license.split()))] if request.license else []
    return "".join(f"{name}: {value}\n" for name, value in lines).encode()


def _pack(tree: InstalledTree, work: Path, sent: PackUploads, watch: Reporter) -> Packed:
    ordered = order_plain(tree)
    folder = work / "packs"
    folder.mkdir()
    watch.stage("pack", tree.metadata.project, sum(row.size for row in ordered.rows[: ordered.idle]), "B")
    with Compressor(work) as compressor:
        packed = pack_tree(tree, ordered, compressor, folder, tag="", closed=sent.send, progress=watch.progress)
    watch.done()
    return packed
