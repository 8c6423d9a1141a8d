"""What goes over the wire, as types: handlers make them, and openapi.json is made from them."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Text = str | None


class Problem(TypedDict):
    """Why something is not there: one sentence with what to do next, and whom to ask (a URL) if the shelf says so."""

    name: str
    message: str
    ask: Text
    retry: bool


class Failure(TypedDict):
    """The body of every answer from status 400 on; ``message`` is what JupyterLab shows of any server's error."""

    message: str
    error: Problem


class ShelfRow(TypedDict):
    id: str
    url: str
    name: str
    state: Literal["ok", "error"]
    error: Problem | None
    request_url: bool


class Shelves(TypedDict):
    """``origin`` is where the setting came from; ``error`` what is wrong with it, and then there are no shelves."""

    shelves: list[ShelfRow]
    origin: str
    error: Problem | None


class ProjectRow(TypedDict):
    project: str
    summary: str
    default: Text
    latest: Text
    versions: int
    modules: list[str]
    why: NotRequired[str]


class Projects(TypedDict):
    total: int
    offset: int
    projects: list[ProjectRow]


class VersionRow(TypedDict):
    version: str
    default: bool
    yanked: Text
    blocked: Text


class Project(TypedDict):
    """``changed`` and ``changed_by``: the last change of any of its versions."""

    project: str
    summary: str
    default: Text
    latest: Text
    changed: str
    changed_by: str
    versions: list[VersionRow]
    modules: list[str]


class WheelRow(TypedDict):
    filename: str
    sha256: str
    size: int
    installed: int
    files: int
    packed: int
    eager: int
    origin: str
    requires_python: str
    interpreters: list[str]
    provenance: str


class Readme(TypedDict):
    """Text as the author wrote it, with the type that its metadata declare; who shows it makes it safe."""

    text: str
    type: Literal["text/markdown", "text/x-rst", "text/plain"]
    truncated: bool


class Metadata(TypedDict):
    """Of the wheel's METADATA (core metadata specification); URLs are http or https."""

    author: str
    maintainer: str
    license: str
    keywords: list[str]
    classifiers: list[str]
    urls: dict[str, str]


class Dependency(TypedDict):
    requirement: str
    project: str
    on_shelf: bool


class Shown(TypedDict):
    """What ``cloudshelf show`` tells of a version."""

    project: str
    version: str
    default: Text
    latest: Text
    versions: int
    yanked: Text
    blocked: Text
    summary: str
    license: str
    requires: list[str]
    extras: list[str]
    modules: list[str]
    scripts: list[str]
    wheels: list[WheelRow]
    released: str
    changed: str
    changed_by: str
    signed: str


class Version(Shown):
    """A version of a project. Sizes are of the wheel for the Python of the server: ``packed`` on the shelf,
    ``installed`` on a disk. ``dependents`` null: the catalog does not say, and ``dependents_note`` says what helps.
    ``published`` null: it would take too long to find out.
    """

    requires_python: str
    size: int
    installed: int
    packed: int
    files: int
    published: Text
    published_by: Text
    metadata: Metadata
    readme: Readme | None
    dependencies: list[Dependency]
    dependents: list[str] | None
    dependents_note: Text


class Entry(TypedDict):
    """A file or folder; the size of a folder is that of all files below it."""

    name: str
    path: str
    type: Literal["directory", "file"]
    size: int
    mimetype: Text


class Files(TypedDict):
    """``path``: the folder that it is; where none was asked for, that is `site` if the tree has nothing else."""

    path: str
    total: int
    offset: int
    entries: list[Entry]


Fact = TypedDict("Fact", {"name": str, "from": str, "to": str})
ChangedFile = TypedDict("ChangedFile", {"path": str, "from": int, "to": int})


class SizedFile(TypedDict):
    path: str
    size: int


class RequiresDiff(TypedDict):
    added: list[str]
    removed: list[str]


class FilesDiff(TypedDict):
    """Bytecode is left out; ``truncated``: there are more than these lists hold."""

    added: list[SizedFile]
    removed: list[SizedFile]
    changed: list[ChangedFile]
    truncated: bool


VersionDiff = TypedDict(
    "VersionDiff", {"from": str, "to": str, "facts": list[Fact], "requires": RequiresDiff, "files": FilesDiff}
)


class LockRow(TypedDict):
    name: str
    seq: int
    time: str
    by: str
    pins: int
    tag: str
    requirements: list[str]


class Locks(TypedDict):
    locks: list[LockRow]


class LockPin(TypedDict):
    project: str
    version: str


class BlockShelf(TypedDict):
    url: str
    name: str


class Block(TypedDict):
    """``metadata.cloudshelf`` of a notebook: docs/notebooks.md."""

    format: int
    digest: str
    shelf: BlockShelf
    lock: list[str]


class NamedLock(TypedDict):
    name: str
    seq: int
    time: str
    by: str
    lock: str
    block: Block
    pins: list[LockPin]


class LockText(TypedDict):
    """A lock as text: a pylock.toml file."""

    text: str


class LockBlock(TypedDict):
    block: Block
    pins: list[LockPin]


class TwoLocks(TypedDict):
    """Two locks as text: pylock.toml files."""

    before: str
    after: str


class LockChange(TypedDict):
    project: str
    was: Text
    version: Text
    kind: str
    why: list[str]


class Asked(TypedDict):
    project: str
    was: str
    now: str


class Context(TypedDict):
    what: str
    was: str
    now: str


LocksDiff = TypedDict(
    "LocksDiff",
    {
        "from": str,
        "to": str,
        "pins": int,
        "same": int,
        "changes": list[LockChange],
        "asked": list[Asked],
        "context": list[Context],
    },
)


class Check(TypedDict):
    check: str
    ok: bool
    found: str


class ShelfHealth(TypedDict):
    id: str
    url: str
    ok: bool
    checks: list[Check]


class Health(TypedDict):
    """``status`` is "ok" where every shelf is; of one that is not, the checks say how far one gets."""

    status: Literal["ok", "error"]
    version: str
    shelves: list[ShelfHealth]
