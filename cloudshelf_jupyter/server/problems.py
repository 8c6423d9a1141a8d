"""What an error is for a browser: a status, one sentence, whom to ask, and whether trying again may help.

RFC 9110, section 15. The sentence is the engine's; a traceback or a secret never leaves.
"""

from __future__ import annotations

from cloudshelf import errors
from cloudshelf.errors import ShelfError, UsageError
from cloudshelf.target import current_target
from cloudshelf.verbs.asking import request_url, request_values

from .folders import PathMissing
from .shelves import OpenShelf, ShelfUnknown
from .wire import Problem
from .work import ShelfSlow


class ContentTooLarge(ShelfError):
    facts = ("path", "size", "most")
    words = (
        "{path} has {size:,} bytes; this server sends at most {most:,} bytes of a file (c.CloudShelf.largest_content). "
        "Use the version in a notebook and open the file there."
    )


class RangeUnsatisfiable(ShelfError):
    facts = ("path", "size")
    words = "{path} has {size} bytes; no part of the range that was asked for is among them."


class NotFound(ShelfError):
    facts = ("path",)
    words = "There is nothing at {path}. The document openapi.json lists what there is."


# The first that an error is an instance of; and whether the same request may do better later.
_STATUS: tuple[tuple[type[ShelfError], int, bool], ...] = (
    (ContentTooLarge, 413, False),
    (RangeUnsatisfiable, 416, False),
    (ShelfSlow, 504, True),
    (errors.NoShelf, 404, False),
    (errors.ShelfForbidden, 403, False),
    (errors.AccessDenied, 403, False),
    (UsageError, 400, False),
    (ShelfUnknown, 404, False),
    (PathMissing, 404, False),
    (NotFound, 404, False),
    (errors.ShelfMissing, 404, True),
    (errors.BucketMissing, 404, True),
    (errors.ProjectMissing, 404, False),
    (errors.VersionMissing, 404, False),
    (errors.LockMissing, 404, False),
    (errors.SignatureError, 502, False),
    (errors.ObjectInvalid, 502, False),
    (errors.ObjectMissing, 502, False),
    (errors.FormatUnknown, 502, False),
    (errors.StoreError, 503, True),
    (errors.CacheUnusable, 503, True),
)
_ASKED_FOR = (errors.AccessDenied, errors.ProjectMissing, errors.VersionMissing)
_OTHER = (500, False)


def status_of(error: ShelfError) -> tuple[int, bool]:
    """The HTTP status, and whether to offer to try again."""
    return next(((status, retry) for kind, status, retry in _STATUS if isinstance(error, kind)), _OTHER)


def problem_of(error: ShelfError, shelf: OpenShelf | None = None, project: str = "", version: str = "") -> Problem:
    """The body for ``error``; ``ask`` is where the shelf wants to be asked for what one may not see or it lacks."""
    ask = None
    if shelf is not None and project and isinstance(error, _ASKED_FOR):
        ask = _ask(shelf, project, version, str(error).partition(". ")[0])
    return Problem(name=type(error).__name__, message=str(error), ask=ask, retry=status_of(error)[1])


def plain_problem(name: str, message: str) -> Problem:
    """For what is no error of the engine."""
    return Problem(name=name, message=message, ask=None, retry=False)


def _ask(shelf: OpenShelf, project: str, version: str, why: str) -> str | None:
    """The URL that the shelf's settings name, filled in; None where they name none, or one that may not be opened."""
    info = shelf.known_info
    if info is None:
        return None
    try:
        return request_url([info], request_values(project, version, current_target(), why, shelf.url))
    except ShelfError:
        return None
