"""Environments with real packs behind them, without a publisher: what the fetcher's tests start from."""

from __future__ import annotations

import hashlib
import json
import marshal
import random
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudshelf.codecs.names import collectable, pack_key
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.environments import Environment, Environments
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.stores.local import LocalStore

SITE = "lib/python3.11/site-packages"
MTIME = 1_600_000_000


@dataclass
class Project:
    """Files by path below site-packages, in pack order; numbers in ``profile`` and the like are the project's own."""

    name: str
    files: Mapping[str, bytes]
    kinds: str = ""  # one letter a file; default: source
    eager: int | None = None
    profile: Sequence[int] = ()
    data: Sequence[int] = ()
    uses: Sequence[int] = ()
    depends: Sequence[int] = ()
    pulls: Sequence[str] = ()
    recorded: Mapping[str, Sequence[int]] = field(default_factory=dict)  # the profile of each of several modules
    imports: Mapping[str, Sequence[str]] = field(default_factory=dict)  # path → modules
    later: Mapping[str, Sequence[str]] = field(default_factory=dict)  # path → modules that its functions import
    group: int = 1 << 20  # small files up to this many bytes share a frame
    large: int = 4 << 20  # a larger file is cut into frames of this many bytes
    modes: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Shelf:
    """A shelf in a folder, and environments that use it."""

    root: Path

    def __post_init__(self) -> None:
        self.store = LocalStore(self.root / "shelf")

    def pack(self, environment: Environment, project: int = 0) -> Path:
        return self.root / "shelf" / pack_key(*environment.packs[project])

    def environment(self, *projects: Project, name: str = "e1", store: Any = None) -> Environment:
        """Opened on ``store``, by default the folder's own."""
        self.build(*projects, name=name)
        return Environments(lambda _: store or self.store).get(str(self.path(name)))

    def path(self, name: str) -> Path:
        return self.root / "cache" / "environments" / name

    def build(self, *projects: Project, name: str = "e1") -> Path:
        """Publish the packs and write an environment, with nothing in place."""
        index = _Index()
        for project in projects:
            index.add(project, self.store)
        path = self.path(name)
        own = path / ".cloudshelf"
        (own / "staging").mkdir(parents=True)
        for file in index.paths:
            (path / file).parent.mkdir(parents=True, exist_ok=True)
        (own / "index").write_bytes(marshal.dumps(index.encode()))
        (own / "presence").write_bytes(bytes(max(1, len(index.paths))))
        (own / "config").write_text(
            json.dumps(
                {
                    "shelf": self.store.url,
                    "cache": str(self.root / "cache"),
                    "fetcher": [sys.executable, "-m", "cloudshelf.fetcher"],
                }
            )
        )
        return path

    def transfer(self, **settings: Any) -> Transfer:
        return Transfer(BlobCache(self.root / "cache"), **{"quiet": 0.05, **settings})


