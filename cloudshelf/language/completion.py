"""What may stand where the cursor is, after ``%shelf`` or ``cloudshelf``: one answer for every face. Standard library.

Names come from whoever has them; nothing here asks a shelf.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from . import grammar

EXACT = {"ls", "show", "default", "yank", "unyank", "purge"}  # a version of these is PROJECT==VERSION
PROJECTS = EXACT | {"use", "install", "freeze", "search", "browse", "why", "lock", "fill", "publish", "verify"}
PROJECTS |= {"rollback", "collect", "log", "export", "request", "usage"}
LOCKS, TEXTS, WHEELS, BUNDLES = (".toml",), (".txt", ".in"), (".whl", ".tar.gz"), (".tar",)
SOURCES = (*TEXTS, ".toml", ".py", ".yml", ".yaml")
FILES = {"sync": LOCKS, "lock": LOCKS, "diff": LOCKS, "publish": WHEELS, "export": BUNDLES, "import": BUNDLES}
FOLDERS = {"mount", "umount"}  # these take a folder
NAMED = {"sync", "diff", "locks"}  # these take a lock that has a name on the shelf
NAMED_OPTIONS = {"--lock", "--name"}
OPTION_FILES = {"--lock": LOCKS, "--name": (), "-o": LOCKS, "--output": LOCKS, "-r": SOURCES, "--requirement": SOURCES}
OPTION_FILES |= {"-c": TEXTS, "--constraint": TEXTS, "--notebook": (".ipynb",), "--script": (".py",)}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

_OPERATOR = r"(?:===?|>=|<=|~=|!=|<|>)"
_VERSION = re.compile(
    rf"""(?P<project>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*  # numpy, uvicorn[standard]
    (?:{_OPERATOR}\s*[^\s,]+\s*,\s*)*                       # >=2.2,
    {_OPERATOR}\s*(?P<version>[^\s,;=<>]*)$""",  # the version that is being typed
    re.VERBOSE,
)


class Word(NamedTuple):
    """A word that may stand where the cursor is, and what it is."""

    text: str
    kind: str


class Names(NamedTuple):
    """Where names come from: projects of the shelf, versions of one, what is asked for here, and locks with a name."""

    projects: Callable[[], Sequence[str]]
    versions: Callable[[str], Sequence[str]]
    asked: Callable[[], Sequence[str]] = tuple
    locks: Callable[[], Sequence[str]] = tuple


def words(face: str, typed: str, fragment: str, names: Names) -> list[Word]:
    """All words that may stand where ``fragment`` is being typed, the end of ``typed``: what follows the program."""
    finished = typed.split()[:-1] if fragment else typed.split()
    finished = _without_leading_options(finished)
    if finished and finished[-1] == "--shelf":
        return []
    if not finished:
        if fragment.startswith("-"):
            return [Word(option, "option") for option in ("--debug", "--help", "--json", "--shelf", "--version")]
        return [Word(v.name, "verb") for v in grammar.VERBS.values() if face in v.faces]
    verb = grammar.VERBS.get(finished[0])
    if verb is None or face not in verb.faces:
        return []
    options = grammar.options_of(verb)
    if verb.name in FOLDERS and finished[-1] == verb.name and not fragment.startswith("-"):
        return folders(fragment)
    if finished[-1] in OPTION_FILES:
        named = [Word(name, "lock") for name in names.locks()] if finished[-1] in NAMED_OPTIONS else []
        return [*named, *files(fragment, OPTION_FILES[finished[-1]])]
    if finished[-1] == "--python":
        return [Word(version, "version") for version in PYTHONS]
    if finished[-1] == "--with":
        return of_the_shelf(verb.name, typed, fragment, names)
    if finished[-1] in grammar.options_with_values(verb):
        return []
    if fragment.startswith("-"):
        return [Word(option, "option") for option in options]
    if verb.name in ("drop", "uninstall"):
        found = [Word(project, "project") for project in names.asked()]
    else:
        found = of_the_shelf(verb.name, typed, fragment, names) if verb.name in PROJECTS else []
    if verb.name in NAMED:
        found += [Word(name, "lock") for name in names.locks()]
    found += files(fragment, FILES.get(verb.name, ()))
    found += [Word(str(choice), "action") for choice in _choices(verb)]
    return found or [Word(option, "option") for option in options]


def of_the_shelf(verb: str, typed: str, fragment: str, names: Names) -> list[Word]:
    """Projects, or behind an operator the versions of one."""
    asked = _VERSION.search(typed)
    if asked is None:  # thousands of objects would have Python collect garbage, 0.1 s in a kernel
        return [Word(name, "project") for name in names.projects() if name.startswith(fragment)]
    version = asked["version"]
    if verb in EXACT and not re.search(rf"[^=]==\s*{re.escape(version)}$", typed):
        return []
    before = fragment.removesuffix(version)
    return [Word(f"{before}{each}", "version") for each in names.versions(asked["project"])]


def files(fragment: str, endings: tuple[str, ...]) -> list[Word]:
    """Files with one of these endings, and the folders on the way to more of them."""
    folder, slash, _ = fragment.rpartition("/")
    entries = _entries(f"{folder}{slash}") if endings else []
    found = []
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.name.endswith(endings):
            found.append(Word(f"{folder}{slash}{entry.name}", "file"))
        elif slash and entry.is_dir():
            found.append(Word(f"{folder}{slash}{entry.name}/", "folder"))
    return found


def folders(fragment: str) -> list[Word]:
    """The folders that ``fragment`` may be the beginning of."""
    before, slash, _ = fragment.rpartition("/")
    entries = _entries(f"{before}{slash}")
    return [Word(f"{before}{slash}{e.name}/", "folder") for e in entries if e.is_dir() and not e.name.startswith(".")]


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in ``folder``, the one where one stands when it is empty; nothing where it cannot be listed."""
    try:
        place = os.path.expanduser(folder or ".")  # noqa: PTH111  (pathlib is 5 ms of a Tab in a shell)
        return sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return []


def _without_leading_options(finished: list[str]) -> list[str]:
    """The words from the verb on; an option before it that still wants its value stays."""
    while finished and finished[0].startswith("-"):
        if finished[0] == "--shelf":
            if len(finished) == 1:
                return finished
            del finished[0]
        del finished[0]
    return finished


def _choices(verb: grammar.Verb) -> Iterable[Any]:
    """The words of a verb that takes one of a few."""
    return [choice for action in grammar.arguments_of(verb) for choice in action.choices or ()]
