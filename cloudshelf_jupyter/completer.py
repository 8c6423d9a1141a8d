"""Tab after ``%shelf``: verbs, options, files, and what the shelf has. A Tab never downloads a distribution."""

from __future__ import annotations

import re
from typing import Any

from cloudshelf.language.completion import Names, Word, words
from cloudshelf.requirements.lock_text import project_of
from cloudshelf.session import Session

from .names import ShelfNames

_LINE = re.compile(r"\s*%?%shelf(?:\s+(?P<rest>.*))?", re.DOTALL)


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
        found = [word for word in self.words(typed, fragment) if word.text.startswith(fragment)]
        if not found and fragment:  # else IPython's own words would come, and none of them belongs here
            found = [Word(fragment, "shelf")]
        return {
            "completions": [SimpleCompletion(text=word.text, type=word.kind) for word in dict.fromkeys(found)],
            "matched_fragment": fragment,
            "suppress": True,
            "do_not_suppress": set(),
        }

    def words(self, typed: str, fragment: str) -> list[Word]:
        """All words that may stand where ``fragment`` is being typed, the end of ``typed`` (what follows %shelf)."""
        names = Names(
            projects=self._names.projects,
            versions=self._names.versions,
            asked=lambda: [project_of(requirement) for requirement in self._session.requirements],
            locks=self._names.locks,
        )
        return words("magic", typed, fragment, names)


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


def install(shell: Any, session: Session, names: ShelfNames) -> None:
    uninstall(shell)
    shell.Completer.custom_matchers.append(ShelfMatcher(session, names))


def uninstall(shell: Any) -> None:
    completer = shell.Completer
    completer.custom_matchers[:] = [m for m in completer.custom_matchers if not isinstance(m, ShelfMatcher)]
