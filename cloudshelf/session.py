"""This process: which shelf it works with, what it asked for, what is pinned, which environment is active.

Loads the standard library only. What needs the network or a library is done by the fetcher (``importing.client``).
A notebook, a script and a worker use the same functions:

    import cloudshelf
    cloudshelf.use("pandas")
    import pandas
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .arguments import expand_requirements, find_lock, read_text, refuse_unwritable, write_text
from .errors import AlreadyLoaded, NoShelf, ProjectMissing, ShelfError, Unsatisfiable, UsageError
from .in_place import environment_rows, sum_statistics
from .journal import Journal
from .lock_text import lock_as_of, lock_pins, lock_requirements, merge_requirements, normalize, project_of

ENVIRONMENT = "CLOUDSHELF_ENVIRONMENT"  # the active environment, for children (subprocess_hook)
PROVIDED = "CLOUDSHELF_PROVIDED"  # "NAME==VERSION …": what it lacks because this process has it, for children too
Progress = Callable[[dict[str, Any]], None]
_UNSEEN = (
    "Nothing was measured: by themselves only imports that may have to fetch are. "
    "Any other: %%shelf profile as the first line of its cell."
)


class Session:
    """The state of one process; every method may be called from any thread."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._url: str | None = None
        self._requirements: list[str] = []
        self._lock: str | None = None
        self._environment: str | None = None
        self._activated: list[str] = []  # every environment of this process, the oldest first
        self._variant = ""  # which builds were asked for, such as "cpu"; else the settings or the machine decide
        self._shadow: set[str] = set()  # editable or direct-URL installs that the shelf's pins go before
        self._provided: dict[str, str] = {}  # what the kernel has and the shelf lacks: needed, but no pin
        self.progress: Progress | None = None
        self._adopt(os.environ.get(ENVIRONMENT))
        self._journal = Journal()
        self._remember("the beginning")

    @property
    def url(self) -> str | None:
        """The shelf that ``connect`` or the settings chose, or several (config.join_urls); None when there is none."""
        if self._url is None:
            from .config import read_config

            self._url = read_config().url
        return self._url

    @property
    def environment(self) -> str | None:
        """The folder of the active environment."""
        return self._environment

    @property
    def requirements(self) -> list[str]:
        """What was asked for, in the order it was asked."""
        return list(self._requirements)

    @property
    def lock_text(self) -> str | None:
        return self._lock

    def connect(self, url: str | None = None) -> dict[str, Any]:
        """Work with the shelf at ``url`` (several, in order: separated by commas) from now on; its name and URL.

        Raises ShelfMissing, leaving the old one.
        """
        from .urls import normalize_urls

        wanted = normalize_urls(url) if url else self.url
        if not wanted:
            raise NoShelf()
        answer = self._call("connect", {"shelf": wanted})
        with self._guard:
            self._url = wanted
        return answer

    def configure(self, url: str) -> None:
        """A shelf from configuration: taken as it is, without looking whether it is there."""
        from .urls import normalize_urls

        self._url = normalize_urls(url)

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
            from .gathering import only_lock

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
                    raise AlreadyLoaded(*error.args[:4], f"%shelf use --restart {words}") from None
                raise
            return self._remember(f"use {words}", answer)

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
                "asked": list(asked),
                "wanted": dict(wanted) if wanted else None,
                "dry_run": True,
            }
            return self._call("lock", args, progress)

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

    def _sync(self, args: dict[str, Any], shelf: str | None, progress: Progress | None) -> dict[str, Any]:
        args = args | {"loaded": self._loaded(), "current": self._lock}
        if shelf or self.url:
            args |= {"shelf": shelf or self.url, "shelf_named": bool(shelf)}
        return self._activate(self._call("sync", args, progress), None)

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

    def _remember(self, did: str, answer: dict[str, Any] | None = None) -> dict[str, Any]:
        """``answer`` itself, after a step that succeeded."""
        answer = answer or {}
        self._journal.add(did, self._lock, self._requirements, self._provided, answer.get("changes", ()))
        return answer

    def lock(self, path: str | os.PathLike[str] | None = None, *, name: str | None = None) -> str:
        """The pins of this process as the text of a pylock.toml; written to ``path`` when one is given.

        With ``name`` the shelf has it too, by that name. Warns of what it holds in another version than this process
        has loaded. Raises what ``complete_lock`` raises.
        """
        answer = self.complete_lock(path, name=name)
        for note in answer["notes"]:
            warnings.warn(note, stacklevel=2)
        return str(answer["lock"])

    def complete_lock(
        self,
        path: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        *,
        name: str | None = None,
        as_of: str | None = None,
    ) -> dict[str, Any]:
        """A lock that needs nothing of this kernel: ``lock`` (text), ``pins`` and ``notes``; written to ``path``.

        What the kernel provides is resolved from the shelf; all present pins stay if they can, but with ``as_of``
        everything is resolved as it was then. With ``name`` the shelf has the lock by that name (``named``). Raises
        Unsatisfiable when the shelf has nothing that fits, and then writes nothing.
        """
        with self._guard:
            if self._lock is None:
                raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
            answer: dict[str, Any] = {"lock": self._lock, "pins": lock_pins(self._lock), "notes": []}
            if as_of or self._provided.keys() - {pin["project"] for pin in answer["pins"]}:
                answer = self._resolve_alone(progress, parse_moment(as_of))
            if name is not None:
                if path is not None:
                    refuse_unwritable(path)
                args = {"shelf": self._needed_url(), "lock": answer["lock"], "lock_name": "What is pinned"}
                answer = answer | {"named": self._call("lock", args | {"name": name}, progress)["named"]}
            if path is not None:
                write_text(path, str(answer["lock"]))
            return answer

    def _resolve_alone(self, progress: Progress | None, as_of: str | None) -> dict[str, Any]:
        """This process's requirements, as they are resolved where nothing is loaded."""
        loaded = {project: str(facts["version"]) for project, facts in self._loaded().items()}
        args = {
            "shelf": self._needed_url(),
            "requirements": self._requirements,
            "preferred": None if as_of else self._lock,
            "as_of": as_of or lock_as_of(self._lock),
            "loaded": {},
            "running": loaded | self._provided,
            "variant": self._wanted_variant(),
        }
        try:
            return self._call("lock", args, progress)
        except (Unsatisfiable, ProjectMissing) as error:
            provided = ", ".join(f"{project} {version}" for project, version in sorted(self._provided.items()))
            raise Unsatisfiable(
                f"No lock was written: this kernel provides {provided}, which the shelf lacks, and without "
                f"this kernel the pins are not complete. {error}"
            ) from None

    def freeze(self, *, hashes: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """The pins as lines of a requirements.txt: ``text``, ``pins`` and ``notes``. Raises as ``complete_lock``."""
        from .freezing import freeze_lock

        answer = self.complete_lock(progress=progress)
        return answer | {"text": freeze_lock(str(answer["lock"]), hashes=hashes)}

    def listed(self) -> dict[str, Any]:
        """Every pin, and whether it was asked for here or came with another. No network."""
        asked = {project_of(r) for r in self._requirements}
        return {"pins": [pin | {"asked": pin["project"] in asked} for pin in lock_pins(self._lock or "")]}

    def pins(self) -> dict[str, str]:
        """Version of every pinned project."""
        return {row["project"]: row["version"] for row in self.status()["pins"]}

    def fill(self, progress: Progress | None = None) -> dict[str, Any]:
        """Bring every file of the active environment now."""
        if self._environment is None:
            raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
        done = self._call("fill", {"environment": self._environment}, progress)
        return done | {"environment": self._environment, "message": filled_line(done)}

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

    def _pinned(self) -> dict[str, str]:
        return {pin["project"]: pin["version"] for pin in lock_pins(self._lock or "")}

    def find_module(self, name: str) -> dict[str, Any]:
        """Which project's default brings module ``name``: {"project", "version"}, or {"suggestions": […]}."""
        return self._call("find-module", {"shelf": self._needed_url(), "module": name})

    def status(self) -> dict[str, Any]:
        """What is pinned, what is loaded and from where, what was fetched of how much. No network."""
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

    def profile(self, last: int = 10, *, since: float = 0.0) -> dict[str, Any]:
        """What the last imports of the outermost level took: ``imports`` (see waterfall.py), ``seconds``. No network.

        Seen are imports from environments that were filling, and all while ``importing.recording`` is on; since
        ``since`` (of time.perf_counter).
        """
        from .importing import timeline
        from .waterfall import read_rows, total_seconds

        rows = read_rows(timeline.facts(since), last)
        result: dict[str, Any] = {"imports": rows, "seconds": total_seconds(rows), "statistics": {}}
        if not rows:
            result["note"] = _UNSEEN
        elif self._activated:
            with contextlib.suppress(ShelfError):
                result["statistics"] = self._received(self._activated)
        return result

    def _received(self, environments: Sequence[str]) -> dict[str, Any]:
        """What the fetcher received for environments."""
        counted = self._call("statistics", {}).get("environments", {})
        return sum_statistics(counted[e] for e in environments if e in counted)

    def call(self, verb: str, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        """Any verb of ``verbs.serve``, by the fetcher, for this session's shelf."""
        return self._call(verb, {"shelf": self.url, "lock": self._lock} | dict(args), progress)

    def _adopt(self, environment: str | None) -> None:
        """Take over what a parent process pinned: its environment is active here already (subprocess_hook)."""
        if environment is None or not any(p.startswith(f"{environment}/") for p in sys.path):
            return
        lock = Path(environment, ".cloudshelf", "lock.toml")
        if lock.is_file():
            self._environment, self._lock = environment, read_text(lock)
            self._activated = [environment]
            self._requirements = lock_requirements(self._lock)
            words = (word.partition("==") for word in os.environ.get(PROVIDED, "").split())
            self._provided = {project: version for project, _, version in words}

    def _loaded(self) -> dict[str, dict[str, Any]]:
        return loaded_distributions(self._activated)

    def _needed_url(self) -> str:
        if not self.url:
            raise NoShelf()
        return self.url

    def _wanted_variant(self) -> str:
        from .config import read_config

        try:
            return self._variant or read_config().variant
        except UsageError:  # settings that are wrong hinder nobody who connected to a shelf
            return ""

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
        return self._activate(answer, requirements)

    def _activate(self, answer: dict[str, Any], requirements: list[str] | None) -> dict[str, Any]:
        from .importing.activate import activate

        environment = str(answer["environment"])
        activate(environment)
        self._environment, self._lock = environment, str(answer["lock"])
        self._provided = dict(answer.get("provided", {}))
        self._activated = [*(e for e in self._activated if e != environment), environment]
        self._requirements = list(answer["requirements"]) if requirements is None else requirements
        _tell_children(environment, self._provided)
        return answer

    def _forget(self) -> dict[str, Any]:
        """Nothing is asked for any more; what was imported keeps working, nothing new comes from the shelf."""
        from .importing.activate import deactivate

        rows = environment_rows(self._environment) if self._environment else []
        if self._environment:
            deactivate(self._environment)
        self._environment, self._lock, self._requirements, self._provided = None, None, [], {}
        _tell_children(None, {})
        changes = [{"project": r["project"], "was": r["version"], "version": None, "why": []} for r in rows]
        return {"environment": None, "lock": "", "changes": changes, "pins": [], "requirements": []}

    def _call(self, verb: str, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        from .importing.client import call

        return dict(call(verb, dict(args), progress or self.progress) or {})


def parse_moment(text: str | None) -> str | None:
    """The moment that a person wrote, None for none. Raises UsageError."""
    from .as_of import parse_moment as parse

    return parse(text) if text is not None else None


def loaded_distributions(environments: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """The installed distributions whose modules this process has imported: {project: {version, by}}.

    They constrain the resolver. See ``loaded.py``; what came from a shelf's environment counts as well.
    """
    from .loaded import find_loaded

    return find_loaded(environments)


def filled_line(done: Mapping[str, Any]) -> str:
    """What a fill did, in one line."""
    from .render import size

    if not done.get("files"):
        return "Everything was in place already."
    return f"Brought {done['files']} files, {size(done.get('bytes', 0))}; the environment needs no network now."


def _typed(sources: Mapping[str, Any] | None, asked: Sequence[str]) -> list[str]:
    """The words for what files ask for; a cell has none, so its requirements."""
    if not sources:
        return []
    from .gathering import CELL, options_of

    words = options_of(sources)
    return list(asked) if CELL in words else words


def _empty(sources: Mapping[str, Any] | None) -> str:
    if not sources:
        return ""
    from .gathering import names_of

    return f"; {', '.join(names_of(sources))} asks for none"


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


def _quoted(requirement: str) -> str:
    return f'"{requirement}"' if " " in requirement else requirement


def _tell_children(environment: str | None, provided: Mapping[str, str]) -> None:
    """Children inherit: our .pth reads the variable, and PATH leads to the environment's scripts.

    The interpreter's own folder stays in front of them, so that ``!python`` is this kernel's Python, which inherits.
    """
    before = os.environ.pop(ENVIRONMENT, None)
    path = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if not before or p != f"{before}/bin"]
    os.environ.pop(PROVIDED, None)
    if environment is not None:
        os.environ[ENVIRONMENT] = environment
        if provided:
            os.environ[PROVIDED] = " ".join(f"{project}=={version}" for project, version in sorted(provided.items()))
        own = str(Path(sys.executable).parent)
        path = [own, f"{environment}/bin", *(p for p in path if p != own)]
    os.environ["PATH"] = os.pathsep.join(path)


_session = Session()


def current() -> Session:
    """The session of this process."""
    return _session


def connect(url: str | None = None) -> dict[str, Any]:
    """See Session.connect."""
    return _session.connect(url)


def use(
    *requirements: str,
    requirement_files: Iterable[str | os.PathLike[str]] = (),
    constraint_files: Iterable[str | os.PathLike[str]] = (),
    restart: bool = False,
    variant: str = "",
    shadow: bool = False,
    as_of: str | None = None,
) -> dict[str, Any]:
    """See Session.use; the files are those of ``%shelf use -r FILE -c FILE``."""
    from .gathering import gather

    sources = gather(requirement_files, constraint_files)
    return _session.use(*requirements, sources=sources, restart=restart, variant=variant, shadow=shadow, as_of=as_of)


def drop(*projects: str) -> dict[str, Any]:
    """See Session.drop."""
    return _session.drop(*projects)


def sync(source: str | os.PathLike[str] = "pylock.toml") -> dict[str, Any]:
    """See Session.sync."""
    return _session.sync(source)


def lock(path: str | os.PathLike[str] | None = None, *, name: str | None = None) -> str:
    """See Session.lock."""
    return _session.lock(path, name=name)


def diff(before: str, after: str | None = None) -> dict[str, Any]:
    """See Session.diff."""
    return _session.diff(before, after)


def history(to: int | None = None) -> dict[str, Any]:
    """See Session.history."""
    return _session.history(to)


def fill() -> dict[str, Any]:
    """See Session.fill."""
    return _session.fill()


def pins() -> dict[str, str]:
    """See Session.pins."""
    return _session.pins()


def status() -> dict[str, Any]:
    """See Session.status."""
    return _session.status()


def profile(last: int = 10) -> dict[str, Any]:
    """See Session.profile."""
    return _session.profile(last)
