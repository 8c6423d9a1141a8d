"""Tab in an import statement: what is not here, and an import would pin. A Tab itself pins and downloads nothing.

Only that: what is installed or pinned, IPython knows itself.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from typing import Any

from .names import ShelfNames

_NAMES = r"(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*"  # those before the one that is being typed
_STATEMENT = re.compile(
    rf"""(?:^|[;:])\s*(?:
    import\s+{_NAMES}(?P<import>[\w.]*)
    | from\s+(?P<from>\w[\w.]*|)
    | from\s+(?P<package>\w[\w.]*)\s+import\s+\(?\s*{_NAMES}(?P<member>\w*)
    )$""",
    re.VERBOSE,
)
# Who knows modules that are here. The rest (files, variables) has no place in an import statement, and IPython's own
# completer of imports would suppress us with it, unless we are first and suppress that.
_BESIDE_US = {"IPCompleter.custom_completer_matcher", "IPCompleter.jedi_matcher"}


class ImportMatcher:
    """A matcher of IPython's completer (API version 2); its words stand beside those of installed modules."""

    matcher_api_version = 2
    matcher_priority = 150
    matcher_identifier = "cloudshelf-import"

    def __init__(self, names: ShelfNames) -> None:
        self.__qualname__ = "ImportMatcher"  # IPython takes matchers for functions
        self._names = names

    def __call__(self, context: Any) -> Any:
        lines = context.full_text.splitlines() or [""]
        line = lines[context.cursor_line] if context.cursor_line < len(lines) else ""
        statement = _STATEMENT.search(line[: context.cursor_position])
        if statement is None:
            return {"completions": []}
        from IPython.core.completer import SimpleCompletion

        fragment, words = self.words(statement)
        return {
            "completions": [SimpleCompletion(text=word, type="module") for word in words if word.startswith(fragment)],
            "matched_fragment": fragment,
            "suppress": True,
            "do_not_suppress": {*_BESIDE_US, self.matcher_identifier},
        }

    def words(self, statement: re.Match[str]) -> tuple[str, list[str]]:
        """The name that is being typed, and what it may become; more than that if it is the same work."""
        if statement["package"]:
            return statement["member"], self._below(statement["package"])
        typed = statement["import"] or statement["from"] or ""
        package, dot, _ = typed.rpartition(".")
        if not dot:
            return typed, list(dict.fromkeys(name.partition(".")[0] for name in self._names.modules()))
        return typed, [f"{package}.{name}" for name in self._below(package)]

    def _below(self, package: str) -> list[str]:
        """The last names of the shelf's modules in ``package``, if it is not here."""
        top = package.partition(".")[0]
        modules = [name for name in self._names.modules() if name.partition(".")[0] == top]
        if not modules or _is_here(top):
            return []
        parts = [name.removeprefix(f"{package}.") for name in modules if name.startswith(f"{package}.")]
        found = [part.partition(".")[0] for part in parts]
        if any(f"{package}.".startswith(f"{name}.") for name in modules):
            found += self._names.submodules(package)
        return list(dict.fromkeys(found))


def _is_here(top: str) -> bool:
    """Whether somebody provides the top-level module ``top``; a namespace can have more parts on the shelf."""
    try:
        spec = sys.modules[top].__spec__ if top in sys.modules else importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return top in sys.modules
    return spec is not None and spec.loader is not None and spec.origin is not None


def install(shell: Any, names: ShelfNames) -> None:
    uninstall(shell)
    shell.Completer.custom_matchers.append(ImportMatcher(names))


def uninstall(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if not isinstance(m, ImportMatcher)]
