"""The index of an environment: where every file of a lock goes, and what has to be there before what.

Written with ``marshal`` when the environment is built, read by importers (``importing/``) and the fetcher. Its fields
are described in docs/architecture.md; a number is the position of a file in the whole lock, pin after pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ..errors import ObjectInvalid, UsageError
from ..linking import reachable
from ..model import File, Frame, Kind, Lock, Manifest, Profile
from .forest import empty_folders, plant
from .interpreter import Interpreter
from .libraries import companions_of, links_of, needs_of, without_companions

_T = TypeVar("_T")
LAYOUT = 2
PRIVATE = ".cloudshelf"
RESERVED = (PRIVATE, "conda-meta")  # folders of no distribution: the latter would make it an environment of conda
SHADOWED = f"{PRIVATE}/shadowed"  # where files go whose place is taken by a folder, or is the environment's own
_SOURCE_SUFFIXES = (".py", ".pyc")
_BROUGHT_EARLY = (Kind.DATA, Kind.LIBRARY)
_NATIVE = (Kind.EXTENSION, Kind.LIBRARY)
MOST_WAITED = 500  # data files of a project of Python only; of more (botocore has 1,978) each comes when looked at


def make_index(lock: Lock, manifests: Sequence[Manifest], interpreter: Interpreter) -> dict[str, Any]:
    """The index of ``lock``, whose pins have ``manifests``, in the same order. Raises UsageError when they do not."""
    if [pin.project for pin in lock.pins] != [manifest.project for manifest in manifests]:
        raise UsageError("The manifests are not those of the lock.")
    places = _Places(interpreter)
    files = [file for manifest in manifests for file in manifest.files]
    for manifest in manifests:
        for file in manifest.files:
            places.add(installed_path(file.path, interpreter), file.digest)
    for folder in (folder for manifest in manifests for folder in empty_folders(manifest)):
        places.add_folder(folder)
    starts = _starts(manifests)
    links = links_of(manifests, starts)
    companions = [companions_of(manifest, start, links) for manifest, start in zip(manifests, starts, strict=False)]
    lean = [without_companions(each, starts[i], links, companions[i]) for i, each in enumerate(manifests)]
    projects = _projects(lock, lean, starts, interpreter, companions)
    forest = plant(manifests, places.folders, reserved_paths(interpreter), interpreter.site)
    return {
        "layout": LAYOUT,
        "site": interpreter.site,
        "paths": places.paths,
        "sizes": [file.size for file in files],
        "modes": [file.mode for file in files],
        "mtimes": [file.mtime for file in files],
        "digests": b"".join(bytes.fromhex(file.digest) for file in files),
        "kinds": "".join(file.kind for file in files),
        **frame_columns(manifests),
        "folders": places.folders,
        "projects": projects,
        "owner": _owners(projects),
        "needs": needs_of(links),
        "companions": sorted(n for found in companions for n in found),
        "imports": _by_file([manifest.imports for manifest in manifests], starts),
        "later": _by_file([manifest.later for manifest in manifests], starts),
        "conflicts": places.conflicts,
        "forest": forest.links,
        "hidden": forest.hidden,
        "linked": bool(forest.links) or any(manifest.links for manifest in manifests),
    }


def installed_path(path: str, interpreter: Interpreter) -> str:
    """Where ``path`` of a manifest goes, relative to the environment's root (the schemes of PEP 427).

    Headers have their project's folder in their path already.
    """
    scheme, _, rest = path.partition("/")
    if scheme == "site":
        return f"{interpreter.site}/{rest}"
    if scheme == "scripts":
        return f"bin/{rest}"
    if scheme == "headers":
        return f"include/site/python{interpreter.minor}/{rest}"
    if scheme == "data":
        return f"lib/{rest[6:]}" if rest.startswith("lib64/") else rest  # lib64 is a link to lib
    raise ObjectInvalid(path, f"{scheme!r} is not an install scheme")


def reserved_paths(interpreter: Interpreter) -> frozenset[str]:
    """What the environment itself has, beside all below RESERVED: no distribution may replace it."""
    programs = ("activate", "activate.csh", "activate.fish", "python", "python3", f"python{interpreter.minor}")
    others = ("pyvenv.cfg", "lib64", "lib", "bin", f"{interpreter.site}/00_cloudshelf.pth")
    return frozenset((*others, *(f"bin/{name}" for name in programs)))


class _Places:
    """Which number has which place; the first pin wins, what differs is recorded in ``conflicts``."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.paths: list[str] = []
        self.folders: dict[str, dict[str, int]] = {"": {}}
        self.conflicts: list[tuple[str, int, int]] = []  # (path, number that won, number that lost)
        self._reserved = reserved_paths(interpreter)
        self._digests: list[str] = []
        self.add_folder(interpreter.site)
        self.add_folder("bin")

    def add(self, path: str, digest: str) -> None:
        """The next number is at ``path``."""
        number = len(self.paths)
        self._digests.append(digest)
        if path in self._reserved or path.partition("/")[0] in RESERVED:
            self.conflicts.append((path, -1, number))
            self.paths.append(f"{SHADOWED}/{number}")
            return
        folder, _, name = path.rpartition("/")
        first = self.folders[folder].get(name) if folder in self.folders else None
        if first == -1 or (first is None and not self.add_folder(folder)):
            self.conflicts.append((path, -1, number))
            self.paths.append(f"{SHADOWED}/{number}")
            return
        self.paths.append(path)
        if first is None:
            self.folders[folder][name] = number
        elif self._digests[first] != digest:
            self.conflicts.append((path, first, number))

    def add_folder(self, folder: str) -> bool:
        """Make ``folder`` and those above it known; False when a file is in the way."""
        if folder in self.folders:
            return True
        parent, _, name = folder.rpartition("/")
        if not self.add_folder(parent) or self.folders[parent].setdefault(name, -1) != -1:
            return False
        self.folders[folder] = {}
        return True


