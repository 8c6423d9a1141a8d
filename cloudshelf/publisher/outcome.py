"""What became of a publish: what the shelf had already, which default a bare name takes now, and the report."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..chains.chain import Signer
from ..codecs.wheel import parse_wheel_name
from ..errors import ProjectMissing, VersionMissing
from ..model import Release, Wheel
from ..repository import Repository
from ..vetting.facts import Facts
from .interpreter import Interpreter
from .plan import Planned
from .upload import UploadStore, move_default

PUBLISHED, PRESENT, WOULD_PUBLISH = "published", "present", "would publish"


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one project."""

    project: str
    version: str
    wheel: str
    action: str  # "published", "present" or "would publish"
    uploaded: int  # bytes of packs
    default: bool  # whether a bare name takes this version now
    remarks: tuple[str, ...]  # what a curator allowed, and what of it runs unasked; in the history, too
    profile_error: str | None  # why an import failed when it was recorded: slower, not wrong
    facts: Facts | None = None  # of a dry run, or where there is a policy


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What a publish did, dependencies first."""

    projects: tuple[Published, ...]
    uploaded: int
    refused: tuple[str, ...] = ()  # of a dry run: why the policy would
    unknown: str = ""  # why vulnerabilities could not be looked up


def find_release(repository: Repository, item: Planned) -> Release | None:
    """The release of an item's version, where the shelf has one."""
    try:
        return repository.release(item.project, item.version)
    except (ProjectMissing, VersionMissing):
        return None


def find_present(repository: Repository, item: Planned, interpreter: Interpreter) -> Wheel | None:
    """The shelf's wheel that makes bringing ``item`` needless: the same bytes, with a tree for this interpreter.

    A source archive is present when the version has any wheel for this interpreter: building it again would make other
    bytes of the same code.
    """
    release = find_release(repository, item)
    for wheel in release.wheels if release else ():
        tags = parse_wheel_name(wheel.filename).tags
        tag = interpreter.tag if interpreter.supports(tags) else ""
        if item.is_wheel:
            same = wheel.filename == item.filename and wheel.sha256 == item.sha256
        else:
            same = interpreter.supports(tags)
        if same and tag in wheel.trees:
            return wheel
    return None


def move_defaults(
    store: UploadStore, repository: Repository, items: Sequence[Planned], by: str, signer: Signer | None
) -> None:
    """Make the requested versions of ``items`` those that bare names take."""
    for item in items:
        if item.requested and repository.head(item.project).default != item.version:
            move_default(store, repository, item.project, item.version, by=by, signer=signer)
            repository.forget(item.project)


def report_of(
    repository: Repository,
    items: Sequence[Planned],
    actions: dict[str, str],
    uploaded: dict[str, int],
    errors: dict[str, str],
    remarks: dict[str, tuple[str, ...]],
) -> PublishReport:
    """The report on ``items``; the rest is by project."""
    rows = []
    for item in items:
        try:
            default = repository.head(item.project).default == item.version
        except ProjectMissing:
            default = False
        rows.append(
            Published(
                project=item.project,
                version=item.version,
                wheel=item.filename,
                action=actions.get(item.project, PRESENT),
                uploaded=uploaded.get(item.project, 0),
                default=default,
                remarks=remarks.get(item.project, ()),
                profile_error=errors.get(item.project),
            )
        )
    return PublishReport(tuple(rows), sum(uploaded.values()))


def login() -> str:
    """Who publishes, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
