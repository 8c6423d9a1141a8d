"""Where plain trees are seen from: links in ``bin``, ``include``, ``lib`` and ``share``, as GNU Stow makes them.

A tree lies whole in ``opt/<project>``, so what a program finds from its own place ($ORIGIN, ``dirname "$0"``) is there.
Names in, names out; no disk.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..codecs.tree import TREE_FILE, TreeFacts, parse_tree, tree_folder
from ..importing.links import follow
from ..model import Manifest

TOPS = {"bin": "bin", "include": "include", "lib": "lib", "lib64": "lib", "share": "share"}  # a tree's → the place
# Folders that other tools put files into later, or that several trees share: never a link.
_REAL = frozenset({*TOPS.values(), "lib/pkgconfig", "share/pkgconfig"})
_Folder = dict[str, Any]  # name → _Folder, None for a file, or the place of a command that lies elsewhere


class Forest(NamedTuple):
    """``links``: place in the environment → target. ``hidden``: (place, project) of names that were taken."""

    links: dict[str, str]
    hidden: list[tuple[str, str]]


class _Source(NamedTuple):
    """A file (``inside`` is None) or a folder of a tree; ``path`` is where it is in the environment."""

    project: str
    path: str
    inside: _Folder | None


def facts_of(manifest: Manifest) -> TreeFacts | None:
    """What a plain tree says of itself; None for a wheel. Raises ObjectInvalid."""
    for path, content in manifest.inline.items():
        if path.endswith(f".dist-info/{TREE_FILE}"):
            return parse_tree(content, path)
    return None


def empty_folders(manifest: Manifest) -> list[str]:
    """The folders of a plain tree that hold nothing, by their places."""
    facts = facts_of(manifest)
    return [f"{tree_folder(manifest.project)}/{path}" for path in facts.folders] if facts else []


def plant(
    manifests: Sequence[Manifest], folders: Mapping[str, Mapping[str, int]], reserved: Iterable[str], site: str
) -> Forest:
    """The links of the trees among ``manifests``. What is in ``folders`` (of the index) or ``reserved`` stays; of two
    trees the first has a name; nothing of a tree comes below Python's own folder (``site``'s).
    """
    forest, sources = Forest({}, []), dict[str, list[_Source]]()
    for manifest in manifests:
        facts = facts_of(manifest)
        if facts is not None:
            for place, source in _tops(manifest, facts):
                sources.setdefault(place, []).append(source)
    taken = _Taken(folders, frozenset(reserved), site.rpartition("/")[0])
    for place, found in sources.items():
        _plant_below(place, found, taken, forest)
    return forest


class _Taken(NamedTuple):
    """What an environment has in its own places."""

    folders: Mapping[str, Mapping[str, int]]
    reserved: frozenset[str]
    python: str  # lib/python3.11

    def is_file(self, place: str) -> bool:
        folder, _, name = place.rpartition("/")
        return place in self.reserved or place == self.python or self.folders.get(folder, {}).get(name, -1) >= 0


def _plant_below(folder: str, sources: Sequence[_Source], taken: _Taken, forest: Forest) -> None:
    """Merge what ``sources`` hold into ``folder``, which is a real one."""
    names: dict[str, list[_Source]] = {}
    for source in sources:
        for name, inside in (source.inside or {}).items():
            path = inside if isinstance(inside, str) else f"{source.path}/{name}"
            below = inside if isinstance(inside, dict) else None
            names.setdefault(name, []).append(_Source(source.project, path, below))
    for name, found in names.items():
        place = f"{folder}/{name}"
        if taken.is_file(place):
            forest.hidden.extend((place, source.project) for source in found)
        elif place in taken.folders or place in _REAL or (found[1:] and all(s.inside is not None for s in found)):
            _plant_below(place, [source for source in found if source.inside is not None], taken, forest)
            forest.hidden.extend((place, source.project) for source in found if source.inside is None)
        else:
            forest.links[place] = posixpath.relpath(found[0].path, folder)
            forest.hidden.extend((place, source.project) for source in found[1:])


def _tops(manifest: Manifest, facts: TreeFacts) -> Iterator[tuple[str, _Source]]:
    """The folders of a tree that are seen from elsewhere, and where. What ``--bin`` named is among ``bin``."""
    project, root = manifest.project, tree_folder(manifest.project)
    inside = f"data/{root}/"
    links = {path.removeprefix(inside): to for path, to in manifest.links.items() if path.startswith(inside)}
    files = [file.path.removeprefix(inside) for file in manifest.files if file.path.startswith(inside)]
    known = {*files, *links}
    top = _nested([*files, *links], facts.folders)
    for name, place in TOPS.items():
        below = _find(top, follow(name, links.get) or "")
        if name == "bin":
            named = {path.rpartition("/")[2]: f"{root}/{path}" for path in facts.bins if path in known}
            below = {**named, **(below or {})}
        if below and not (name == "lib64" and name in links):  # usually to lib
            yield place, _Source(project, f"{root}/{name}", below)


def _nested(paths: Iterable[str], folders: Iterable[str]) -> _Folder:
    top: _Folder = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        _make(top, folder)[name] = None
    for path in folders:
        _make(top, path)
    return top


def _make(top: _Folder, path: str) -> _Folder:
    folder = top
    for part in path.split("/") if path else ():
        below = folder.get(part)
        if not isinstance(below, dict):
            below = folder[part] = {}
        folder = below
    return folder


def _find(top: _Folder, path: str) -> _Folder | None:
    """The folder at ``path``."""
    found: Any = top
    for part in path.split("/") if path else ():
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and found is not top else None
