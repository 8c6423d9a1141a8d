"""The session: what a notebook, a script or a worker does with its pins."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import AlreadyLoaded, UsageError
from ..language.arguments import expand_requirements, find_lock
from ..requirements.lock_text import lock_as_of, merge_requirements, normalize, project_of
from .locking import Locking, parse_moment
from .looking import Looking
from .state import Progress


class Session(Looking, Locking):
    """The state of one process; every method may be called from any thread."""

    def use(
        self,
        *requirements: str,
        sources: Mapping[str, Any] | None = None,
        wanted: Mapping[str, Any] | None = None,
        upgrade: bool = False,
        restart: bool = False,
        variant: str = "",
        shadow: bool = False,
        as_of: str | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Pin ``requirements`` with everything they need, and make them importable in this process.

        ``sources`` are files that ask for more (gathering.gather), ``wanted`` what they said (``ask``). A requirement
        replaces an earlier one of the same project; all other pins stay where they are if they can; with ``upgrade``
        those of ``requirements`` do not. ``variant`` (such as "cpu") says from now on which build of a version is
        taken, in place of the machine. ``shadow`` puts them in front of editable and direct-URL installs. ``as_of``,
        such as 2026-11-01, takes the shelf as it was then, for this use only.

        The answer has ``changes`` and ``pins``. Raises Unsatisfiable, AlreadyLoaded and whatever a store can raise;
        then nothing has changed.
        """
        if restart:
            raise UsageError("Only a notebook can restart itself: %shelf use --restart …")
        if sources and not requirements and self._lock is None:
            from ..requirements.gathering import only_lock

            if lock := only_lock(sources):  # nothing to merge it with: exactly its pins
                return self.sync(lock, progress=progress)
        asked, wanted = self.ask(requirements, sources, wanted)
        with self._guard:
            merged = merge_requirements(self._requirements, asked)
            let_go = {project_of(r) for r in asked} if upgrade else ()
            before = self._variant, self._shadow
            self._variant = variant or self._variant
            self._shadow = self._shadow | {project_of(r) for r in asked} if shadow else self._shadow
            typed = [*expand_requirements(requirements), *_typed(sources, asked)]
            words = " ".join([*([f"--as-of {as_of}"] if as_of else []), *map(_quoted, typed)])
            try:
                answer = self._pin(
                    merged,
                    self._lock,
                    progress,
                    dropping=let_go,
                    asked=asked,
                    wanted=wanted,
                    as_of=parse_moment(as_of),
                )
            except BaseException as error:
                self._variant, self._shadow = before
                if isinstance(error, AlreadyLoaded):
                    refused = AlreadyLoaded(*error.args[:4], f"%shelf use --restart {words}")
                    self._tell_refused(asked, refused)
                    raise refused from None
                raise
            return self._remember(f"use {words}", answer)

    def drop(self, *projects: str, progress: Progress | None = None) -> dict[str, Any]:
        """No longer ask for ``projects``; what only they needed leaves the pins too. Loaded modules stay loaded."""
        with self._guard:
            gone = {normalize(name) for name in projects}
            asked = {project_of(r) for r in self._requirements}
            unknown = sorted(gone - asked)
            if unknown:
                pinned = ", ".join(sorted(asked)) or "nothing"
                raise UsageError(f"{', '.join(unknown)} was not asked for here; asked for: {pinned}.")
            kept = [r for r in self._requirements if project_of(r) not in gone]
            self._shadow = self._shadow - gone
            if kept:
                moment = lock_as_of(self._lock)  # nothing new comes in by a drop
                answer = self._pin(kept, self._lock, progress, dropping=gone, as_of=moment)
                answer |= {"notes": [*answer.get("notes", ()), *_staying(str(answer["lock"]), gone)]}
            else:
                answer = self._forget()
            return self._remember(f"drop {' '.join(projects)}", answer)

    def sync(
        self,
        source: str | os.PathLike[str] = "pylock.toml",
        *,
        name: str | None = None,
        shelf: str | None = None,
        variant: str = "",
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Exactly the pins of a lock: a file, one that has a name on the shelf (team/2026q4), or the text of one.

        A text is called ``name`` in messages. ``shelf`` (a URL): from there instead of the lock's own. Of a lock for
        several kinds of machines, ``variant`` says which pins, in place of this machine. Raises ObjectInvalid,
        UsageError, AlreadyLoaded, LockMissing.
        """
        is_text = isinstance(source, str) and "\n" in source
        args: dict[str, Any] = {"lock": source} if is_text else find_lock(source)
        with self._guard:
            args["variant"] = variant or self._wanted_variant()
            if name:
                args["lock_name"] = name
            answer = self._sync(args, shelf, progress)
            return self._remember(f"sync {name or ('a lock' if is_text else os.fspath(source))}", answer)

    def history(self, to: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
        """What was used, dropped and synced here, the newest first; with ``to``, the pins of that state again.

        What it answers then is what ``sync`` does. Raises UsageError for a state that was not, AlreadyLoaded.
        """
        with self._guard:
            if to is None:
                return {"states": self._journal.rows()}
            state = self._journal.find(to)
            if state.lock is None:
                answer = self._forget()
            else:
                answer = self._sync({"lock": state.lock, "lock_name": f"State {to}"}, None, progress)
                self._provided |= state.provided
                self._requirements = list(state.requirements)
            return self._remember(f"history --to {to}", answer)

    def fill(self, progress: Progress | None = None) -> dict[str, Any]:
        """Bring every file of the active environment now."""
        if self._environment is None:
            raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
        from ..quantities import filled_line

        done = self._call("fill", {"environment": self._environment}, progress)
        return done | {"environment": self._environment, "message": filled_line(done)}

    def _pin(
        self,
        requirements: list[str],
        lock: str | None,
        progress: Progress | None,
        *,
        dropping: Iterable[str] = (),
        asked: Sequence[str] = (),
        wanted: Mapping[str, Any] | None = None,
        as_of: str | None = None,
    ) -> dict[str, Any]:
        answer = self._call(
            "use",
            {
                "shelf": self._needed_url(),
                "requirements": requirements,
                "lock": lock,
                "dropping": sorted(dropping),
                "loaded": self._loaded(),
                "variant": self._wanted_variant(),
                "shadow": sorted(self._shadow),
                "as_of": as_of,
                **({"asked": list(wanted.get("asked", asked)), "wanted": dict(wanted)} if wanted else {}),
            },
            progress,
        )
        return self._activate(answer, requirements, progress)

    def _sync(self, args: dict[str, Any], shelf: str | None, progress: Progress | None) -> dict[str, Any]:
        args = args | {"loaded": self._loaded(), "current": self._lock}
        if shelf or self.url:
            args |= {"shelf": shelf or self.url, "shelf_named": bool(shelf)}
        return self._activate(self._call("sync", args, progress), None, progress)


def _typed(sources: Mapping[str, Any] | None, asked: Sequence[str]) -> list[str]:
    """The words for what files ask for; a cell has none, so its requirements."""
    if not sources:
        return []
    from ..requirements.gathering import CELL, options_of

    words = options_of(sources)
    return list(asked) if CELL in words else words


def _quoted(requirement: str) -> str:
    return f'"{requirement}"' if " " in requirement else requirement


def _staying(lock: str, gone: Iterable[str]) -> list[str]:
    """A line for each that is no longer asked for, and stays because other pins need it."""
    import tomllib

    packages = tomllib.loads(lock).get("packages", [])
    wants = {p["name"]: {d["name"] for d in p.get("dependencies", ())} for p in packages}
    parents = {name: [other for other, names in wants.items() if name in names] for name in gone if name in wants}
    return [
        f"{name} is no longer asked for; it stays, since {' and '.join(others)} {'need' if others[1:] else 'needs'} it."
        for name, others in sorted(parents.items())
    ]
