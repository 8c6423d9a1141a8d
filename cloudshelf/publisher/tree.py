"""A wheel becomes its installed tree in a folder: ``site/``, ``scripts/``, ``data/`` and ``headers/<project>/``.

``installer`` (pypa) does what PEP 427 says about spreading; the destination is ours. Scripts of Python begin with
``#!python``, which the reader replaces by its own interpreter.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import mmap
import os
import posixpath
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from installer import install
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import RecordEntry
from installer.scripts import Script
from installer.utils import Scheme

from ..codecs.elf import is_elf, needed
from ..codecs.names import sha256
from ..codecs.pack import LARGE
from ..codecs.wheel import Metadata, extension_name, importable_modules, parse_entry_points
from ..errors import WheelInvalid
from ..model import Kind
from ..threads import Threads
from .archive import Limits, entry_time, open_wheel
from .entry import CheckedEntry
from .kinds import kind_of
from .places import check_places, find_startup

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

PYTHON = b"#!python\n"  # PEP 427: "to be rewritten by the installer"
_CHUNK = 1 << 20
_NAMESPACE_MARKS = (b"extend_path", b"declare_namespace")
_NAMESPACE_LIMIT = 2048  # bytes: an ``__init__`` that only declares a namespace is short


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of the tree: what the manifest will say, before it has a place in a pack."""

    path: str  # with its scheme
    size: int
    mode: int
    mtime: int
    digest: str
    kind: Kind
    needs: tuple[str, ...] = ()  # ELF NEEDED names


