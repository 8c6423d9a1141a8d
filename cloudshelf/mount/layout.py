"""What a version's folder in the drive shows: files as ``pip install --target`` lays them out, or its plain tree.

Bytecode, which no wheel brings and publishing makes, is there for who knows its name, as Python does, but not listed:
``find``, ``du``, ``grep -r`` and ``diff -r`` see what the distribution is.
"""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Iterator, Mapping

from ..codecs.tree import TREE_FILE, parse_tree, tree_folder
from ..environment.scripts import portable
from ..importing.links import follow
from ..model import Manifest
from .view import Entry

_FOLDER = -1
_FOLDER_MODE = 0o755
_NOTHING: Mapping[str, int] = {}
_SCHEMES = ("site", "scripts", "headers", "data")  # as pip moves them: what came first stays
_PLACES = {"site": "", "scripts": "bin/", "headers": "include/", "data": ""}


class VersionTree:
    """The names and attributes of one version. Paths are relative to its folder, which is ``""``.

    Columns and one dictionary a folder: a file takes some 200 bytes, and a drive has many.
    """

    def __init__(self, manifest: Manifest) -> None:
        files = manifest.files
        self._sizes = array("Q", [file.size for file in files])
        self._modes = array("H", [file.mode for file in files])
        self._times = array("Q", [file.mtime for file in files])
        self._folders: dict[str, dict[str, int]] = {"": {}}  # folder → name → file; _FOLDER, or below it a link
        self._folder_times: dict[str, int] = {"": 0}
        self._targets: list[str] = []
        self._compiled: dict[str, dict[str, int]] = {}  # __pycache__ → name → file
        for folder, inside, compiled in _placed(manifest):
            if compiled:
                self._compiled[folder] = inside
            else:
                self._add_files(folder, inside)
        self._add_links(manifest)
        self._add_empty_folders(manifest)
        for number in [number for number, file in enumerate(files) if file.frame < 0]:
            self._sizes[number] = len(shown(manifest, number))

    def __len__(self) -> int:
        return len(self._sizes) + len(self._folders)

    def entry(self, path: str) -> Entry | None:
        """As ``View.entry``."""
        if path in self._folders:
            return self._folder_entry(path)
        if path in self._compiled:
            return Entry("d", _FOLDER_MODE, 0, max(self._times[number] for number in self._compiled[path].values()))
        number = self._find(path)
        return None if number is None else self._entry_of(number)

    def names(self, path: str) -> Iterator[tuple[str, Entry]]:
        """As ``View.names``."""
        inside = self._folders.get(path, self._compiled.get(path))
        if inside is None:
            raise os_error(errno.ENOENT if self.entry(path) is None else errno.ENOTDIR, path)
        return self._rows(f"{path}/" if path else "", inside)

    def _rows(self, prefix: str, inside: dict[str, int]) -> Iterator[tuple[str, Entry]]:
        for name, number in inside.items():
            yield name, self._folder_entry(prefix + name) if number == _FOLDER else self._entry_of(number)

    def number(self, path: str) -> int:
        """Which file of the manifest ``path`` is. Raises FileNotFoundError, IsADirectoryError."""
        number = self._find(path)
        if number is None or number < _FOLDER:
            raise os_error(errno.EISDIR if path in self._compiled else errno.ENOENT, path)
        if number == _FOLDER:
            raise os_error(errno.EISDIR, path)
        return number

    def _find(self, path: str) -> int | None:
        folder, _, name = path.rpartition("/")
        number = self._folders.get(folder, _NOTHING).get(name)
        return self._compiled.get(folder, _NOTHING).get(name) if number is None else number

    def _entry_of(self, number: int) -> Entry:
        if number < _FOLDER:
            target = self._targets[_FOLDER - 1 - number]
            return Entry("l", 0o777, len(target.encode()), self._folder_times[""], target)
        return Entry("f", self._modes[number], self._sizes[number], self._times[number])

    def _folder_entry(self, path: str) -> Entry:
        return Entry("d", _FOLDER_MODE, 0, self._folder_times[path])

    def _add_files(self, folder: str, files: dict[str, int]) -> None:
        """Where something else has the place of one, or of their folder, that stays."""
        inside = self._inside(folder)
        if inside is None:
            return
        added = {name: number for name, number in files.items() if name not in inside}
        if added:
            inside.update(added)
            self._note_time(folder, max(map(self._times.__getitem__, added.values())))

    def _inside(self, folder: str) -> dict[str, int] | None:
        """What lies in ``folder``, which is made known; None when a file is in its place."""
        return self._folders[folder] if folder in self._folders or self._add_folder(folder) else None

    def _add_folder(self, folder: str) -> bool:
        """Make ``folder`` and those above it known; False when a file is in the way."""
        parent, _, name = folder.rpartition("/")
        if parent not in self._folders and not self._add_folder(parent):
            return False
        if self._folders[parent].setdefault(name, _FOLDER) != _FOLDER:
            return False
        self._folders[folder] = {}
        self._folder_times[folder] = 0
        return True

    def _note_time(self, folder: str, mtime: int) -> None:
        """A folder is as new as the newest file in it."""
        while self._folder_times[folder] < mtime:
            self._folder_times[folder] = mtime
            folder = folder.rpartition("/")[0]

    def _add_links(self, manifest: Manifest) -> None:
        """Symbolic links; one that leads out of the folder is left, as in an environment."""
        root = _root_of(manifest)
        placed = ((_place(path, root), target) for path, target in manifest.links.items())
        links = {place: target for place, target in placed if place is not None and target and "\0" not in target}
        for place, target in links.items():
            folder, _, name = place.rpartition("/")
            inside = self._inside(folder) if follow(place, links.get) is not None else None
            if inside is not None and name not in inside:
                inside[name] = _FOLDER - 1 - len(self._targets)
                self._targets.append(target)

    def _add_empty_folders(self, manifest: Manifest) -> None:
        """Those that a plain tree has, which are in no path."""
        facts = _facts_file(manifest)
        for folder in parse_tree(manifest.inline[facts], facts).folders if facts else ():
            self._add_folder(folder)


