"""The folder ``env``: an environment that fills itself, shown as if it were full.

The index knows the size, mode and time of what is missing; everything else is as it lies on the disk. What makes an
environment fill itself is hidden: here opening a file does that.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..environment.index import PRIVATE
from ..errors import ShelfError
from ..fetcher.disk import disk_errors
from ..fetcher.environments import Environment
from ..fetcher.transfer import Transfer
from ..importing.activate import OWN_PTH
from .contents import Contents, WholeFile
from .layout import os_error
from .relocation import relocated
from .view import Entry, Opened

_HIDDEN = {PRIVATE, OWN_PTH}
_NOTHING: Mapping[str, int] = {}
_LARGEST_SCRIPT = 1 << 20  # bytes; what is larger names no environment


class EnvironmentView:
    """A view (view.py) of ``environment``, which lies at ``place`` for who looks at it."""

    def __init__(self, transfer: Transfer, environment: Environment, contents: Contents, place: str) -> None:
        self._transfer, self._environment, self._contents, self._place = transfer, environment, contents, place
        self._folders: dict[str, Mapping[str, Entry]] = {}
        self._scripts: dict[str, bytes] = {}
        self._begun: set[int] = set()

    def entry(self, path: str) -> Entry | None:
        if not path:
            return _entry_of(os.lstat(self._environment.root))
        folder, _, name = path.rpartition("/")
        number = self._number(folder, name)
        if number >= 0:
            return self._entry_in_index(number)
        names = self._folders.get(folder)
        if names is None:
            above = self.entry(folder)
            if above is None or above.kind != "d":
                return None
            names = self._list(folder)
        return names.get(name)

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        names = self._folders.get(path)
        if names is None:
            entry = self.entry(path)
            if entry is None or entry.kind != "d":
                raise os_error(errno.ENOENT if entry is None else errno.ENOTDIR, path)
            names = self._list(path)
        return names.items()

    def is_fixed(self, path: str) -> bool:
        return True

    def open(self, path: str) -> Opened:
        folder, _, name = path.rpartition("/")
        number = self._number(folder, name)
        if number >= 0:
            return self._bring(number)
        self.entry(path)  # so that its folder is listed
        script = self._scripts.get(path)
        return WholeFile(self._environment.root + path) if script is None else _Text(script)

    def expected(self) -> Iterator[str]:
        """The files that recorded imports open and that are in place, in the order in which they do; with each native
        one the libraries that it needs.
        """
        environment = self._environment
        for project in environment.projects:
            pulled = (number for module in project["pulls"] for number in environment.files_of(module))
            for number in (*project["profile"], *pulled):
                for each in (*environment.needs.get(number, ()), number):
                    if environment.presence[each]:
                        yield environment.paths[each]

    def _bring(self, number: int) -> Opened:
        """File ``number``, open. The first module of a project has what an import of that needs brought, and each what
        it will import.
        """
        environment = self._environment
        if not environment.presence[number]:
            self._contents.refuse(environment, number)
            module, needs = environment.module_of(number), environment.needs.get(number, ())
            if module:
                self._begin(environment.owning(number), module)
            if module or needs:
                self._wait(number, (*needs, number))
        return self._contents.open(environment, number)

    def _begin(self, project: int, module: str) -> None:
        if project not in self._begun:
            self._begun.add(project)
            self._transfer.begin(self._environment, project, module)

    def _wait(self, number: int, numbers: Sequence[int]) -> None:
        try:
            self._transfer.need(self._environment, numbers).result()
        except ShelfError:
            self._begun.discard(self._environment.owning(number))  # the next import begins again
            raise

    def _list(self, folder: str) -> Mapping[str, Entry]:
        """The names in a folder: those of the disk, and those that the index has besides."""
        environment = self._environment
        found: dict[str, Entry] = {}
        with disk_errors(environment.path), os.scandir(environment.root + folder) as entries:
            for each in entries:
                if each.name not in _HIDDEN and self._number(folder, each.name) < 0:
                    found[each.name] = self._entry_on_disk(folder, each)
        for name, number in environment.folders.get(folder, _NOTHING).items():
            if number >= 0 and environment.first_frame[number] >= 0:
                found[name] = self._entry_in_index(number)
        self._folders[folder] = found
        return found

    def _number(self, folder: str, name: str) -> int:
        """That of a file which is brought when it is looked at; -1 for everything else."""
        number = self._environment.folders.get(folder, _NOTHING).get(name, -1)
        return number if number >= 0 and self._environment.first_frame[number] >= 0 else -1

    def _entry_in_index(self, number: int) -> Entry:
        environment = self._environment
        return Entry("f", environment.modes[number], environment.sizes[number], environment.mtimes[number])

    def _entry_on_disk(self, folder: str, each: os.DirEntry[str]) -> Entry:
        status = each.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return _entry_of(status)._replace(target=os.readlink(each.path))  # noqa: PTH115  (pathlib writes it anew)
        if folder == "bin" and stat.S_ISREG(status.st_mode) and status.st_size < _LARGEST_SCRIPT:
            script = relocated(Path(each.path).read_bytes(), str(self._environment.path), self._place)
            self._scripts[f"{folder}/{each.name}"] = script
            return _entry_of(status)._replace(size=len(script))
        return _entry_of(status)


class _Text:
    """A file that is in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, size: int) -> bytes:
        return self._content[offset : offset + size]

    def close(self) -> None:
        pass


def _entry_of(status: os.stat_result) -> Entry:
    mode, size, mtime = stat.S_IMODE(status.st_mode), status.st_size, int(status.st_mtime)
    if stat.S_ISLNK(status.st_mode):
        return Entry("l", 0o777, size, mtime)
    return Entry("d" if stat.S_ISDIR(status.st_mode) else "f", mode, size, mtime)
