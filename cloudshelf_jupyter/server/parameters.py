"""The parameters of requests: what each may be, checked before anything is read.

A check gives the value, or raises UsageError with one sentence that says what the parameter may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from cloudshelf.codecs.names import FILE_ENDINGS, is_lock_name, is_normalized, normalize
from cloudshelf.errors import UsageError

LARGEST_PAGE = 500
_LARGEST_OFFSET = 10**9
_LONGEST_WORDS = 200
_LONGEST_PATH = 1024
_LONGEST_NAME = 200
_SHELF = r"[0-9a-f]{12}"
_PROJECT = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"  # PEP 508, "Names"
_VERSION = r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,127}"

# Only for openapi.json: what is_lock_name and _path allow, but for what is encoded twice.
_ENDINGS = "|".join(re.escape(ending) for ending in FILE_ENDINGS)
_LOCK_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LOCK = rf"^(?!.*\.\.)(?!.*({_ENDINGS})$){_LOCK_PART}(/{_LOCK_PART})*$"
_PART = r"(?!\.{1,2}(/|$))[^/\\\u0000]+"
_PARTS = f"{_PART}(/{_PART})*"


class Parameter(NamedTuple):
    """``check`` takes the text that came; ``default`` None: it has to be there. ``pattern`` is where it is in a URL."""

    name: str
    place: Literal["path", "query"]
    check: Callable[[str], Any]
    schema: Mapping[str, Any]
    description: str
    default: str | None = None
    pattern: str = "[^/]+"
    example: str = ""


def _shelf(text: str) -> str:
    return _matching(text, _SHELF, f"{text!r} is not the id of a shelf; the list of shelves has them.")


def _project(text: str) -> str:
    _checked(text, len(text) <= _LONGEST_NAME, f"The name is too long; {_LONGEST_NAME} characters are the most.")
    name = normalize(_matching(text, _PROJECT, f"{text!r} is not the name of a project; write it like scikit-learn."))
    return _checked(name, is_normalized(name), f"{text!r} is not the name of a project; write it like scikit-learn.")


def _version(text: str) -> str:
    return _matching(text, _VERSION, f"{text!r} is not a version; write it like 2.1.2.")


def _lock(text: str) -> str:
    return _checked(text, is_lock_name(text), f"{text!r} is not the name of a lock; write it like team/2026q4.")


def _words(text: str) -> str:
    if len(text) > _LONGEST_WORDS or "\0" in text:
        raise UsageError(f"The filter is too long or has odd characters; {_LONGEST_WORDS} characters are the most.")
    return text


def _path(text: str) -> str:
    """A relative path, or "" for the top. Encoded twice it is looked at as what it would become, and refused."""
    decoded = unquote(text)
    for each in (text, decoded, unquote(decoded)):
        parts = each.split("/")
        if "\0" in each or "\\" in each or each.startswith("/") or (each and not {"", ".", ".."}.isdisjoint(parts)):
            raise UsageError(f"{text!r} is not a path in a version; write it like site/pandas/__init__.py.")
    if len(text) > _LONGEST_PATH:
        raise UsageError(f"The path is too long; {_LONGEST_PATH} characters are the most.")
    return text


def _file(text: str) -> str:
    if not text:
        raise UsageError("path is missing: it names the file, like site/pandas/__init__.py.")
    return _path(text)


def _number(name: str, least: int, most: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
            raise UsageError(f"{name} is {text!r}; it is a number from {least} to {most}.")
        return int(text)

    return check


def _matching(text: str, pattern: str, message: str) -> str:
    return _checked(text, re.fullmatch(pattern, text, re.ASCII) is not None, message)


def _checked(text: str, right: bool, message: str) -> str:
    if not right:
        raise UsageError(message)
    return text


_TEXT = {"type": "string"}
SHELF = Parameter("shelf", "path", _shelf, _TEXT | {"pattern": f"^{_SHELF}$"}, "Its id, from the list of shelves.")
_NAME = _TEXT | {"pattern": f"^{_PROJECT}$", "maxLength": _LONGEST_NAME}
_NUMBER = _TEXT | {"pattern": f"^{_VERSION}$"}
PROJECT = Parameter("project", "path", _project, _NAME, "A name; it is normalized (PEP 503).")
VERSION = Parameter("version", "path", _version, _NUMBER, "A version, as the shelf spells it.")
LOCK = Parameter(
    "name", "path", _lock, _TEXT | {"pattern": _LOCK, "maxLength": 128}, "The name of a lock, such as team/2026q4.",
    pattern=".+",
)  # fmt: skip
WORDS = Parameter(
    "q", "query", _words, _TEXT | {"maxLength": _LONGEST_WORDS},
    "Words that the name, the summary or a module of a project holds, all of them.", "",
)  # fmt: skip
_PATH = _TEXT | {"maxLength": _LONGEST_PATH}
FOLDER = Parameter(
    "path",
    "query",
    _path,
    _PATH | {"pattern": f"^({_PARTS})?$"},
    "A folder, relative; nothing for the top.",
    "",
)
FILE = Parameter(
    "path", "query", _file, _PATH | {"pattern": f"^{_PARTS}$"}, "A file (an entry: or a folder), relative."
)
OFFSET = Parameter(
    "offset", "query", _number("offset", 0, _LARGEST_OFFSET),
    {"type": "integer", "minimum": 0, "maximum": _LARGEST_OFFSET}, "How many to leave out at the beginning.", "0",
)  # fmt: skip
LIMIT = Parameter(
    "limit", "query", _number("limit", 1, LARGEST_PAGE),
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}, "How many at most.", "100",
)  # fmt: skip
FROM = Parameter("from", "query", _version, _NUMBER, "The earlier version.")
TO = Parameter("to", "query", _version, _NUMBER, "The later version.")


def check_all(
    parameters: tuple[Parameter, ...], path: Mapping[str, str], query: Callable[[str], str | None]
) -> dict[str, Any]:
    """The values of ``parameters``. Raises UsageError for the first that is not right. Others in the query mean
    nothing: JupyterLab adds one against caches."""
    found = {}
    for each in parameters:
        text = path.get(each.name) if each.place == "path" else query(each.name)
        if text is None:
            text = each.default
        if text is None:
            raise UsageError(f"{each.name} is missing. {each.description}")
        found[each.name] = each.check(text)
    return found