def os_error(number: int, path: str) -> OSError:
    """FileNotFoundError and the like, as the system raises them."""
    return OSError(number, os.strerror(number), path)


def shown(manifest: Manifest, number: int) -> bytes:
    """The content of an inline file: a script has an interpreter wherever the drive is."""
    file = manifest.files[number]
    content = manifest.inline[file.path]
    return portable(content) if file.path.startswith("scripts/") else content


def _placed(manifest: Manifest) -> Iterator[tuple[str, dict[str, int], bool]]:
    """Each folder with the files in it, and whether they are bytecode. By folders: there may be 50,000 files."""
    root = _root_of(manifest)
    folders: dict[str, dict[str, int]] = {}
    for number, file in enumerate(manifest.files):
        folder, _, name = file.path.rpartition("/")
        inside = folders.get(folder)
        if inside is None:
            inside = folders[folder] = {}
        inside[name] = number
    for scheme in _SCHEMES:
        for folder, inside in folders.items():
            place = _place(f"{folder}/", root)
            if place is None or folder.partition("/")[0] != scheme:
                continue
            compiled = {} if root else _compiled_of(folder, inside)
            if compiled:
                yield place[:-1], compiled, True
                inside = {name: number for name, number in inside.items() if name not in compiled}
            if inside:
                yield place[:-1], inside, False


def _compiled_of(folder: str, inside: dict[str, int]) -> dict[str, int]:
    """The files of bytecode in a folder of a wheel."""
    if not (folder.startswith("site/") and folder.endswith("/__pycache__")):
        return {}
    return {name: number for name, number in inside.items() if name.endswith(".pyc")}


def _root_of(manifest: Manifest) -> str:
    """Where in the manifest a plain tree lies; "" for a wheel."""
    return f"data/{tree_folder(manifest.project)}/" if _facts_file(manifest) else ""


def _facts_file(manifest: Manifest) -> str:
    """The file that says what a plain tree is; "" for a wheel."""
    found = (path for path in manifest.inline if path.startswith("site/") and path.endswith(f".dist-info/{TREE_FILE}"))
    return next(found, "")


def _place(path: str, root: str) -> str | None:
    if root:
        return path.removeprefix(root) if path.startswith(root) else None
    scheme, _, rest = path.partition("/")
    return _PLACES[scheme] + rest
