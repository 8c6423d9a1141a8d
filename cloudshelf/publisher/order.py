"""In which order the files of a tree stand in its packs: what an import needs first, in the order it asked for it.

The rules: docs/architecture.md, "What is there, when". Pure: rows in, rows out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..linking import by_name, find_companions
from ..model import Kind
from .bytecode import compiled_path
from .imports import module_name
from .kinds import natural_kind
from .profile import Recording
from .tree import InstalledTree, TreeFile


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows in pack order: recorded, other eager ones, the rest, idle, inline; the boundaries are counts from 0."""

    rows: tuple[TreeFile, ...]
    recorded: int
    eager: int
    rest: int
    idle: int
    profiles: tuple[Recording, ...]  # with bytecode and needed libraries put in their place
    imports: Mapping[str, tuple[str, ...]]  # path of a module → names that it imports
    later: Mapping[str, tuple[str, ...]]  # path of a module → names that its functions import


def order_tree(
    tree: InstalledTree,
    tag: str,
    recordings: Sequence[Recording],
    imports: Mapping[str, tuple[str, ...]] | None = None,
    later: Mapping[str, tuple[str, ...]] | None = None,
) -> Ordered:
    """The order of ``tree``'s files. ``tag`` is the bytecode's, "" for none; ``imports`` and ``later`` are those of
    imports.py."""
    companions = _companions(tree.files, recordings)
    completed = tuple(_complete(tree, tag, recording, companions) for recording in recordings)
    recorded = dict.fromkeys(path for recording in completed for path in recording.order)
    rows = {path: _natural(file) if path in recorded else file for path, file in tree.files.items()}
    packed = {path: row for path, row in rows.items() if row.kind is not Kind.INLINE}
    first = [path for path in recorded if path in packed]
    eager = [path for path in _eager(packed, () if first else tree.modules, companions) if path not in recorded]
    ahead = {*first, *eager}
    idle = sorted(path for path, row in packed.items() if row.kind is Kind.IDLE and path not in ahead)
    left = packed.keys() - ahead - set(idle)
    submodules = _touched_by_submodules(tree, tag, recordings)
    reached = [path for path in _reached(tree, tag, first, imports or {}, later or {}) if path not in submodules]
    besides = [path for path in (*reached, *submodules) if path in left]
    rest = [*besides, *sorted(left.difference(besides), key=_by_folder)]
    inline = sorted(rows.keys() - packed.keys())
    counts = [len(first), len(eager), len(rest), len(idle)]
    return Ordered(
        rows=tuple(rows[path] for path in (*first, *eager, *rest, *idle, *inline)),
        recorded=counts[0],
        eager=sum(counts[:2]),
        rest=sum(counts[:3]),
        idle=sum(counts),
        profiles=completed,
        imports=imports or {},
        later=later or {},
    )


def order_plain(tree: InstalledTree) -> Ordered:
    """The order of a plain tree's files: programs and libraries, then folder by folder. No import needs any."""
    packed = [row for row in tree.files.values() if row.kind is not Kind.INLINE]
    packed.sort(key=lambda row: (row.kind is not Kind.LIBRARY, *_by_folder(row.path)))
    inline = [row for row in tree.files.values() if row.kind is Kind.INLINE]
    rows = (*packed, *sorted(inline, key=lambda row: row.path))
    return Ordered(rows, 0, 0, len(packed), len(packed), (), {}, {})


def _complete(tree: InstalledTree, tag: str, recording: Recording, companions: Collection[str]) -> Recording:
    """The recording with each source's bytecode beside it, natives' libraries before them, and before a package what
    lies beside it: all that has to be there before its body. What the program opens comes first, for it is waited for.
    """
    libraries = _libraries(tree.files)
    beside = _data_by_folder(tree.files, companions)
    order = dict.fromkeys(
        path
        for touched in (*recording.opened, *recording.order)
        for before in (*beside.get(_entered(touched), ()), touched)
        for path in _with_companions(tree, tag, libraries, before, ())
    )
    return replace(recording, order=list(order), opened=[path for path in recording.opened if path in order])


def _touched_by_submodules(tree: InstalledTree, tag: str, recordings: Sequence[Recording]) -> dict[str, None]:
    """What submodules touch besides, one submodule's files together."""
    return _all_with_companions(tree, tag, (path for recording in recordings for path in recording.later))


def _reached(
    tree: InstalledTree,
    tag: str,
    recorded: Sequence[str],
    imports: Mapping[str, Sequence[str]],
    later: Mapping[str, Sequence[str]],
) -> dict[str, None]:
    """What the recorded modules may import all the same: their bodies (under a condition that did not hold), then their
    functions. Each with what it imports and what its own functions do, for that is asked for together
    (``fetcher/plan.py``, ``plan_late``)."""
    modules: dict[str, list[str]] = {}
    for path in sorted(tree.files):
        modules.setdefault(module_name(path), []).append(path)
    seen = set(recorded)
    found = _follow(_names(recorded, imports), modules, imports, seen)
    waiting = _names([*recorded, *found], later)[::-1]
    while waiting:
        reached = _follow([waiting.pop()], modules, imports, seen)
        found += reached
        waiting += _names(reached, later)[::-1]
    return _all_with_companions(tree, tag, found)