def _starts(manifests: Sequence[Manifest]) -> list[int]:
    starts = [0]
    for manifest in manifests:
        starts.append(starts[-1] + len(manifest.files))
    return starts


def frame_columns(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """Frames of all manifests in a row; each file's first frame as a number in that row."""
    packs: dict[tuple[str, str], int] = {}
    numbers: list[int] = []
    first: list[int] = []
    offsets: list[int] = []
    frames: list[Frame] = []
    for manifest in manifests:
        base = len(frames)
        frames.extend(manifest.frames)
        numbers.extend(packs.setdefault((manifest.project, f.pack), len(packs)) for f in manifest.frames)
        first.extend(base + file.frame if file.frame >= 0 else -1 for file in manifest.files)
        offsets.extend(file.offset for file in manifest.files)
    return {
        "frame": first,
        "offset": offsets,
        "frames": {
            "pack": numbers,
            "offset": [f.offset for f in frames],
            "length": [f.length for f in frames],
            "size": [f.size for f in frames],
            "digest": b"".join(bytes.fromhex(f.digest) for f in frames),
        },
        "packs": list(packs),
    }


def _projects(
    lock: Lock,
    manifests: Sequence[Manifest],
    starts: Sequence[int],
    interpreter: Interpreter,
    companions: Sequence[set[int]],
) -> list[dict[str, Any]]:
    numbers = {manifest.project: i for i, manifest in enumerate(manifests)}
    direct = {i: [numbers[name] for name in pin.dependencies if name in numbers] for i, pin in enumerate(lock.pins)}
    native = {i for i, manifest in enumerate(manifests) if any(file.kind in _NATIVE for file in manifest.files)}
    found = []
    for i, (pin, manifest) in enumerate(zip(lock.pins, manifests, strict=False)):
        depends = [n for n in reachable([i], direct) if n != i]
        data = _data(manifest, starts[i], companions[i], by_native=not native.isdisjoint((i, *depends)))
        project = _project(manifest, starts[i], numbers, interpreter, data)
        found.append(project | {"depends": depends, "shelf": pin.shelf})
    return found


def _project(
    manifest: Manifest, start: int, numbers: Mapping[str, int], interpreter: Interpreter, data: list[int]
) -> dict[str, Any]:
    profiles = manifest.profiles
    unknown = not profiles or any(profile.error for profile in profiles)
    return {
        "name": manifest.project,
        "version": manifest.version,
        "start": start,
        "stop": start + len(manifest.files),
        "eager": start + manifest.eager,
        "modules": list(modules_of(manifest.files, interpreter.suffixes)),
        "wait": data if unknown else [start + i for i in _unique(i for p in profiles for i in p.opened)],
        "data": data,
        **_recorded(manifest, profiles, start, numbers),
        "recorded": {p.module: _recorded(manifest, [p], start, numbers) for p in profiles} if len(profiles) > 1 else {},
    }


def _recorded(
    manifest: Manifest, profiles: Sequence[Profile], start: int, numbers: Mapping[str, int]
) -> dict[str, Any]:
    """What recorded imports opened here, which projects they used, and which modules they took of those."""
    used = _unique(name for profile in profiles for name in profile.projects)
    return {
        "profile": [start + i for i in _unique(i for profile in profiles for i in profile.order)],
        "uses": [numbers[name] for name in used if name in numbers and name != manifest.project],
        "pulls": _unique(name for profile in profiles for name in profile.modules),
    }


def _data(manifest: Manifest, start: int, companions: set[int], *, by_native: bool) -> list[int]:
    """What is there before a top-level module returns, because C code opens such files by a path of its own.

    Not libraries that only the linker opens, with a module. Not very many data files where nothing native is in the
    project or in what it depends on (``by_native``): Python code reads them, which is seen (importing/watching.py).
    """
    early = (start + i for i, file in enumerate(manifest.files) if file.kind in _BROUGHT_EARLY)
    found = [number for number in early if number not in companions]
    return found if by_native or len(found) <= MOST_WAITED else []


def modules_of(files: Sequence[File], suffixes: Sequence[str]) -> tuple[str, ...]:
    """Top-level modules that ``files`` bring; dotted for parts of a namespace (PEP 420), sorted.

    A folder without any module under it (data alone) counts as a module too: it imports as a namespace.
    """
    endings = (*suffixes, *_SOURCE_SUFFIXES)
    top = _Folder()
    folders: dict[str, _Folder | None] = {"site": top}
    for file in files:
        path, _, last = file.path.rpartition("/")
        if path not in folders:
            folders[path] = top.below(path)
        folder = folders[path]
        if folder is None or not last.endswith(endings):
            continue
        name = next(last.removesuffix(end) for end in endings if last.endswith(end))
        if name.isidentifier():
            folder.modules.add(name)
    return tuple(sorted(_modules_below(top, "")))


class _Folder:
    """A module and a folder may share a name (``_rust.abi3.so`` and its stubs in ``_rust/``): kept apart."""

    def __init__(self) -> None:
        self.folders: dict[str, _Folder] = {}
        self.modules: set[str] = set()

    def below(self, path: str) -> _Folder | None:
        """The folder at a manifest's ``path``; None where no module can be."""
        scheme, *parts = path.split("/")
        if scheme != "site" or not all(part.isidentifier() for part in parts) or "__pycache__" in parts:
            return None
        folder = self
        for part in parts:
            folder = folder.folders.setdefault(part, _Folder())
        return folder


def _modules_below(folder: _Folder, prefix: str) -> list[str]:
    """A module hides a folder of its name that has no ``__init__`` (PEP 420)."""
    found = [prefix + name for name in folder.modules if name != "__init__"]
    for name, inside in folder.folders.items():
        if name in folder.modules:
            continue
        if "__init__" in inside.modules:
            found.append(prefix + name)
        else:
            found += _modules_below(inside, f"{prefix}{name}.") or ([name] if not prefix else [])
    return found


def _owners(projects: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    owners: dict[str, int] = {}
    for number, project in enumerate(projects):
        for module in project["modules"]:
            owners.setdefault(module, number)
    return owners


def _by_file(imports: Sequence[Mapping[int, tuple[str, ...]]], starts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Module's file → names of the modules that it imports; the fetcher looks up where those are."""
    return {start + i: names for found, start in zip(imports, starts, strict=False) for i, names in found.items()}


def _unique(items: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(items))