@dataclass(slots=True)
class InstalledTree:
    """A wheel, unpacked in ``root``, or a plain tree. ``files`` grows when bytecode and RECORD are added."""

    root: Path
    wheel: str
    metadata: Metadata
    dist_info: str
    time: int  # of files that installing makes
    files: dict[str, TreeFile] = field(default_factory=dict)
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)  # source → names, as compiling.py writes them
    later: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the same of what functions in it import
    modules: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    startup: tuple[str, ...] = ()  # ``.pth`` files with code that every start of Python runs
    links: dict[str, str] = field(default_factory=dict)  # symbolic links of a plain tree: path → target
    rewritten: dict[str, bytes] = field(default_factory=dict)  # content in place of what ``root`` has; inline files

    def add(self, path: str, content: bytes) -> None:
        """Write a file that installing makes, or replace one."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        mode = 0o755 if path.startswith("scripts/") else 0o644
        target.chmod(mode)
        os.utime(target, (self.time, self.time))
        kind = kind_of(path, len(content))
        self.files[path] = TreeFile(path, len(content), mode, self.time, sha256(content), kind)


def unpack_wheel(
    path: Path, root: Path, *, limits: Limits | None = None, landed: Callable[[Path, str, int], None] | None = None
) -> InstalledTree:
    """The installed tree of the wheel at ``path``, written below the empty folder ``root``.

    ``landed`` gets ``root``, path and size of each large file that is there and was checked, in any thread. RECORD is
    not in the tree yet (``write_record``), because bytecode comes first. Raises WheelInvalid; no thread is left then.
    """
    with open_wheel(path, limits or Limits()) as archive, Threads("cloudshelf-unpack") as threads:
        tree = InstalledTree(root, archive.filename, archive.metadata, archive.dist_info_dir, archive.newest)
        if "entry_points.txt" in archive.dist_info_filenames:  # better words than installer's assertions
            parse_entry_points(archive.read_dist_info("entry_points.txt"), archive.filename)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # __pycache__ in wheels is skipped, ours is compiled here
                install(archive, _Destination(tree, threads, landed), {"INSTALLER": b"cloudshelf\n"})
        except (InstallerError, ConfigError, ValueError, AssertionError, KeyError) as error:
            raise WheelInvalid(archive.filename, str(error) or type(error).__name__) from None
    check_places(tree.files, tree.metadata.project, tree.dist_info, tree.wheel)
    tree.startup = find_startup(tree.files, root, tree.wheel)
    tree.modules = _modules(tree)
    tree.scripts = tuple(sorted(p.removeprefix("scripts/") for p in tree.files if p.startswith("scripts/")))
    top_level = f"site/{tree.dist_info}/top_level.txt"
    if top_level not in tree.files:
        names = sorted({module.partition(".")[0] for module in tree.modules})
        tree.add(top_level, "".join(f"{name}\n" for name in names).encode())
    return tree


def write_record(tree: InstalledTree, python: str) -> None:
    """RECORD of the installed tree as pip writes it: relative to site-packages, bytecode without a digest (PEP 627).

    ``python`` is like "3.11": headers go to a folder of that name.
    """
    own = f"site/{tree.dist_info}/RECORD"
    rows = [(f"{tree.dist_info}/RECORD", "", "")]
    for path, file in tree.files.items():
        if path == own:
            continue
        recorded = recorded_path(path, python)
        if "/__pycache__/" in path:
            rows.append((recorded, "", ""))
        else:
            digest = base64.urlsafe_b64encode(bytes.fromhex(file.digest)).decode().rstrip("=")
            rows.append((recorded, f"sha256={digest}", str(file.size)))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    tree.add(own, text.getvalue().encode())


def recorded_path(path: str, python: str) -> str:
    """Where a file of a scheme lies from site-packages of a virtual environment: ``../../../bin/f2py``."""
    scheme, _, rest = path.partition("/")
    if scheme == "site":
        return rest
    folder = {"scripts": "bin/", "data": "", "headers": f"include/site/python{python}/"}[scheme]
    return f"../../../{folder}{rest}"


def describe_file(root: Path, path: str, *, digest: str, size: int, executable: bool, mtime: int) -> TreeFile:
    """The row of a file that stands in ``root``: its kind, and what it needs when it is ELF."""
    target = root / path
    with target.open("rb") as stream:
        elf = is_elf(stream.read(4))
        needs: tuple[str, ...] = ()
        if elf:
            stream.seek(0)
            needs = needed(stream)
    module = elf and _has_module(target, extension_name(target.name))
    kind = kind_of(path, size, elf=elf, module=module)
    return TreeFile(path, size, 0o755 if executable else 0o644, mtime, digest, kind, needs)


class _Destination(WheelDestination):
    """Where ``installer`` writes: hashes while it copies, refuses what is there already."""

    def __init__(self, tree: InstalledTree, threads: Threads, landed: Callable[[Path, str, int], None] | None) -> None:
        self._tree, self._threads, self._landed = tree, threads, landed
        self._files: dict[str, TreeFile | Future[TreeFile]] = {}  # in the order of the wheel

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        filename, content = Script(name, module, attr, section).generate("python", "posix")
        return self._write("scripts", filename, io.BytesIO(content), executable=True, mtime=self._tree.time)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        mtime, large = self._tree.time, False
        if isinstance(stream, CheckedEntry):
            mtime, large = entry_time(stream.entry), stream.entry.file_size > LARGE
        relative = os.fspath(path)
        if scheme == "scripts":
            stream, is_executable = _with_our_shebang(stream), True
            if f"scripts/{relative}" in self._files:  # as pip: the entry point's script wins over a shipped one
                return RecordEntry(relative, None, len(stream.read()))
        elif scheme == "headers":
            relative = f"{self._tree.metadata.project}/{relative}"
        folder = "site" if scheme in ("purelib", "platlib") else scheme
        return self._write(folder, relative, stream, executable=is_executable, mtime=mtime, large=large)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        for _ in records:  # a generator in some versions; RECORD itself is written after the bytecode
            pass
        for path, file in self._files.items():
            self._tree.files[path] = file.result() if isinstance(file, Future) else file

    def _write(
        self, folder: str, relative: str, stream: BinaryIO, *, executable: bool, mtime: int, large: bool = False
    ) -> RecordEntry:
        tree, path = self._tree, f"{folder}/{relative}"
        if posixpath.normpath(path) != path or not path.startswith(f"{folder}/"):
            raise WheelInvalid(tree.wheel, f"{relative!r} leaves its folder")
        before = self._files.get(path)
        if before is not None and not relative.endswith(".dist-info/INSTALLER"):
            raise WheelInvalid(tree.wheel, f"{path} would be written twice")
        if isinstance(before, Future):
            before.result()  # else the two would write at once
        try:
            (tree.root / path).parent.mkdir(parents=True, exist_ok=True)
            if large:
                self._files[path] = self._threads.submit(self._write_large, path, stream, executable, mtime)
            else:
                self._files[path] = _write_file(tree.root, path, stream, executable=executable, mtime=mtime)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):  # by way of the .data folder
            raise WheelInvalid(tree.wheel, f"{path} is a file and a folder, or lies in a file") from None
        return RecordEntry(relative, None, None)  # RECORD is ours, and made of the tree

    def _write_large(self, path: str, stream: BinaryIO, executable: bool, mtime: int) -> TreeFile:
        file = _write_file(self._tree.root, path, stream, executable=executable, mtime=mtime)
        if self._landed is not None:
            self._landed(self._tree.root, path, file.size)
        return file


def _write_file(root: Path, path: str, stream: BinaryIO, *, executable: bool, mtime: int) -> TreeFile:
    target = root / path
    digest, size = _copy(stream, target)
    target.chmod(0o755 if executable else 0o644)
    os.utime(target, (mtime, mtime))
    return describe_file(root, path, digest=digest, size=size, executable=executable, mtime=mtime)


def _copy(stream: BinaryIO, target: Path) -> tuple[str, int]:
    """The sha256 and the size of what is at ``target`` now."""
    hashed = stream.sha256 if isinstance(stream, CheckedEntry) else None
    hash_, size = hashed or hashlib.sha256(), 0
    with target.open("wb") as output:
        while data := stream.read(_CHUNK):
            if hashed is None:
                hash_.update(data)
            size += output.write(data)
    return hash_.hexdigest(), size


def _with_our_shebang(stream: BinaryIO) -> BinaryIO:
    """Only a script that begins with ``#!python`` is rewritten (PEP 427); other scripts and binaries stay as they are.

    The first bytes are read apart and put back, so that a binary of 50 MB is not held.
    """
    start = stream.read(len(PYTHON) - 1)
    if start != PYTHON.rstrip():
        return cast(BinaryIO, _Chained(start, stream))
    content = stream.read()
    return io.BytesIO(PYTHON + content.partition(b"\n")[2])


class _Chained:
    """``start``, then what ``stream`` still has."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self._start, self._stream = start, stream

    def read(self, size: int = -1) -> bytes:
        start, self._start = self._start, b""
        return start or self._stream.read(size)


def _has_module(path: Path, name: str) -> bool:
    """Whether a native file has the initialization function ``PyInit_<name>`` that importing it calls (PEP 489)."""
    if not name:
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"PyInit_" + name.encode() + b"\0") >= 0


def _modules(tree: InstalledTree) -> tuple[str, ...]:
    """Top-level modules; a native file counts only when it can be imported."""
    paths = [
        path.removeprefix("site/")
        for path, file in tree.files.items()
        if path.startswith("site/") and (path.endswith(".py") or _is_importable(tree, file))
    ]
    return importable_modules(paths, _declared_namespaces(tree, paths))


def _is_importable(tree: InstalledTree, file: TreeFile) -> bool:
    if file.kind is Kind.EXTENSION:
        return True
    return file.kind is Kind.IDLE and _has_module(tree.root / file.path, extension_name(Path(file.path).name))


def _declared_namespaces(tree: InstalledTree, paths: Sequence[str]) -> frozenset[str]:
    found = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name == "__init__.py" and tree.files[f"site/{path}"].size <= _NAMESPACE_LIMIT:
            content = (tree.root / "site" / path).read_bytes()
            if any(mark in content for mark in _NAMESPACE_MARKS):
                found.add(folder)
    return frozenset(found)
