"""The plain trees of an environment, as its dist-info folders say. Standard library only: ``cloudshelf.path`` asks."""

from __future__ import annotations

import marshal
import os
from pathlib import Path
from typing import NamedTuple

from ..codecs.tree import ROOT, TREE_FILE, parse_tree, tree_folder
from ..errors import ObjectInvalid
from ..importing.presence import is_complete

PRIVATE = ".cloudshelf"  # as index.py has it, whose libraries a process that imports does not load
_SHOWN = 5
_OF_TOOLS = ("include", "lib", "lib64")


class PinnedTree(NamedTuple):
    """A tree in an environment. ``bins`` are relative to ``root``; in ``env`` the root's place is filled in."""

    project: str
    version: str
    root: Path
    bins: tuple[str, ...]
    env: dict[str, str]

    @property
    def is_tool(self) -> bool:
        """Whether programs look into it that no hook of ours sees: then all of it comes before it is used."""
        return bool(self.bins) or any((self.root / name).is_dir() for name in ("bin", *_OF_TOOLS))


def trees_of(environment: Path) -> tuple[PinnedTree, ...]:
    """The trees of ``environment``, by project; whose facts cannot be read is none. FormatUnknown may be raised."""
    if not (environment / tree_folder("")).is_dir():  # most have none, and every use asks
        return ()
    found = []
    for site in environment.glob("lib/python*/site-packages"):
        with os.scandir(site) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".dist-info")]
        for name in sorted(names):
            file = site / name / TREE_FILE
            try:
                facts = parse_tree(file.read_bytes(), str(file))
            except (FileNotFoundError, NotADirectoryError, ObjectInvalid):
                continue
            project, _, version = name.removesuffix(".dist-info").partition("-")
            root = environment / tree_folder(project.replace("_", "-"))
            env = {key: value.replace(ROOT, str(root)) for key, value in facts.env.items()}
            found.append(PinnedTree(root.name, version, root, facts.bins, env))
    return tuple(found)


def absent_tools(environment: str) -> list[str]:
    """The tools of an environment that is not complete, by project: to be brought before it is used."""
    tools = [tree.project for tree in trees_of(Path(environment)) if tree.is_tool]
    return [] if not tools or is_complete(environment) else tools


def hidden_names(environment: Path) -> list[str]:
    """A line for names of trees that another has, so that they lead elsewhere; a few of many."""
    if not trees_of(environment):
        return []
    try:
        hidden = marshal.loads((environment / PRIVATE / "index").read_bytes())["hidden"]
    except (OSError, ValueError, EOFError, TypeError, KeyError):  # whoever needs it says so
        return []
    lines = [f"{place} is another's here; {project}'s is below opt/{project}." for place, project in hidden[:_SHOWN]]
    return lines + ([f"So it is with {len(hidden) - _SHOWN} more names."] if hidden[_SHOWN:] else [])
