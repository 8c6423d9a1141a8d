"""An open environment: what its index says, and the presence file that tells importers what is in place."""

from __future__ import annotations

import bisect
import json
import marshal
import mmap
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..codecs.names import pack_key, project_of_key
from ..errors import CacheUnusable, FormatUnknown
from ..importing.activate import hold
from ..model import Frame, Kind
from ..stores.protocols import Reader
from ..urls import join_urls, split_urls
from .disk import disk_errors, remove_leftovers

LAYOUT = 2


class Piece(NamedTuple):
    """A part of a file: ``length`` bytes at ``start`` of the content of ``frame`` go to ``offset`` of the file."""

    frame: int
    start: int
    length: int
    offset: int


class Environment:
    """The facts of one environment folder. Any thread; the numbers are those of its index."""

    def __init__(self, path: Path, store: Reader, index: Mapping[str, Any]) -> None:
        """Opens the presence file. Raises CacheUnusable when it is another user's, or does not fit the index."""
        self.path = path
        self.root = f"{path}/"
        self.staging = path / ".cloudshelf" / "staging"
        self.store = store
        self.paths: list[str] = index["paths"]
        self.sizes: list[int] = index["sizes"]
        self.modes: list[int] = index["modes"]
        self.mtimes: list[int] = index["mtimes"]
        self.kinds: str = index["kinds"]
        self.first_frame: list[int] = index["frame"]
        self.projects: list[dict[str, Any]] = index["projects"]
        self.packs: list[tuple[str, str]] = index["packs"]
        self.needs: dict[int, tuple[int, ...]] = index["needs"]
        self.imports: dict[int, tuple[str, ...]] = index["imports"]
        self.later: dict[int, tuple[str, ...]] = index.get("later", {})  # an earlier cloudshelf built without
        self.owner: dict[str, int] = index["owner"]  # top-level module → project
        self._site: str = index["site"]
        self.folders: dict[str, dict[str, int]] = index["folders"]
        frames = index["frames"]
        self.frame_pack: list[int] = frames["pack"]
        self.frame_offset: list[int] = frames["offset"]
        self.frame_length: list[int] = frames["length"]
        self.frame_size: list[int] = frames["size"]
        self._frame_digests: bytes = frames["digest"]
        self._digests: bytes = index["digests"]
        self._offsets: list[int] = index["offset"]
        self._starts: list[int] = [project["start"] for project in self.projects]
        self.packed = self._sum_packed()
        self.twins = self._find_twins()
        self._touching = self._map_frames()
        self.presence, self._identity = self._open_presence()
        self.planning = threading.Lock()  # held until what was planned is queued: else another takes part of it
        self.followed: set[int] = set()  # projects whose background is planned
        self.expanded: set[str] = set()  # modules of which it is planned what they import
        self.foreseen: set[int] = set()  # files that came because functions may import them
        self.unforeseen: dict[int, int] = {}  # project → bytes that an import waited for and nobody had asked for
        self._users = threading.Lock()
        self._used = 0
        self._user_lock = -1
        with disk_errors(path):
            self.staging.mkdir(mode=0o700, exist_ok=True)
            if any(winner < 0 for _, winner, _ in index.get("conflicts", ())):
                (path / ".cloudshelf" / "shadowed").mkdir(mode=0o700, exist_ok=True)
        remove_leftovers(self.staging)

    def __len__(self) -> int:
        return len(self.paths)

    def digest(self, number: int) -> str:
        return self._digests[32 * number : 32 * number + 32].hex()

    def destination(self, number: int) -> str:
        return self.root + self.paths[number]

    def frame(self, number: int) -> Frame:
        digest = self._frame_digests[32 * number : 32 * number + 32].hex()
        pack = self.packs[self.frame_pack[number]][1]
        return Frame(pack, self.frame_offset[number], self.frame_length[number], self.frame_size[number], digest)

    def pack_key(self, frame: int) -> str:
        return pack_key(*self.packs[self.frame_pack[frame]])

    def pack_project(self, frame: int) -> str:
        return self.packs[self.frame_pack[frame]][0]

    def owning(self, number: int) -> int:
        """The number of the project that file ``number`` is of."""
        return bisect.bisect_right(self._starts, number) - 1

    def project_of(self, number: int) -> str:
        name: str = self.projects[self.owning(number)]["name"]
        return name

    def pieces(self, number: int) -> list[Piece]:
        """The parts of a file, in order; none for an empty one."""
        found = []
        frame, start, offset, size = self.first_frame[number], self._offsets[number], 0, self.sizes[number]
        while offset < size:
            length = min(self.frame_size[frame] - start, size - offset)
            if length:
                found.append(Piece(frame, start, length, offset))
            offset += length
            frame, start = frame + 1, 0
        return found

    def touching(self, frame: int) -> list[int]:
        """The files that have bytes in ``frame``, or begin in it."""
        return self._touching[frame]

    def owner_of(self, module: str) -> int | None:
        """The project that brings ``module``, or the nearest package around it; None for a module of nobody here."""
        while module and module not in self.owner:
            module = module.rpartition(".")[0]
        return self.owner.get(module)

    def files_of(self, module: str) -> list[int]:
        """What importing ``module`` reads in its folder: its source and bytecode, or its library. Empty if it is not
        here, as a module of the standard library."""
        folder, _, name = f"{self._site}/{module.replace('.', '/')}".rpartition("/")
        inside = self.folders.get(f"{folder}/{name}", {})
        return self._named(f"{folder}/{name}", inside, "__init__") or self._named(
            folder, self.folders.get(folder, {}), name
        )

    def module_of(self, number: int) -> str:
        """The module that file ``number`` is part of, or "": of data and what lies outside site-packages."""
        path = self.paths[number]
        if not path.startswith(f"{self._site}/") or not path.endswith((".py", ".pyc", ".so")):
            return ""
        folder, _, name = path.removeprefix(f"{self._site}/").rpartition("/")
        folder = folder.removesuffix("/__pycache__")
        stem = name.partition(".")[0]
        return ".".join(folder.split("/") * bool(folder) + [stem] * (stem != "__init__"))

    def _named(self, folder: str, names: Mapping[str, int], stem: str) -> list[int]:
        """A native module goes before a source of its name, as in importlib's path finder."""
        natives = [n for name, n in names.items() if n >= 0 and name.startswith(f"{stem}.") and name.endswith(".so")]
        source = names.get(f"{stem}.py", -1)
        if natives or source < 0:
            return natives
        compiled = self.folders.get(f"{folder}/__pycache__", {})
        return [source, *(n for name, n in compiled.items() if name.startswith(f"{stem}.") and ".opt-" not in name)]

    def is_idle(self, number: int) -> bool:
        return self.kinds[number] == Kind.IDLE

    def is_recorded(self, number: int) -> bool:
        """Whether the recorded import of its project opens a file."""
        project = self.projects[bisect.bisect_right(self._starts, number) - 1]
        return number in project["profile"]

    def is_shadowed(self, number: int) -> bool:
        """Whether this is an inline file that has no place in the environment (see environment/index.py)."""
        return self.first_frame[number] < 0 and self.paths[number].startswith(".cloudshelf/shadowed/")

    def mark(self, number: int) -> None:
        """Tell importers that a file is in place, under each number that its path has."""
        self.presence[number] = 1
        for twin in self.twins.get(number, ()):
            self.presence[twin] = 1

    def original(self, number: int) -> int:
        """The number that a path is brought under: the first, where two pins bring the same path."""
        return self._originals.get(number, number)

    def is_current(self) -> bool:
        """Whether the folder is still the one that was opened (pruned and built again, it has other files)."""
        try:
            status = os.stat(self._presence_path)  # noqa: PTH116  (on the hot path)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def hold(self) -> None:
        """Keep ``prune`` away until ``release``. Raises CacheUnusable when it is removing this environment just now."""
        with self._users:
            if self._used == 0:
                self._user_lock = hold(str(self.path))
            self._used += 1

    def release(self) -> None:
        with self._users:
            self._used -= 1
            if self._used == 0:
                os.close(self._user_lock)

    @property
    def _presence_path(self) -> str:
        return f"{self.path}/.cloudshelf/presence"

    def _open_presence(self) -> tuple[mmap.mmap, tuple[int, int]]:
        with disk_errors(self._presence_path):
            descriptor = os.open(self._presence_path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid():
                raise CacheUnusable(self._presence_path, "another user owns it")
            if status.st_size < max(1, len(self.paths)):
                raise CacheUnusable(self._presence_path, "it does not fit its index")
            return mmap.mmap(descriptor, 0), (status.st_dev, status.st_ino)
        finally:
            os.close(descriptor)

    def _sum_packed(self) -> dict[str, int]:
        """Bytes of all frames, by project."""
        totals = {str(project["name"]): 0 for project in self.projects}
        for pack, length in zip(self.frame_pack, self.frame_length, strict=True):
            totals[self.packs[pack][0]] += length
        return totals

    def _find_twins(self) -> dict[int, list[int]]:
        """Numbers of a path that two pins bring: the first one's file is brought, the others are the same place."""
        self._originals: dict[int, int] = {}
        twins: dict[int, list[int]] = {}
        if len(set(self.paths)) < len(self.paths):
            first: dict[str, int] = {}
            for number, path in enumerate(self.paths):
                original = first.setdefault(path, number)
                if original != number:
                    self._originals[number] = original
                    twins.setdefault(original, []).append(number)
        return twins

    def _map_frames(self) -> list[list[int]]:
        touching: list[list[int]] = [[] for _ in self.frame_length]
        ends = self.frame_size
        for number, (frame, offset, size) in enumerate(zip(self.first_frame, self._offsets, self.sizes, strict=True)):
            if frame < 0:
                continue
            touching[frame].append(number)
            if offset + size > ends[frame]:
                for piece in self.pieces(number):
                    if piece.frame != frame:
                        touching[piece.frame].append(number)
        return touching


class RoutedStore:
    """Several shelves as one: the objects of each project come from its own."""

    def __init__(self, stores: Mapping[str, Reader]) -> None:
        """``stores`` by project."""
        self._stores = stores

    @property
    def url(self) -> str:
        return join_urls(store.url for store in self._stores.values())

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        """As ``StreamRange``; ``key`` is that of a project's object."""
        return self._stores[project_of_key(key)].stream_range(key, start=start, length=length)

    def get(self, key: str) -> bytes:
        """As ``Get``; ``key`` is that of a project's object."""
        return self._stores[project_of_key(key)].get(key)


class Environments:
    """The environments that this process has open; a store is opened once for each shelf."""

    def __init__(self, open_store: Callable[[str], Reader]) -> None:
        self._open_store = open_store
        self._lock = threading.Lock()
        self._open: dict[str, Environment] = {}
        self._stores: dict[str, Reader] = {}

    def get(self, path: str) -> Environment:
        """The environment at ``path``, an absolute folder. Raises CacheUnusable, FormatUnknown, and as open_store."""
        found = self._open.get(path)
        if found is not None and found.is_current():
            return found
        with self._lock:
            found = self._open.get(path)
            if found is None or not found.is_current():
                self._open[path] = found = self._read(Path(path))
            return found

    def all(self) -> list[Environment]:
        with self._lock:
            return list(self._open.values())

    def _read(self, path: Path) -> Environment:
        config = self._read_config(path)
        index = _read_index(path / ".cloudshelf" / "index")
        return Environment(path, self._route(str(config["shelf"]), index["projects"]), index)

    def _route(self, shelf: str, projects: Iterable[Mapping[str, Any]]) -> Reader:
        """The store of the environment's shelf; of several, for each project that of its own. With the lock held."""
        urls = split_urls(shelf)
        if len(urls) == 1:
            return self._store(shelf)
        return RoutedStore({str(p["name"]): self._store(str(p.get("shelf") or urls[0])) for p in projects})

    def _store(self, url: str) -> Reader:
        """With the lock held."""
        if url not in self._stores:
            self._stores[url] = self._open_store(url)
        return self._stores[url]

    def _read_config(self, path: Path) -> dict[str, Any]:
        file = path / ".cloudshelf" / "config"
        try:
            config = json.loads(_read_own(file))
            if not isinstance(config, dict) or not isinstance(config.get("shelf"), str):
                raise ValueError("it names no shelf")
        except ValueError as error:
            raise CacheUnusable(str(file), f"it cannot be read ({error})") from None
        return config


def _read_index(file: Path) -> dict[str, Any]:
    """marshal is safe here: the file is ours, in a folder of ours, and made from manifests that were verified."""
    try:
        index = marshal.loads(_read_own(file))
    except (ValueError, EOFError, TypeError) as error:
        raise CacheUnusable(str(file), f"it cannot be read ({error})") from None
    if not isinstance(index, dict):
        raise CacheUnusable(str(file), "it is not an index")
    if index.get("layout") != LAYOUT:
        raise FormatUnknown(str(file), index.get("layout"), LAYOUT)
    return index


def _read_own(file: Path) -> bytes:
    """The content of a file that belongs to us, and is not a symbolic link. Raises CacheUnusable."""
    with disk_errors(file):
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with open(descriptor, "rb") as stream:
            if os.fstat(descriptor).st_uid != os.geteuid():
                raise CacheUnusable(str(file), "another user owns it")
            return stream.read()
