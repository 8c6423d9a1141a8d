"""Tab after ``%shelf``: verbs, options, files, and what the shelf has. A Tab never downloads a distribution."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from cloudshelf import grammar
from cloudshelf.session import Session, project_of

from .names import ShelfNames

EXACT = {"ls", "show", "default", "yank", "unyank"}  # a version of these is PROJECT==VERSION
PROJECTS = EXACT | {"use", "install", "freeze", "search", "why", "lock", "fill", "publish", "verify", "rollback", "log"}
PROJECTS |= {"export", "request", "usage"}
LOCKS, TEXTS, WHEELS, BUNDLES = (".toml",), (".txt", ".in"), (".whl", ".tar.gz"), (".tar",)
SOURCES = (*TEXTS, ".toml", ".py", ".yml", ".yaml")
FILES = {"sync": LOCKS, "lock": LOCKS, "diff": LOCKS, "publish": WHEELS, "export": BUNDLES, "import": BUNDLES}
NAMED = {"sync", "diff", "locks"}  # these take a lock that has a name on the shelf
NAMED_OPTIONS = {"--lock", "--name"}
OPTION_FILES = {"--lock": LOCKS, "--name": (), "-o": LOCKS, "--output": LOCKS, "-r": SOURCES, "--requirement": SOURCES}
OPTION_FILES |= {"-c": TEXTS, "--constraint": TEXTS, "--notebook": (".ipynb",)}

_LINE = re.compile(r"\s*%?%shelf(?:\s+(?P<rest>.*))?", re.DOTALL)
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


class ShelfMatcher:
    """A matcher of IPython's completer (API version 2) with its own fragment, since ``=`` would break the word."""

    matcher_api_version = 2
    matcher_priority = 150
    matcher_identifier = "cloudshelf"

    def __init__(self, session: Session, names: ShelfNames) -> None:
        self.__qualname__ = "ShelfMatcher"  # IPython takes matchers for functions
        self._session = session
        self._names = names

    def __call__(self, context: Any) -> Any:
        from IPython.core.completer import SimpleCompletion

        lines = context.full_text.splitlines() or [""]
        line = lines[context.cursor_line] if context.cursor_line < len(lines) else ""
        typed = _typed(lines[0], line[: context.cursor_position], body=context.cursor_line > 0)
        if typed is None:
            return {"completions": []}
        fragment = re.split(r"\s", typed)[-1].lstrip("\"'")
        words = [word for word in self.words(typed, fragment) if word.text.startswith(fragment)]
        if not words and fragment:  # else IPython's own words would come, and none of them belongs here
            words = [Word(fragment, "shelf")]
        return {
            "completions": [SimpleCompletion(text=word.text, type=word.kind) for word in dict.fromkeys(words)],
            "matched_fragment": fragment,
            "suppress": True,
            "do_not_suppress": set(),
        }

    def words(self, typed: str, fragment: str) -> list[Word]:
        """All words that may stand where ``fragment`` is being typed, the end of ``typed`` (what follows %shelf)."""
        finished = typed.split()[:-1] if fragment else typed.split()
        if not finished:
            return [Word(v.name, "verb") for v in grammar.VERBS.values() if "magic" in v.faces]
        verb = grammar.VERBS.get(finished[0])
        if verb is None or "magic" not in verb.faces:
            return []
        if finished[-1] in OPTION_FILES:
            files = _files(fragment, OPTION_FILES[finished[-1]])
            return [*self._locks(), *files] if finished[-1] in NAMED_OPTIONS else files
        if fragment.startswith("-"):
            return [Word(option, "option") for option in grammar.options_of(verb)]
        found = [*self._of_the_shelf(verb.name, typed, fragment), *_files(fragment, FILES.get(verb.name, ()))]
        found += [Word(str(choice), "action") for choice in _choices(verb)]
        return found or [Word(option, "option") for option in grammar.options_of(verb)]

    def _of_the_shelf(self, verb: str, typed: str, fragment: str) -> list[Word]:
        if verb in ("drop", "uninstall"):
            return [Word(project_of(requirement), "project") for requirement in self._session.requirements]
        if verb in NAMED:
            return self._locks()
        if verb not in PROJECTS:
            return []
        asked = _VERSION.search(typed)
        if asked is None:  # thousands of objects would have Python collect garbage, 0.1 s in a kernel
            return [Word(name, "project") for name in self._names.projects() if name.startswith(fragment)]
        version = asked["version"]
        if verb in EXACT and not re.search(rf"[^=]==\s*{re.escape(version)}$", typed):
            return []
        before = fragment.removesuffix(version)
        return [Word(f"{before}{each}", "version") for each in self._names.versions(asked["project"])]

    def _locks(self) -> list[Word]:
        return [Word(name, "lock") for name in self._names.locks()]


def _typed(first: str, before: str, *, body: bool) -> str | None:
    """What a person typed up to the cursor, as the words of ``%shelf``; None where the line is not ours.

    A line in the body of a ``%%shelf`` cell is one of requirements.
    """
    if body and first.startswith("%%"):
        cell = _LINE.fullmatch(first)
        if cell is None or "#" in before:
            return None
        verb = next((word for word in (cell["rest"] or "").split() if not word.startswith("-")), "use")
        return f"{verb} {before.lstrip()}"
    found = _LINE.fullmatch(before)
    return None if found is None or before.endswith("%shelf") else found["rest"] or ""


def _choices(verb: grammar.Verb) -> Iterable[object]:
    """The words of a verb that takes one of a few."""
    parser = argparse.ArgumentParser(add_help=False)
    verb.declare(parser)
    return [choice for action in parser._actions for choice in action.choices or ()]


def _files(fragment: str, endings: tuple[str, ...]) -> list[Word]:
    """Files with one of these endings, and the folders on the way to more of them."""
    folder, slash, _ = fragment.rpartition("/")
    place = Path(f"{folder}{slash}" or ".").expanduser()
    try:
        entries = sorted(entry for entry in place.iterdir() if not entry.name.startswith(".")) if endings else []
    except OSError:
        return []
    found = []
    for entry in entries:
        if entry.name.endswith(endings):
            found.append(Word(f"{folder}{slash}{entry.name}", "file"))
        elif slash and entry.is_dir():
            found.append(Word(f"{folder}{slash}{entry.name}/", "folder"))
    return found


def install(shell: Any, session: Session, names: ShelfNames) -> None:
    uninstall(shell)
    shell.Completer.custom_matchers.append(ShelfMatcher(session, names))


def uninstall(shell: Any) -> None:
    completer = shell.Completer
    completer.custom_matchers[:] = [m for m in completer.custom_matchers if not isinstance(m, ShelfMatcher)]
