"""The folders of an installed tree, of which a manifest knows only the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from cloudshelf.errors import ShelfError
from cloudshelf.model import File, Manifest

SITE = "site"  # site-packages, as an installed tree calls it (docs/format.md)


class PathMissing(ShelfError, LookupError):
    facts = ("path", "project", "version")
    words = "{project} {version} has no {path}. Look at the folder above it; the version may have changed."


class Entry(NamedTuple):
    """A file or a folder; the size of a folder is that of all files below it."""

    name: str
    path: str
    folder: bool
    size: int


class Tree:
    """The installed tree of a wheel; its folders are put together once, when the first is asked for."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    @cached_property
    def files(self) -> Mapping[str, File]:
        return {file.path: file for file in self.manifest.files}

    def file(self, path: str) -> File:
        """Raises PathMissing."""
        if path not in self.files:
            raise PathMissing(path, self.manifest.project, self.manifest.version)
        return self.files[path]

    def entries(self, path: str) -> list[Entry]:
        """What lies in the folder ``path`` ("" for all): folders first, by name. Raises PathMissing."""
        if path not in self._folders:
            raise PathMissing(path, self.manifest.project, self.manifest.version)
        return self._folders[path]

    @property
    def top(self) -> str:
        """Where browsing begins: "site", unless other files are installed beside what is imported."""
        only = self.entries("")
        return SITE if [each.path for each in only] == [SITE] else ""

    def entry(self, path: str) -> Entry:
        """The file or folder at ``path``. Raises PathMissing."""
        folder, _, name = path.rpartition("/")
        found = next((each for each in self._folders.get(folder, ()) if each.name == name), None)
        if found is None:
            raise PathMissing(path, self.manifest.project, self.manifest.version)
        return found

    @cached_property
    def _folders(self) -> Mapping[str, list[Entry]]:
        sizes: dict[str, int] = {"": 0}
        inside: dict[str, list[Entry]] = {"": []}
        for file in self.manifest.files:
            for folder in _above(file.path):
                sizes[folder] = sizes.get(folder, 0) + file.size
            folder, _, name = file.path.rpartition("/")
            inside.setdefault(folder, []).append(Entry(name, file.path, False, file.size))
        for path in sizes:
            if path:
                folder, _, name = path.rpartition("/")
                inside.setdefault(folder, []).append(Entry(name, path, True, sizes[path]))
        return {path: sorted(found, key=lambda each: (not each.folder, each.name)) for path, found in inside.items()}


def _above(path: str) -> Iterator[str]:
    """Every folder that ``path`` lies in, "" at last."""
    while path:
        path = path.rpartition("/")[0]
        yield path
