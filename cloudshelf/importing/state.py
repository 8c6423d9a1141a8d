"""An environment as a process that imports from it sees it: what there is, what is in place, what has begun.

Everything is answered from memory: the index, and the presence file, which the fetcher writes and we map read-only.
When all that an import needs is in place, nothing here speaks to anybody.
"""

from __future__ import annotations

import marshal
import os
import posix
from _bisect import bisect_right

from ..errors import CacheUnusable, FormatUnknown, ShelfError
from .presence import map_presence
from .statement import import_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LAYOUT = 2
_IDLE = "i"
_DATA = "d"
_LIBRARY = "l"
_PLAIN = (_DATA, _LIBRARY)
_A_LOOK = 32 << 10  # bytes of data that come along with a second look, for each of sixteen files
_MOST_AHEAD = 64 << 20  # bytes of a project that come along with all looks
_CODE = (".py", ".pyc")
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
        self._companions = frozenset(index.get("companions", ()))  # an earlier cloudshelf built without
        self.linked: bool = index.get("linked", False)
        self._presence = map_presence(path, len(self._kinds))
        self._before = self._presence[:]
        self._begun: set[int] = set()
        self._finished: set[int] = set()
        self._looks: dict[int, tuple[int, int]] = {}  # by project: looks at absent data, and bytes that may come along
        self._sizes: list[int] | None = None  # of all files, when a program asks about many
        self._looked_at: set[str | int] = set()  # folders and projects of which more is on its way
        self._running: dict[int, str] = {}  # modules whose bodies run and that nobody asked for: they were in place
        self._told: set[int] = set()  # those of them that the fetcher heard of
        self._recorded: dict[tuple[int, str], frozenset[int]] = {}  # what recorded imports opened, by top-level module

    def is_complete(self) -> bool:
        """Whether every file is in place."""
        return self._presence.find(b"\0", 0, len(self._kinds)) < 0

    def was_in_place(self, number: int) -> bool:
        """Whether file ``number`` was in place when this process opened the environment."""
        return bool(self._before[number])

    def is_removed(self, number: int, path: str) -> bool:
        """Whether file ``number`` was in place once, and is at ``path`` no more; for one that was not, no look."""
        if not self._presence[number]:
            return False
        try:
            posix.stat(path)
        except OSError:
            return True
        return False

    def place_of(self, path: str) -> str | None:
        """An absolute path relative to the environment, "" for its root; None when it lies elsewhere."""
        if "//" in path or "/." in path or path.endswith("/"):
            path = os.path.normpath(path)
        for root in self.roots:
            if path.startswith(root):
                place = path[len(root) :]
                return f"lib/{place[6:]}" if place.startswith("lib64/") else place
            if len(path) == len(root) - 1 and root.startswith(path):
                return ""
        return None

    def behind_links(self, place: str) -> str | None:
        """Where ``place`` ends when the links of plain trees are followed; None outside of the environment."""
        if not self.linked:
            return place
        from .links import follow

        return follow(place, self._target_of)

    def _target_of(self, place: str) -> str | None:
        try:
            return posix.readlink(f"{self.path}/{place}")
        except OSError:
            return None

    def number_of(self, path: str) -> int:
        """The number of the file at an absolute path; -1 when it is none of ours, or a folder."""
        for root in self.roots:
            if path.startswith(root):
                return self._number_at(path[len(root) :])
        return -1

    def _number_at(self, place: str) -> int:
        folder, _, name = place.rpartition("/")
        names = self.folders.get(folder)
        return -1 if names is None else names.get(name, -1)

    def has_file(self, place: str) -> bool:
        """Whether there is a file of ours at ``place``, in place or not."""
        return self._number_at(place) >= 0

    def project_of(self, number: int) -> int:
        return bisect_right(self._starts, number) - 1

    def bring(self, numbers: Iterable[int]) -> None:
        """Return when these files are in place. Raises errors of ``cloudshelf.errors``."""
        presence = self._presence
        absent = [number for number in numbers if not presence[number]]
        if absent:
            from . import client  # when all is in place, no socket is loaded

            running = list(self._running.items())
            untold = [n for n, module in running if n not in self._told and not self._is_recorded(n, module)]
            if untold:
                self._told.update(untold)
                client.ensure(self.path, untold, "soon")
            client.ensure(self.path, absent)

    def runs(self, module: str, files: tuple[int, ...]) -> None:
        """The body of ``module`` begins. If its ``files`` are in place nobody asked for what it imports: the fetcher is
        told of it when something is missing, until the body has ended (``ran``).
        """
        if all(self._presence[number] for number in files):
            self._running[files[0]] = module

    def ran(self, number: int) -> None:
        self._running.pop(number, None)

    def _is_recorded(self, number: int, module: str) -> bool:
        """Whether a recorded import opens the file of a module: then what that imports was asked for."""
        project = self.project_of(number)
        facts = self.projects[project]
        while module and module not in facts["modules"]:
            module = module.rpartition(".")[0]
        if (project, module) not in self._recorded:
            recorded = facts.get("recorded", {}).get(module) or facts
            self._recorded[project, module] = frozenset(recorded["profile"])
        return number in self._recorded[project, module]

    def needs(self, number: int) -> tuple[int, ...]:
        """The libraries that a native file needs."""
        return self._needs.get(number, ())

    def bring_distribution(self, number: int) -> None:
        """Every file of the distribution that file ``number`` is of, idle ones too."""
        project = self.projects[self.project_of(number)]
        if self._presence.find(b"\0", project["start"], project["stop"]) >= 0:
            self.bring(range(project["start"], project["stop"]))

    def absent_names(self, place: str) -> list[str]:
        """The files of a folder that are not in place."""
        presence = self._presence
        names = self.folders.get(place)
        return [] if names is None else [name for name, n in names.items() if n >= 0 and not presence[n]]

    def absent_programs(self) -> list[str]:
        """The places of binaries in ``bin`` that have a stub in their place."""
        return [f"bin/{name}" for name in self.absent_names("bin")]

    def touch(self, place: str) -> bool:
        """A program looks at the file at ``place``: brought now, and more of what it is likely to look at soon.

        Whether there is such a file. Raises errors of ``cloudshelf.errors``.
        """
        number = self._number_at(place)
        if number < 0:
            return False
        if not self._presence[number]:
            self._expect_more(number, place.rpartition("/")[0])
            self.bring((number, *self.needs(number)))
        return True

    def look(self, place: str) -> bool:
        """As ``touch``, for a program that opens the file at ``place``, or asks whether there is one.

        Who asks for a second data file often asks for many: botocore whether it has 400 services, before it opens one.
        So others of the project are asked for as well, each time more; with the file itself, which then travels with
        its neighbours.
        """
        number = self._number_at(place)
        try:
            if number >= 0 and not self._presence[number] and self._kinds[number] == _DATA:
                ahead = self._ahead(number)
                if ahead:
                    from . import client

                    client.ensure(self.path, [number, *ahead], "soon")
            return self.touch(place)
        except BaseException:
            self._looks.clear()  # what was to come along did not come either
            raise

    def _ahead(self, number: int) -> list[int]:
        """Absent data of the project of a file, from that on and round: none for the first look, then sixteen times as
        many files and bytes as for the look before; few of a large project, of which a program may want any file."""
        project = self.project_of(number)
        looks, left = self._looks.get(project, (0, _MOST_AHEAD))
        found: list[int] = []
        if looks and left:
            if self._sizes is None:
                self._sizes = _read_index(f"{self.path}/.cloudshelf/index")["sizes"]
            most = 1 << 4 * looks
            size, largest = 0, min(left, most * _A_LOOK)
            start, stop = self.projects[project]["start"], self.projects[project]["stop"]
            for each in (*range(number + 1, stop), *range(start, number)):
                if self._kinds[each] == _DATA and not self._presence[each]:
                    if size + self._sizes[each] > largest or len(found) == most:
                        left -= size
                        break
                    size += self._sizes[each]
                    found.append(each)
            else:
                left = 0  # all of it is on its way
        self._looks[project] = looks + 1, left
        return found

    def touch_below(self, place: str, *, all_of_site: bool) -> None:
        """A program was told of ``place``: the file, or everything below the folder, the root's being "".

        Without ``all_of_site``, a folder that holds all distributions brings nothing.
        """
        place = self.behind_links(place) or place
        number = self._number_at(place)
        if number >= 0:
            self.bring((number, *self.needs(number)))
        elif all_of_site or not f"{self.site}/".startswith(f"{self.path}/{place}/"):
            self.bring(self._numbers_below(place))

    def touch_library(self, place: str) -> None:
        """The file at ``place`` is about to be loaded, not by an import: libraries and data of its project with it."""
        number = self._number_at(place)
        if number >= 0:
            project = self.project_of(number)
            data = () if project in self._begun else self.projects[project]["data"]
            self.bring((number, *self.needs(number), *data))

    def touch_program(self, place: str) -> None:
        """A native program is started: what lies beside it, such as a compiler's own headers, is there before.

        For one in ``bin`` that is its whole project, for another its folder, or the one that its ``bin`` is in.
        """
        number = self._number_at(place)
        if number < 0 or self._kinds[number] != _LIBRARY:
            return
        if place.startswith("bin/"):
            project = self.projects[self.project_of(number)]
            self.bring(range(project["start"], project["stop"]))
            return
        folder = place.rpartition("/")[0]
        self.bring((*self.needs(number), *self._numbers_below(folder.removesuffix("/bin"))))

    def _expect_more(self, number: int, folder: str) -> None:
        """Of an idle file those below the same folder are asked for; of any other what an import of its project is."""
        from . import client

        project = self.project_of(number)
        if self._kinds[number] != _IDLE:
            if project not in self._looked_at and project not in self._begun:
                self._looked_at.add(project)
                self._begin(project)
        elif folder not in self._looked_at:
            self._looked_at.add(folder)
            start, stop = self.projects[project]["start"], self.projects[project]["stop"]
            client.ensure(self.path, [n for n in self._numbers_below(folder) if start <= n < stop], "soon")

    def _numbers_below(self, folder: str) -> list[int]:
        inside = f"{folder}/" if folder else ""
        return [
            number
            for name, names in self.folders.items()
            if name == folder or name.startswith(inside)
            for number in names.values()
            if number >= 0 and not self._presence[number]
        ]

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
                self._begin(project, import_target(module) or module, module)
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
        """Data and libraries directly in a package's folder, because C code opens what lies beside it.

        Libraries that only modules link come with those. Modules and idle files (stubs, headers) come when something
        touches them: Python code that lists the folder sees them all the same (watching.py). If the package is itself
        idle: tests come with their data, wherever it lies below them, and with the modules beside them.
        """
        kinds = self._kinds
        numbers = [n for n in self.folders[folder].values() if n >= 0]
        if kinds[number] != _IDLE:
            return [n for n in numbers if kinds[n] in _PLAIN and n not in self._companions]
        inside = f"{folder}/"
        for below, names in self.folders.items():
            if below.startswith(inside):
                numbers += [n for name, n in names.items() if n >= 0 and not name.endswith(_CODE)]
        return numbers

    def _begin(self, project: int, module: str = "", top: str = "") -> None:
        """Tell the fetcher, if anything is to be brought, for ``module`` in the end, which is ``top`` or below it.

        What cannot be told, ``bring`` says.
        """
        facts = self.projects[project]
        profile = (facts.get("recorded", {}).get(top) or facts)["profile"]
        needed = self._lacks(module) or any(
            not self._presence[n] for part in (facts["wait"], facts["data"], profile) for n in part
        )
        if not needed and (_fills_on_demand() or self._presence.find(b"\0", facts["start"], facts["stop"]) < 0):
            return
        from . import client

        try:
            client.begin(self.path, project, module, start=needed)
        except ShelfError:
            return

    def _lacks(self, module: str) -> bool:
        """Whether the file of a module is absent."""
        folder = f"{self.site[len(self.path) + 1 :]}/{module.replace('.', '/')}"
        numbers = [self._number_at(f"{folder}/__init__.py"), self._number_at(f"{folder}.py")]
        return any(number >= 0 and not self._presence[number] for number in numbers)


def _fills_on_demand() -> bool:
    """Whether the setting is off that brings the rest of a project in the background."""
    return os.environ.get("CLOUDSHELF_BACKGROUND_FILL", "1").strip().lower() in _OFF


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
