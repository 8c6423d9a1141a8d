"""What a plain tree says of itself beside its files: programs, variables, empty folders. See docs/format.md.

Values in, values out; standard library only, for the process that imports asks too (``cloudshelf.path``).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import FormatUnknown, ObjectInvalid

TREE_FILE = "cloudshelf-tree.json"  # in the project's dist-info
ROOT = "{root}"  # in the value of a variable: the tree's folder
_FORMAT = 1
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What decides which programs and libraries are found, and whose they are: a tree that sets one breaks all others.
# The next lists are those of environment/variables.py, where a tree's value would be lost.
_NOT_A_TREES = (
    *("PATH", "HOME", "ENV", "SHELL", "USER", "LOGNAME", "PWD", "TMPDIR", "IFS", "PROMPT_COMMAND"),
    *("PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH", "CPATH", "LIBRARY_PATH"),
)
_NOT_A_TREES_BEGIN = ("BASH_", "LD_", "PYTHON", "CLOUDSHELF_", "AWS_")


class TreeFacts(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """Paths are relative to the tree's folder."""

    bins: tuple[str, ...] = ()  # files that are commands
    env: Mapping[str, str] = {}  # variables; ``{root}`` in a value is the tree's folder
    folders: tuple[str, ...] = ()  # those that are empty


def tree_folder(project: str) -> str:
    """Where the tree of ``project`` is in an environment."""
    return f"opt/{project}"


def format_tree(facts: TreeFacts) -> bytes:
    raw = {"format": _FORMAT, "bin": list(facts.bins), "env": dict(facts.env), "folders": list(facts.folders)}
    return (json.dumps(raw, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def parse_tree(data: bytes, key: str) -> TreeFacts:
    """Raises ObjectInvalid, naming ``key``, for what no publisher writes; FormatUnknown."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ObjectInvalid(key, f"it is no JSON ({error})") from None
    if not isinstance(raw, dict) or type(raw.get("format")) is not int:
        raise ObjectInvalid(key, "it is not of a tree")
    if raw["format"] > _FORMAT:
        raise FormatUnknown(key, raw["format"], _FORMAT)
    bins, folders, env = raw.get("bin", []), raw.get("folders", []), raw.get("env", {})
    if not _are_paths(bins) or not _are_paths(folders):
        raise ObjectInvalid(key, "a path in it leaves the tree")
    if not isinstance(env, dict) or any(why_not_variable(name, value) for name, value in env.items()):
        raise ObjectInvalid(key, "a variable in it is not for a tree to set")
    return TreeFacts(tuple(bins), dict(env), tuple(folders))


def why_not_variable(name: str, value: Any) -> str:
    """Why a tree may not set a variable; "" where it may."""
    if not _VARIABLE.fullmatch(name):
        return "is no name of a variable: letters, digits and _ are"
    if name.upper() in _NOT_A_TREES or name.startswith(_NOT_A_TREES_BEGIN):  # zsh's path is the PATH
        return "decides about other programs than the tree's, so a tree may not set it"
    if not isinstance(value, str) or not value.isprintable():
        return "has a value that cannot be seen"
    return ""


def _are_paths(paths: Any) -> bool:
    return isinstance(paths, list) and all(isinstance(path, str) and is_inside(path) for path in paths)


def is_inside(path: str) -> bool:
    """Whether ``path`` is one in normal form, below the folder that it is relative to."""
    return (
        bool(path)
        and "\0" not in path
        and posixpath.normpath(path) == path
        and not path.startswith("/")
        and path.partition("/")[0] not in (".", "..")
    )


def below_links(paths: Iterable[str], links: Mapping[str, str]) -> bool:
    """Whether one of ``paths`` lies below one of ``links``, so that it would be written to where that leads."""
    known: dict[str, bool] = {"": False}

    def is_through(folder: str) -> bool:
        if folder not in known:
            known[folder] = folder in links or is_through(folder.rpartition("/")[0])
        return known[folder]

    return any(is_through(path.rpartition("/")[0]) for path in paths)
