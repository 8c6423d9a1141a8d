"""What only looks at the pins of this process, and changes nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ShelfError, UsageError
from ..language.arguments import expand_requirements, find_lock
from ..requirements.lock_text import lock_pins, merge_requirements, normalize, project_of
from .children import ENVIRONMENT
from .state import Progress, State

_UNSEEN = (
    "Nothing was measured: by themselves only imports that may have to fetch are. "
    "Any other: %%shelf profile as the first line of its cell."
)


class Looking(State):
    """Status, profile, checks, comparisons with other locks, and what a use would do."""

    def status(self) -> dict[str, Any]:
        """What is pinned, what is loaded and from where, what was fetched of how much. No network."""
        from .in_place import environment_rows

        with self._guard:
            environment = self._environment
            result: dict[str, Any] = {
                "shelf": self.url,
                "environment": environment,
                "requirements": self.requirements,
                "pins": environment_rows(environment, self._activated) if environment else [],
                "provided": dict(self._provided),
                "statistics": {},
            }
            activated = list(self._activated)
        if environment:
            try:
                result["statistics"] = self._received(activated)
            except ShelfError as error:
                result["note"] = str(error)
        return result

    def listed(self) -> dict[str, Any]:
        """Every pin, and whether it was asked for here or came with another. No network."""
        asked = {project_of(r) for r in self._requirements}
        return {"pins": [pin | {"asked": pin["project"] in asked} for pin in lock_pins(self._lock or "")]}

    def pins(self) -> dict[str, str]:
        """Version of every pinned project."""
        return {row["project"]: row["version"] for row in self.status()["pins"]}

    def path(self, project: str, *, bring: bool = False, progress: Progress | None = None) -> Path:
        """The folder of a pinned project: a plain tree's own, or that of a wheel's package.

        What is in it comes when Python code looks at it; with ``bring`` all of it is there before this returns, for
        libraries that open files by themselves (pyarrow, sqlite3, HDF5). Raises UsageError for what is not pinned.
        """
        from .folders import folder_of

        environment = self._environment or os.environ.get(ENVIRONMENT)
        found = folder_of(environment, project)
        if bring:
            self._call("fill", {"environment": environment, "projects": [normalize(project)]}, progress)
        return found

    def profile(self, last: int = 10, *, since: float = 0.0) -> dict[str, Any]:
        """What the last imports of the outermost level took: ``imports`` (see waterfall.py), ``seconds``. No network.

        Seen are imports from environments that were filling, and all while ``importing.recording`` is on; since
        ``since`` (of time.perf_counter).
        """
        from ..importing import timeline
        from ..importing.activate import activated
        from ..render.waterfall import read_rows, total_seconds

        rows = read_rows(timeline.facts(activated(), since), last)
        result: dict[str, Any] = {"imports": rows, "seconds": total_seconds(rows), "statistics": {}}
        if not rows:
            result["note"] = _UNSEEN
        elif self._activated:
            with contextlib.suppress(ShelfError):
                result["statistics"] = self._received(self._activated)
        return result

    def diff(self, before: str, after: str | None = None) -> dict[str, Any]:
        """What differs from lock ``before`` to lock ``after`` (default: what is pinned here), and why.

        Locks are files or have a name on the shelf. Raises UsageError, LockMissing.
        """
        args: dict[str, Any] = {"shelf": self.url, "before": find_lock(before)}
        if after is not None:
            return self._call("diff", args | {"after": find_lock(after)})
        with self._guard:
            if self._lock is None:
                raise UsageError("Nothing is pinned here, so there is nothing to compare. Two locks: %shelf diff A B")
            args["after"] = {"lock": self._lock, "lock_name": "what is pinned here"}
            args["provided"] = dict(self._provided)
        return self._call("diff", args)

    def doctor(self, progress: Progress | None = None) -> dict[str, Any]:
        """The checks of ``cloudshelf doctor``, and which copy wins of what is both pinned and installed."""
        answer = self._call("doctor", {"shelf": self.url}, progress)
        if self._environment is None:
            return answer
        from .copies import find_copies

        rows = [
            {"ok": True, "check": project, "found": line}
            for project, line in find_copies(self._pinned() | self._provided)
        ]
        return answer | {"checks": [*answer["checks"], *rows]}

    def env(self, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        """The variables of what is pinned here, for other programs; ``args`` as of verbs.variables. Every file is
        brought. Raises UsageError where nothing is pinned."""
        if self._environment is None:
            raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
        return self._call("env", {**args, "environment": self._environment}, progress)

    def find_module(self, name: str) -> dict[str, Any]:
        """Which project's default brings module ``name``: {"project", "version"}, or {"suggestions": […]}."""
        return self._call("find-module", {"shelf": self._needed_url(), "module": name})

    def ask(
        self,
        requirements: Iterable[str],
        sources: Mapping[str, Any] | None = None,
        wanted: Mapping[str, Any] | None = None,
    ) -> tuple[list[str], Mapping[str, Any] | None]:
        """What words and files ask for together: requirements, and what else the files say, for ``use``.

        Raises UsageError where that is nothing, and for lines that no shelf can answer.
        """
        asked = expand_requirements(requirements)
        if sources:
            answer = self._call("read-sources", {"sources": dict(sources)})
            asked, wanted = [*asked, *answer["requirements"]], answer["wanted"]
        if not asked:
            raise UsageError(f"use needs a requirement, such as pandas or pandas>=2.2,<3{_empty(sources)}.")
        return asked, wanted

    def plan(
        self,
        asked: Sequence[str],
        wanted: Mapping[str, Any] | None,
        *,
        upgrade: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """What ``use`` of this would do, the lines of files one by one; what cannot be met is told, no error."""
        with self._guard:
            args = {
                "shelf": self._needed_url(),
                "requirements": merge_requirements(self._requirements, asked),
                "preferred": self._lock,
                "dropping": sorted(project_of(r) for r in asked) if upgrade else [],
                "loaded": self._loaded(),
                "variant": self._wanted_variant(),
                "shadow": sorted(self._shadow),
                "asked": list(asked),
                "wanted": dict(wanted) if wanted else None,
                "dry_run": True,
            }
            return self._call("lock", args, progress)

    def _pinned(self) -> dict[str, str]:
        return {pin["project"]: pin["version"] for pin in lock_pins(self._lock or "")}

    def _received(self, environments: Sequence[str]) -> dict[str, Any]:
        """What the fetcher received for environments."""
        from .in_place import sum_statistics

        counted = self._call("statistics", {}).get("environments", {})
        return sum_statistics(counted[e] for e in environments if e in counted)


def _empty(sources: Mapping[str, Any] | None) -> str:
    if not sources:
        return ""
    from ..requirements.gathering import names_of

    return f"; {', '.join(names_of(sources))} asks for none"
