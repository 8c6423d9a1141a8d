"""An environment as a process that imports from it sees it: what there is, what is in place, what has begun.

Everything is answered from memory: the index, and the presence file, which the fetcher writes and we map read-only.
When all that an import needs is in place, nothing here speaks to anybody.
"""

from __future__ import annotations

import marshal
import mmap
import os
from _bisect import bisect_right

from ..errors import CacheUnusable, FormatUnknown, ShelfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LAYOUT = 1
_IDLE = "i"
_OFF = ("0", "no", "off", "false")


class Environment:
    """One environment. Used by any thread without a lock: each step is atomic, or may safely be done twice."""

    def __init__(self, path: str) -> None:
        """Raises CacheUnusable when it cannot be read, FormatUnknown when another version made it."""
        index = _read_index(f"{path}/.cloudshelf/index")
        self.path = path
        self.roots = [f"{path}/"]  # this folder's names: sys.prefix may lead to it through a link
        self.site = f"{path}/{index['site']}"
        self.folders: dict[str, dict[str, int]] = index["folders"]
        self.owner: dict[str, int] = index["owner"]
        self.projects: list[dict[str, Any]] = index["projects"]
        self._starts = [project["start"] for project in self.projects]
        self._needs: dict[int, tuple[int, ...]] = index["needs"]
        self._kinds: str = index["kinds"]
        self._presence = map_presence(path, len(self._kinds))
        self._begun: set[int] = set()
        self._finished: set[int] = set()

    def number_of(self, path: str) -> int:
        """The number of the file at an absolute path; -1 when it is none of ours, or a folder."""
        for root in self.roots:
            if path.startswith(root):
                folder, _, name = path[len(root) :].rpartition("/")
                names = self.folders.get(folder)
                return -1 if names is None else names.get(name, -1)
        return -1

    def project_of(self, number: int) -> int:
        return bisect_right(self._starts, number) - 1

    def bring(self, numbers: Iterable[int]) -> None:
        """Return when these files are in place. Raises errors of ``cloudshelf.errors``."""
        presence = self._presence
        absent = [number for number in numbers if not presence[number]]
        if absent:
            from . import client  # when all is in place, no socket is loaded

            client.ensure(self.path, absent)

    def needs(self, number: int) -> tuple[int, ...]:
        """The libraries that a native file needs."""
        return self._needs.get(number, ())

    def bring_distribution(self, number: int) -> None:
        """Every file of the distribution that file ``number`` is of, idle ones too."""
        project = self.projects[self.project_of(number)]
        if self._presence.find(b"\0", project["start"], project["stop"]) >= 0:
            self.bring(range(project["start"], project["stop"]))

    def enter(self, module: str, files: tuple[int, ...], package: str | None) -> int:
        """What must be there before the body of ``module`` runs: ``files``, its own first, and the rules of DESIGN.md.

        ``package`` is its folder, when it is a package: every plain file of it. A project's top-level module has its
        project's "wait" files; so has the first module of it that runs, whatever its name. Returns the number of the
        project whose data is due before the module returns (``leave``), or -1.
        """
        project = self.project_of(files[0])
        wanted = files if package is None else (*files, *self._plain_files(package, files[0]))
        if project in self._finished:
            self.bring(wanted)
            return -1
        first = project not in self._begun
        if not first and module not in self.owner:
            self.bring(wanted)
            return -1
        if self._is_private(module, project):
            self.bring(wanted)
            return -1
        self._begun.add(project)
        try:
            if first:
                self._begin(project)
            self.bring((*wanted, *self.projects[project]["wait"]))
        except BaseException:
            self._begun.discard(project)  # the next import begins again
            raise
        return project

    def leave(self, project: int) -> None:
        """The data of a project, before its top-level module is done."""
        try:
            self.bring(self.projects[project]["data"])
        except BaseException:
            self._begun.discard(project)
            raise
        self._finished.add(project)

    def enter_namespace(self, module: str) -> None:
        """A folder without modules: nothing of it will ever be executed, so its data comes when it is imported."""
        project = self.owner.get(module)
        if project is not None and project not in self._finished:
            self.leave(project)

    def _is_private(self, module: str, project: int) -> bool:
        """A helper such as _distutils_hack, which a .pth file imports at every start, is not the project's import."""
        return module.startswith("_") and any(not m.startswith("_") for m in self.projects[project]["modules"])

    def _plain_files(self, folder: str, number: int) -> list[int]:
        """Files directly in a package's folder, because programs list their own folders.

        Without idle ones (stubs, headers), which DESIGN.md keeps for when they are touched; unless the package is
        itself idle: tests do list their folder.
        """
        kinds = self._kinds
        numbers = [n for n in self.folders[folder].values() if n >= 0]
        return numbers if kinds[number] == _IDLE else [n for n in numbers if kinds[n] != _IDLE]

    def _begin(self, project: int) -> None:
        """Tell the fetcher, if anything is to be brought. What it cannot bring, ``bring`` will say."""
        facts = self.projects[project]
        needed = self._is_wanting(facts["start"], facts["eager"])
        if not needed:
            needed = any(not self._presence[n] for part in ("wait", "data", "profile") for n in facts[part])
        if not needed and (_fills_on_demand() or not self._is_wanting(facts["eager"], facts["stop"])):
            return
        from . import client

        try:
            client.begin(self.path, project, start=needed)
        except ShelfError:
            return

    def _is_wanting(self, start: int, stop: int) -> bool:
        """Whether a file in this range is absent that is not idle."""
        presence, kinds = self._presence, self._kinds
        at = presence.find(b"\0", start, stop)
        while at >= 0:
            if kinds[at] != _IDLE:
                return True
            at = presence.find(b"\0", at + 1, stop)
        return False


def _fills_on_demand() -> bool:
    """Whether the setting is off that brings the rest of a project in the background."""
    return os.environ.get("CLOUDSHELF_BACKGROUND_FILL", "1").strip().lower() in _OFF


def is_complete(path: str) -> bool:
    """Whether every file of an environment is in place: then it is a virtual environment like any other.

    Raises CacheUnusable when there is no environment.
    """
    file = f"{path}/.cloudshelf/presence"
    try:
        with open(file, "rb") as stream:
            return b"\0" not in stream.read()
    except OSError as error:
        raise CacheUnusable(path, f"it is not an environment ({error.strerror})") from None


def map_presence(path: str, count: int) -> mmap.mmap | bytes:
    """One byte a file, not zero when it is in place; seen by all who map it, as soon as the fetcher writes it."""
    file = f"{path}/.cloudshelf/presence"
    try:
        with open(file, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size < count:
                raise CacheUnusable(path, "its presence file does not fit its index")
            return mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ) if size else b""
    except OSError as error:
        raise CacheUnusable(file, error.strerror or str(error)) from None


def _read_index(file: str) -> dict[str, Any]:
    try:
        with open(file, "rb") as stream:
            index = marshal.loads(stream.read())
        layout = index["layout"]
    except (OSError, ValueError, EOFError, TypeError, KeyError) as error:
        raise CacheUnusable(file, f"it cannot be read ({error})") from None
    if layout != LAYOUT:
        raise FormatUnknown(file, layout, LAYOUT)
    return dict(index)