class _Index:
    def __init__(self) -> None:
        self.paths: list[str] = []
        self.rows: dict[str, Any] = {k: [] for k in ("sizes", "modes", "mtimes", "frame", "offset")}
        self.digests, self.kinds = b"", ""
        self.frames: dict[str, Any] = {k: [] for k in ("pack", "offset", "length", "size")}
        self.frame_digests = b""
        self.packs: list[tuple[str, str]] = []
        self.projects: list[dict[str, Any]] = []
        self.imports: dict[int, tuple[str, ...]] = {}
        self.later: dict[int, tuple[str, ...]] = {}

    def add(self, project: Project, store: LocalStore) -> None:
        start, body = len(self.paths), b""
        number = len(self.packs)
        for group in _groups(project):
            content = b"".join(project.files[path] for path in group)
            first = len(self.frames["pack"])
            step = project.large if len(group) == 1 else max(1, len(content))
            for begin in range(0, max(1, len(content)), step):
                compressed = compress_frame(content[begin : begin + step], level=3)
                self._add_frame(number, len(body), compressed, len(content[begin : begin + step]))
                body += compressed
            offset = 0
            for path in group:
                self._add_file(project, path, first, offset)
                offset += len(project.files[path])
        for path, modules in project.imports.items():
            self.imports[start + list(project.files).index(path)] = tuple(modules)
        for path, modules in project.later.items():
            self.later[start + list(project.files).index(path)] = tuple(modules)
        self.kinds += project.kinds or "s" * len(project.files)
        part = collectable(hashlib.sha256(body).hexdigest(), 0)
        if not (Path(store.url.removeprefix("file://")) / pack_key(project.name, part)).exists():
            store.put_new(pack_key(project.name, part), body)
        self.packs.append((project.name, part))
        eager = len(project.files) if project.eager is None else project.eager
        self.projects.append(
            {
                "name": project.name,
                "version": "1",
                "start": start,
                "stop": len(self.paths),
                "eager": start + eager,
                "modules": [*project.recorded] or [project.name],
                "wait": [],
                "data": [start + n for n in project.data],
                "profile": [start + n for n in project.profile],
                "uses": list(project.uses),
                "depends": list(project.depends),
                "pulls": list(project.pulls),
                "recorded": {
                    module: {"profile": [start + n for n in numbers], "uses": [], "pulls": []}
                    for module, numbers in project.recorded.items()
                },
            }
        )

    def _add_frame(self, pack: int, offset: int, compressed: bytes, size: int) -> None:
        for name, value in (("pack", pack), ("offset", offset), ("length", len(compressed)), ("size", size)):
            self.frames[name].append(value)
        self.frame_digests += hashlib.sha256(compressed).digest()

    def _add_file(self, project: Project, path: str, frame: int, offset: int) -> None:
        content = project.files[path]
        self.paths.append(f"{SITE}/{path}")
        row = (len(content), project.modes.get(path, 0o644), MTIME, frame, offset)
        for column, value in zip(self.rows.values(), row, strict=True):
            column.append(value)
        self.digests += hashlib.sha256(content).digest()

    def _folders(self) -> dict[str, dict[str, int]]:
        folders: dict[str, dict[str, int]] = {}
        for number, path in enumerate(self.paths):
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, {}).setdefault(name, number)
        return folders

    def encode(self) -> dict[str, Any]:
        return {
            "layout": 2,
            "site": SITE,
            "paths": self.paths,
            **self.rows,
            "digests": self.digests,
            "kinds": self.kinds,
            "frames": self.frames | {"digest": self.frame_digests},
            "packs": self.packs,
            "folders": self._folders(),
            "projects": self.projects,
            "owner": {module: i for i, project in enumerate(self.projects) for module in project["modules"]},
            "needs": {},
            "imports": self.imports,
            "later": self.later,
        }


def _groups(project: Project) -> list[list[str]]:
    groups: list[list[str]] = []
    size = 0
    for path, content in project.files.items():
        if groups and size + len(content) <= project.group:
            groups[-1].append(path)
            size += len(content)
        else:
            groups.append([path])
            size = len(content)
    return groups


class Gate:
    """A store whose ranges wait until the gate opens, and that can be made to fail."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self.url = store.url
        self.opened = threading.Event()
        self.asked = threading.Semaphore(0)  # released once for each request that came
        self.requests: list[tuple[int, int]] = []
        self.failures: list[Exception] = []  # raised by the next requests, in order

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        self.requests.append((start, length))
        failure = self.failures.pop(0) if self.failures else None
        self.asked.release()
        self.opened.wait(30)
        if failure is not None:
            raise failure
        yield from self.store.stream_range(key, start=start, length=length)


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def content(environment: Environment, number: int) -> bytes:
    return Path(environment.destination(number)).read_bytes()


def totals(transfer: Transfer, environment: Environment) -> dict[str, Any]:
    return transfer.statistics.numbers()[str(environment.path)]


SMALL = Project("small", {f"small/m{i}.py": f"x = {i}\n".encode() * 50 for i in range(20)} | {"small/empty.py": b""})
