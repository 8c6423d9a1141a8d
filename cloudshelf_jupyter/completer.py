"""Tab after ``%shelf``: verbs, options, projects and versions of the shelf. A Tab never downloads a distribution."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from cloudshelf import grammar
from cloudshelf.errors import ShelfError
from cloudshelf.session import Session

FRESH = 60.0  # seconds for which names of the shelf are remembered
PROJECTS = ("use", "ls", "show", "why", "drop", "lock", "default", "yank", "unyank", "rollback", "log", "fill")
_LINE = re.compile(r"^\s*%?%shelf(?:\s+(?P<rest>.*))?$", re.DOTALL)


class ShelfMatcher:
    """A matcher of IPython's completer (API version 2) with its own fragment, since ``=`` would break the word."""

    matcher_api_version = 2
    matcher_priority = 150
    matcher_identifier = "cloudshelf"

    def __init__(self, session: Session) -> None:
        self.__qualname__ = "ShelfMatcher"  # IPython takes matchers for functions
        self._session = session
        self._known: dict[str, tuple[float, list[str]]] = {}

    def __call__(self, context: Any) -> Any:
        from IPython.core.completer import SimpleCompletion

        line = context.full_text.splitlines()[context.cursor_line] if context.full_text else ""
        before = line[: context.cursor_position]
        found = _LINE.match(before)
        if found is None:
            return {"completions": []}
        rest = found["rest"] or ""
        fragment = re.split(r"\s", rest)[-1].lstrip("\"'")
        words = self.words(rest.split(), fragment)
        return {
            "completions": [SimpleCompletion(text=word, type="shelf") for word in words if word.startswith(fragment)],
            "matched_fragment": fragment,
            "suppress": True,
            "do_not_suppress": set(),
        }

    def words(self, typed: list[str], fragment: str) -> list[str]:
        """All words that may stand where ``fragment`` is being typed."""
        finished = typed[:-1] if fragment else typed
        if not finished:
            return sorted(v.name for v in grammar.VERBS.values() if "magic" in v.faces)
        verb = grammar.VERBS.get(finished[0])
        if verb is None:
            return []
        if fragment.startswith("-"):
            return grammar.options_of(verb)
        if verb.name not in PROJECTS:
            return []
        project, operator, _ = fragment.partition("==")
        if operator:
            return [f"{project}=={version}" for version in self._names({"project": project}, "versions", "version")]
        return self._names({}, "projects", "project")

    def _names(self, args: dict[str, str], rows: str, field: str) -> list[str]:
        """Names from the fetcher, remembered for a minute; none rather than an error while somebody types."""
        key = args.get("project", "")
        when, names = self._known.get(key, (-FRESH, []))
        if time.monotonic() - when < FRESH or not self._session.url:
            return names

        def ask() -> None:
            try:
                answer = self._session.call("ls", args)
            except ShelfError:
                return
            self._known[key] = (time.monotonic(), [str(row[field]) for row in answer.get(rows, ())])

        thread = threading.Thread(target=ask, daemon=True)  # a slow shelf must not hold up the typing
        thread.start()
        thread.join(1.0)
        return self._known.get(key, (0.0, names))[1]


def install(shell: Any, session: Session) -> None:
    uninstall(shell)
    shell.Completer.custom_matchers.append(ShelfMatcher(session))


def uninstall(shell: Any) -> None:
    completer = shell.Completer
    completer.custom_matchers[:] = [m for m in completer.custom_matchers if not isinstance(m, ShelfMatcher)]