def _names(paths: Iterable[str], imports: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for path in paths for name in imports.get(path, ())]


def _follow(
    names: Sequence[str], modules: Mapping[str, Sequence[str]], imports: Mapping[str, Sequence[str]], seen: set[str]
) -> list[str]:
    """Paths of modules, each followed by those that it imports, but for what is in ``seen``; adds to that."""
    found: list[str] = []
    waiting = list(reversed(names))
    while waiting:
        name = waiting.pop()
        parent = name.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        for path in modules.get(name, ()):
            if path not in seen:
                seen.add(path)
                found.append(path)
                waiting += reversed(imports.get(path, ()))
    return found


def _all_with_companions(tree: InstalledTree, tag: str, paths: Iterable[str]) -> dict[str, None]:
    libraries = _libraries(tree.files)
    return dict.fromkeys(found for path in paths for found in _with_companions(tree, tag, libraries, path, ()))


def _companions(files: Mapping[str, TreeFile], recordings: Sequence[Recording]) -> set[str]:
    """Libraries that come with the modules that link them; none where it is not known which modules an import loads."""
    if not recordings or any(recording.error for recording in recordings):
        return set()
    natives = {path: row for path, row in files.items() if row.kind in (Kind.LIBRARY, Kind.EXTENSION)}
    named = by_name({path: (path, row.digest) for path, row in natives.items()})
    links = {path: [found for name in row.needs for found in named.get(name, ())] for path, row in natives.items()}
    libraries = [path for path, row in natives.items() if row.kind is Kind.LIBRARY]
    return find_companions(libraries, natives.keys() - set(libraries), links)


def _data_by_folder(files: Mapping[str, TreeFile], companions: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(files.keys() - set(companions)):
        if files[path].kind in (Kind.DATA, Kind.LIBRARY):
            found.setdefault(path.rpartition("/")[0], []).append(path)
    return found


def _entered(path: str) -> str:
    """The folder of the package whose ``__init__`` is at ``path``, or ""."""
    folder, _, name = path.rpartition("/")
    return folder if name.startswith("__init__.") and not folder.endswith("__pycache__") else ""


def _with_companions(
    tree: InstalledTree, tag: str, libraries: Mapping[str, str], path: str, asking: tuple[str, ...]
) -> Iterator[str]:
    file = tree.files[path]
    for name in file.needs:
        library = libraries.get(name)
        if library is not None and library not in asking and library != path:
            yield from _with_companions(tree, tag, libraries, library, (*asking, path))
    yield path
    if path.endswith(".py") and path.startswith("site/") and compiled_path(path, tag) in tree.files:
        yield compiled_path(path, tag)


def _libraries(files: Mapping[str, TreeFile]) -> dict[str, str]:
    """Native files by base name; where two have one name, the first by path."""
    return {path.rpartition("/")[2]: path for path in sorted(files, reverse=True) if ".so" in path}


def _natural(file: TreeFile) -> TreeFile:
    """What an import touched is not idle, even in a folder of tests."""
    if file.kind is not Kind.IDLE:
        return file
    return replace(file, kind=natural_kind(file.path, file.size, elf=bool(file.needs), module=bool(file.needs)))


def _eager(packed: Mapping[str, TreeFile], modules: Sequence[str], companions: Collection[str]) -> Iterator[str]:
    """Data and libraries of the project: there before its top-level module returns. Not ``companions``.

    Without a recording, ``modules`` are its top-level modules, and what lies directly in their folders counts too.
    """
    entered = {f"site/{module.replace('.', '/')}" for module in modules}
    for path in sorted(packed, key=_by_folder):
        row = packed[path]
        if row.kind is Kind.IDLE or path in companions:
            continue
        if (
            row.kind in (Kind.DATA, Kind.LIBRARY)
            or _package_of(path, row) in entered
            or path.removesuffix(".py") in entered
        ):
            yield path


def _package_of(path: str, row: TreeFile) -> str:
    """The folder that a file counts for: bytecode for its source's."""
    folder = path.rpartition("/")[0]
    return folder.removesuffix("/__pycache__") if row.kind is Kind.BYTECODE else folder


def _by_folder(path: str) -> tuple[str, str, int]:
    """Folder by folder, each bytecode behind its source."""
    folder, _, name = path.rpartition("/")
    if folder.endswith("/__pycache__"):
        return folder.removesuffix("/__pycache__"), f"{name.split('.')[0]}.py", 1
    return folder, name, 0
