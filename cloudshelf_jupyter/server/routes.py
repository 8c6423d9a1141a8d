"""The one table of routes: handlers, openapi.json and the tests are made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import wire
from .answers.differences import diff_locks, diff_versions
from .answers.files import find_file, list_files, show_entry
from .answers.locks import block_of_lock, list_locks, show_lock
from .answers.projects import list_projects, show_project
from .answers.shelves import check_health, list_shelves
from .answers.versions import show_version
from .parameters import FILE, FOLDER, FROM, LIMIT, LOCK, OFFSET, PROJECT, SHELF, TO, VERSION, WORDS, Parameter

BASE = "cloudshelf/api"


class Route(NamedTuple):
    """``answer`` makes a ``result``; with SHELF among the parameters it runs in a thread of that shelf.

    ``path`` has the names of parameters in braces, as OpenAPI writes them. ``body`` is what a POST sends. ``max_age``:
    seconds for which a browser need not ask again. ``result`` None: the bytes of a file, or the document itself.
    """

    operation: str
    path: str
    summary: str
    answer: Callable[..., Any] | None
    result: Any = None
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    max_age: int = 0

    @property
    def method(self) -> str:
        return "post" if self.body is not None else "get"

    @property
    def of_shelf(self) -> bool:
        return SHELF in self.parameters

    @property
    def pattern(self) -> str:
        """The path as a regular expression, without the base URL."""
        text = self.path
        for each in self.parameters:
            text = text.replace(f"{{{each.name}}}", f"(?P<{each.name}>{each.pattern})")
        return text


_OF_PROJECT = (SHELF, PROJECT)
_OF_VERSION = (SHELF, PROJECT, VERSION)
_VERSION = "/shelves/{shelf}/projects/{project}/versions/{version}"
_STEADY = 600  # a version's files do not change; but it may go, or get another wheel

CONTENT = Route(
    "readContent",
    f"{_VERSION}/content",
    "The bytes of a file, or a range of them.",
    find_file,
    None,
    (*_OF_VERSION, FILE),
    max_age=_STEADY,
)
DOCUMENT = Route("openapi", "/openapi.json", "This document.", None)
ROUTES = (
    Route("listShelves", "/shelves", "The shelves of this server, and how they are.", list_shelves, wire.Shelves),
    Route(
        "listProjects",
        "/shelves/{shelf}/projects",
        "A page of the projects, or of those that a filter finds.",
        list_projects,
        wire.Projects,
        (SHELF, WORDS, OFFSET, LIMIT),
    ),
    Route(
        "showProject",
        "/shelves/{shelf}/projects/{project}",
        "A project with its versions.",
        show_project,
        wire.Project,
        _OF_PROJECT,
    ),
    Route("showVersion", _VERSION, "All about a version.", show_version, wire.Version, _OF_VERSION),
    Route(
        "listFiles",
        f"{_VERSION}/files",
        "A page of a folder of the installed tree.",
        list_files,
        wire.Files,
        (*_OF_VERSION, FOLDER, OFFSET, LIMIT),
        max_age=_STEADY,
    ),
    Route(
        "showEntry",
        f"{_VERSION}/entry",
        "Whether a path of the installed tree is a file or a folder, and how large.",
        show_entry,
        wire.Entry,
        (*_OF_VERSION, FILE),
        max_age=_STEADY,
    ),
    CONTENT,
    Route(
        "diffVersions",
        "/shelves/{shelf}/projects/{project}/diff",
        "How two versions differ.",
        diff_versions,
        wire.VersionDiff,
        (*_OF_PROJECT, FROM, TO),
        max_age=_STEADY,
    ),
    Route("listLocks", "/shelves/{shelf}/locks", "The locks that have a name there.", list_locks, wire.Locks, (SHELF,)),
    Route(
        "showLock",
        "/shelves/{shelf}/locks/{name}",
        "A lock, as text and as a notebook carries it.",
        show_lock,
        wire.NamedLock,
        (SHELF, LOCK),
    ),
    Route(
        "blockOfLock",
        "/locks/block",
        "A lock as a notebook carries it.",
        block_of_lock,
        wire.LockBlock,
        body=wire.LockText,
    ),
    Route("diffLocks", "/locks/diff", "How two locks differ.", diff_locks, wire.LocksDiff, body=wire.TwoLocks),
    Route("health", "/health", "Whether all is well, and if not, how far one gets.", check_health, wire.Health),
    DOCUMENT,
)
