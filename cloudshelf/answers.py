"""What the methods of ``Shelf`` return. ``dataclasses.asdict`` makes JSON of each."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Wheel


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version, as ``ls PROJECT`` lists it."""

    version: str
    default: bool
    yanked: str | None
    release: str
    blocked: str | None = None  # why nobody may use it


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file of an installed tree, as ``ls PROJECT==VERSION`` lists it; or a link of a plain one, to its ``target``."""

    path: str
    size: int
    kind: str  # a letter of format.md; "link"
    target: str = ""


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """A wheel of a release; ``packed`` and ``eager`` are bytes on the shelf, of all and of what an import needs."""

    filename: str
    sha256: str
    size: int
    installed: int
    files: int
    packed: int
    eager: int
    origin: str
    requires_python: str
    interpreters: tuple[str, ...]
    provenance: str = ""  # who says to have built it, which nobody verified; "" for nobody


@dataclass(frozen=True, slots=True)
class Shown:
    """What ``show`` tells of a project at one version."""

    project: str
    version: str
    default: str | None
    latest: str | None
    versions: int
    yanked: str | None
    blocked: str | None  # why nobody may use it, or one of its wheels
    summary: str
    license: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    modules: tuple[str, ...]
    scripts: tuple[str, ...]
    wheels: tuple[WheelFacts, ...]
    released: str  # when the first of them was uploaded where they came from (RFC 3339); "" where nobody said it
    changed: str
    changed_by: str
    signed: str = ""  # who signed the head, and what that is worth here; "" for nobody


@dataclass(frozen=True, slots=True)
class Found:
    """A project that ``search`` found, the best first; ``why`` says where the words were."""

    project: str
    summary: str
    default: str | None
    latest: str | None
    modules: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a lock has a project: chains of sentences, each from what was asked for down to it."""

    project: str
    version: str
    chains: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of a head came to; ``changed`` is False where it said so already."""

    project: str
    seq: int
    action: str
    default: str | None
    changed: bool
    versions: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One commit of a project or of a named lock, as its history keeps it; one of the names is empty."""

    seq: int
    time: str
    by: str
    action: str
    default: str | None
    signed: str = ""
    project: str = ""
    lock: str = ""


@dataclass(frozen=True, slots=True)
class NewsPage:
    """What happened on a shelf; ``denied`` may not be read, and there is ``more`` before the last entry."""

    entries: tuple[LogEntry, ...]
    denied: tuple[str, ...]
    more: bool


def wheel_facts(wheel: Wheel, provenance: str = "") -> WheelFacts:
    tree = wheel.trees[min(wheel.trees)]
    return WheelFacts(
        filename=wheel.filename,
        sha256=wheel.sha256,
        size=wheel.size,
        installed=wheel.installed,
        files=wheel.files,
        packed=tree.packed,
        eager=tree.eager,
        origin=wheel.origin,
        requires_python=wheel.requires_python,
        interpreters=tuple(sorted(wheel.trees)),
        provenance=provenance,
    )
