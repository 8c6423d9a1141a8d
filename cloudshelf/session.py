"""This process: which shelf it works with, what it asked for, what is pinned, which environment is active.

Loads the standard library only. What needs the network or a library is done by the fetcher (``importing.client``).
A notebook, a script and a worker use the same functions:

    import cloudshelf
    cloudshelf.use("pandas")
    import pandas
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .arguments import expand_requirements, read_text, write_text
from .errors import AlreadyLoaded, CacheUnusable, NoShelf, ShelfError, UsageError

ENVIRONMENT = "CLOUDSHELF_ENVIRONMENT"  # the active environment, for children (subprocess_hook)
Progress = Callable[[dict[str, Any]], None]


class Session:
    """The state of one process; every method may be called from any thread."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._url: str | None = None
        self._requirements: list[str] = []
        self._lock: str | None = None
        self._environment: str | None = None
        self.progress: Progress | None = None
        self._adopt(os.environ.get(ENVIRONMENT))

    @property
    def url(self) -> str | None:
        """The shelf that ``connect`` or the settings chose; None when there is none."""
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
        """Work with the shelf at ``url`` from now on; its name and URL. Raises ShelfMissing, leaving the old one."""
        from .config import normalize_url

        wanted = normalize_url(url) if url else self.url
        if not wanted:
            raise NoShelf()
        answer = self._call("connect", {"shelf": wanted})
        with self._guard:
            self._url = wanted
        return answer

    def configure(self, url: str) -> None:
        """A shelf from configuration: taken as it is, without looking whether it is there."""
        from .config import normalize_url

        self._url = normalize_url(url)

    def use(
        self, *requirements: str, restart: bool = False, progress: Progress | None = None, implicit: bool = False
    ) -> dict[str, Any]:
        """Pin ``requirements`` with everything they need, and make them importable in this process.

        A requirement replaces an earlier one of the same project; all other pins stay where they are if they can. The
        answer has ``changes`` and ``pins``. Raises Unsatisfiable, AlreadyLoaded and whatever a store can raise; then
        nothing has changed.
        """
        if restart:
            raise UsageError("Only a notebook can restart itself: %shelf use --restart …")
        wanted = expand_requirements(requirements)
        if not wanted:
            raise UsageError("use needs a requirement, such as pandas or pandas>=2.2,<3.")
        with self._guard:
            merged = merge_requirements(self._requirements, wanted)
            try:
                return self._pin(merged, self._lock, progress)
            except AlreadyLoaded as error:
                line = f"%shelf use --restart {' '.join(map(_quoted, wanted))}"
                raise AlreadyLoaded(*error.args[:4], line) from None

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
            if kept:
                return self._pin(kept, self._lock, progress, dropping=gone)
            return self._forget()

    def sync(self, source: str | os.PathLike[str] = "pylock.toml", progress: Progress | None = None) -> dict[str, Any]:
        """Exactly the pins of a lock: a file, or the text of one. Raises ObjectInvalid, UsageError, AlreadyLoaded."""
        text = source if isinstance(source, str) and "\n" in source else read_text(source)
        with self._guard:
            args: dict[str, Any] = {"lock": text, "loaded": loaded_distributions(self._environment)}
            if self.url:
                args["shelf"] = self.url
            return self._activate(self._call("sync", args, progress), None)

    def lock(self, path: str | os.PathLike[str] | None = None) -> str:
        """The pins of this process as the text of a pylock.toml; written to ``path`` when one is given."""
        if self._lock is None:
            raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
        if path is not None:
            write_text(path, self._lock)
        return self._lock

    def pins(self) -> dict[str, str]:
        """Version of every pinned project."""
        return {row["project"]: row["version"] for row in self.status()["pins"]}

    def fill(self, progress: Progress | None = None) -> dict[str, Any]:
        """Bring every file of the active environment now."""
        if self._environment is None:
            raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
        done = self._call("fill", {"environment": self._environment}, progress)
        return done | {"environment": self._environment, "message": filled_line(done)}

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
                "pins": environment_rows(environment) if environment else [],
                "statistics": {},
            }
        if environment:
            try:
                answer = self._call("statistics", {"environment": environment})
                result["statistics"] = answer.get("environments", {}).get(environment, {})
            except ShelfError as error:
                result["note"] = str(error)
        return result

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
            self._requirements = lock_requirements(self._lock)

    def _needed_url(self) -> str:
        if not self.url:
            raise NoShelf()
        return self.url

    def _pin(
        self, requirements: list[str], lock: str | None, progress: Progress | None, dropping: Iterable[str] = ()
    ) -> dict[str, Any]:
        answer = self._call(
            "use",
            {
                "shelf": self._needed_url(),
                "requirements": requirements,
                "lock": lock,
                "dropping": sorted(dropping),
                "loaded": loaded_distributions(self._environment),
            },
            progress,
        )
        return self._activate(answer, requirements)

    def _activate(self, answer: dict[str, Any], requirements: list[str] | None) -> dict[str, Any]:
        from .importing.activate import activate

        environment = str(answer["environment"])
        activate(environment)
        self._environment, self._lock = environment, str(answer["lock"])
        self._requirements = list(answer["requirements"]) if requirements is None else requirements
        _tell_children(environment)
        return answer

    def _forget(self) -> dict[str, Any]:
        """Nothing is asked for any more; what was imported keeps working, nothing new comes from the shelf."""
        from .importing.activate import deactivate

        rows = environment_rows(self._environment) if self._environment else []
        if self._environment:
            deactivate(self._environment)
        self._environment, self._lock, self._requirements = None, None, []
        _tell_children(None)
        changes = [{"project": r["project"], "was": r["version"], "version": None, "why": []} for r in rows]
        return {"environment": None, "lock": "", "changes": changes, "pins": [], "requirements": []}

    def _call(self, verb: str, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        from .importing.client import call

        return dict(call(verb, dict(args), progress or self.progress) or {})


def normalize(name: str) -> str:
    """The normalized form of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_of(requirement: str) -> str:
    """The normalized project of a requirement (PEP 508: it begins with the name); "" when it has none."""
    match = re.match(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", requirement)
    return normalize(match[1]) if match else ""


def merge_requirements(earlier: Sequence[str], later: Sequence[str]) -> list[str]:
    """``later`` replaces what ``earlier`` asked of the same projects."""
    replaced = {project_of(r) for r in later}
    return [r for r in earlier if project_of(r) not in replaced] + list(dict.fromkeys(later))


def lock_requirements(text: str) -> list[str]:
    """What was asked for, of a lock's text."""
    import tomllib

    tool = tomllib.loads(text).get("tool", {}).get("cloudshelf", {})
    return [str(r) for r in tool.get("requirements", [])]


def environment_rows(environment: str) -> list[dict[str, Any]]:
    """One row a pin of an environment: loaded or not, bytes in place of bytes in all; read from its index on disk."""
    import marshal

    folder = Path(environment, ".cloudshelf")
    try:
        index = marshal.loads((folder / "index").read_bytes())
        present = (folder / "presence").read_bytes()
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise CacheUnusable(environment, f"its index cannot be read ({error})") from None
    sizes = index["sizes"]
    rows = []
    for project in index["projects"]:
        numbers = range(project["start"], project["stop"])
        modules = [name for name in project["modules"] if _loaded_from(name, environment)]
        rows.append(
            {
                "project": project["name"],
                "version": project["version"],
                "loaded": modules,
                "files": len(numbers),
                "present": sum(present[i] for i in numbers),
                "bytes": sum(sizes[i] for i in numbers),
                "fetched": sum(sizes[i] for i in numbers if present[i]),
            }
        )
    return rows


def _loaded_from(module: str, environment: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    origin = getattr(spec, "origin", None)
    places = [origin] if isinstance(origin, str) else list(getattr(spec, "submodule_search_locations", None) or ())
    return any(place.startswith(environment + os.sep) for place in places if isinstance(place, str))


def loaded_distributions(environment: str | None = None) -> dict[str, dict[str, Any]]:
    """The installed distributions whose modules this process has imported: {project: {version, by}}.

    They constrain the resolver. See ``loaded.py``; what came from a shelf's environment counts as well.
    """
    from .loaded import find_loaded

    return find_loaded(environment)


def filled_line(done: Mapping[str, Any]) -> str:
    """What a fill did, in one line."""
    from .render import size

    if not done.get("files"):
        return "Everything was in place already."
    return f"Brought {done['files']} files, {size(done.get('bytes', 0))}; the environment needs no network now."


def _quoted(requirement: str) -> str:
    return f'"{requirement}"' if " " in requirement else requirement


def _tell_children(environment: str | None) -> None:
    """Children inherit: our .pth reads the variable, and PATH leads to the environment's scripts.

    The interpreter's own folder stays in front of them, so that ``!python`` is this kernel's Python, which inherits.
    """
    before = os.environ.pop(ENVIRONMENT, None)
    path = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if not before or p != f"{before}/bin"]
    if environment is not None:
        os.environ[ENVIRONMENT] = environment
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


def use(*requirements: str, restart: bool = False) -> dict[str, Any]:
    """See Session.use."""
    return _session.use(*requirements, restart=restart)


def drop(*projects: str) -> dict[str, Any]:
    """See Session.drop."""
    return _session.drop(*projects)


def sync(source: str | os.PathLike[str] = "pylock.toml") -> dict[str, Any]:
    """See Session.sync."""
    return _session.sync(source)


def lock(path: str | os.PathLike[str] | None = None) -> str:
    """See Session.lock."""
    return _session.lock(path)


def fill() -> dict[str, Any]:
    """See Session.fill."""
    return _session.fill()


def pins() -> dict[str, str]:
    """See Session.pins."""
    return _session.pins()


def status() -> dict[str, Any]:
    """See Session.status."""
    return _session.status()
