"""A folder as it lies on this disk, to be shelved as it is: any language's tool, a library with headers, a data set.

Nothing is copied: ``root`` of the tree has a link where the folder belongs, and the packer reads through that. So the
folder must not change meanwhile, and ``PlainTree.check_unchanged`` says whether it did.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..codecs.elf import is_elf, needed
from ..codecs.names import sha256
from ..codecs.pack import LARGE
from ..errors import TreeInvalid
from ..importing.links import follow
from ..model import Kind
from ..threads import Threads
from .archive import Limits
from .kinds import INLINE_LIMIT
from .pkgconfig import relocatable
from .tree import TreeFile

_CHUNK = 1 << 20
_LONGEST = 1024  # bytes of a path in the tree; Linux takes 4,096 with what the environment's folder is called
_LATEST = (1 << 36) - 1  # seconds; codecs/manifest.py takes no later time
_YOUNG = 1_000_000_000  # nanoseconds: a file that changed so shortly before it was read may change again in one tick
_SPECIAL = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_MEANWHILE = "while it was published; publish again when nothing writes there"
_MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine of the ELF header (System V gABI)


@dataclass(slots=True)
class PlainTree:
    """What is in ``folder``; paths are relative to it."""

    folder: Path
    files: dict[str, TreeFile]
    links: dict[str, str]
    empty: tuple[str, ...]  # folders with nothing in them
    rewritten: dict[str, bytes]  # content that is shelved in place of a file's own
    machines: frozenset[str]  # that ELF files are for: "x86_64"; a number for one that we do not know
    remarks: tuple[str, ...]
    begun: int  # when it was listed, in nanoseconds
    states: dict[str, tuple[int, ...]]  # of every file, folder and link

    def executables(self) -> Iterator[str]:
        """Files that can be run, and links to them, sorted."""
        for path in sorted([*self.files, *self.links]):
            file = self.files.get(follow(path, self.links.get) or "")
            if file is not None and file.mode & 0o111:
                yield path

    def check_unchanged(self) -> None:
        """Raises TreeInvalid, naming the first of what is not as it was when it was read.

        A file's own time of change tells (stat(2), st_ctim), which no program can set; what changed just before it was
        read is read again, for that time moves in ticks.
        """
        now = {path: state for path, state, _ in _listed(self.folder)}
        for path in sorted(now.keys() | self.states.keys()):
            if now.get(path) != self.states.get(path):
                how = "it came" if path not in self.states else "it went away" if path not in now else "it changed"
                raise TreeInvalid(path, f"{how} {_MEANWHILE}")
        for path, file in self.files.items():
            is_young = self.states[path][-1] > self.begun - _YOUNG
            if is_young and _read(self.folder, path).digest != file.digest:
                raise TreeInvalid(path, f"it changed {_MEANWHILE}")


def read_folder(
    folder: Path, *, limits: Limits | None = None, progress: Callable[[int], object] = lambda n: None
) -> PlainTree:
    """What is in ``folder``, each file's bytes read once. ``progress`` gets how many were.

    Raises TreeInvalid for what no environment could hold: devices, links that lead out, names that are not UTF-8.
    """
    if not folder.is_dir():
        raise TreeInvalid(str(folder), "it is no folder" if folder.exists() else "there is no such folder")
    begun, most = time.time_ns(), (limits or Limits()).entries
    tree = PlainTree(folder, {}, {}, (), {}, frozenset(), (), begun, {})
    modes: dict[str, int] = {}
    folders: set[str] = set()
    for path, state, entry in _listed(folder):
        _check_name(path)
        tree.states[path] = state
        if stat.S_ISDIR(state[0]):
            folders.add(path)
        elif stat.S_ISLNK(state[0]):
            tree.links[path] = os.readlink(entry)  # noqa: PTH115  (pathlib would write it anew)
        elif stat.S_ISREG(state[0]):
            modes[path] = state[0]
        else:
            raise TreeInvalid(path, f"it is {_SPECIAL.get(stat.S_IFMT(state[0]), 'no file')}, which has no content")
        if len(tree.states) > most:
            raise TreeInvalid(str(folder), f"it has more than {most:,} entries; shelve its parts")
    if not modes:
        raise TreeInvalid(str(folder), "there is no file in it")
    _check_links(tree.links)
    filled = {path.rpartition("/")[0] for path in tree.states}
    tree.empty = tuple(sorted(folders - filled))
    _read_all(tree, modes, progress)
    tree.remarks = tuple(_remarks(tree, modes))
    return tree


@dataclass(slots=True)
class _Content:
    digest: str
    size: int
    machine: str = ""  # of an ELF file
    needs: tuple[str, ...] = ()
    rewritten: bytes | None = None


def _listed(folder: Path) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """(path, its state, where it is) of all in ``folder``, folder by folder; links are not followed."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(f"{folder}/{inside}") as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                path = f"{inside}/{entry.name}" if inside else entry.name
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                    yield path, (status.st_mode,), entry.path
                else:
                    times = status.st_mtime_ns, status.st_ctime_ns
                    yield path, (status.st_mode, status.st_ino, status.st_size, *times), entry.path
        except OSError as error:
            raise TreeInvalid(inside or str(folder), f"it cannot be read ({error.strerror})") from None


def _check_name(path: str) -> None:
    """Odd names are kept as they are: a newline, a quote, a dash at the front. They travel as UTF-8."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        raise TreeInvalid(path, "its name is not UTF-8; give it another") from None
    if size > _LONGEST:
        raise TreeInvalid(f"{path[:80]}…", f"its path is longer than {_LONGEST:,} bytes")


def _check_links(links: dict[str, str]) -> None:
    for path, target in links.items():
        try:
            target.encode()
        except UnicodeEncodeError:
            raise TreeInvalid(path, "it links to a name that is not UTF-8") from None
        if target.startswith("/"):
            raise TreeInvalid(path, f"it links to {target!r}, which is absolute; link to it from where it is: ln -sr")
        if follow(path, links.get) is None:
            raise TreeInvalid(path, f"it links to {target!r}, which leads out of the folder")


def _read_all(tree: PlainTree, modes: dict[str, int], progress: Callable[[int], object]) -> None:
    """Small files in this thread, large ones beside it."""
    machines = set()
    with Threads("cloudshelf-read") as threads:
        large = {path: threads.submit(_read, tree.folder, path) for path in modes if tree.states[path][2] > LARGE}
        for number, (path, mode) in enumerate(modes.items()):
            found = large[path].result() if path in large else _read(tree.folder, path)
            kind = Kind.LIBRARY if found.machine else Kind.DATA
            if found.rewritten is not None:
                tree.rewritten[path], kind = found.rewritten, Kind.INLINE
            machines |= {found.machine} - {""}
            mtime = min(max(tree.states[path][3] // 1_000_000_000, 0), _LATEST)
            allowed = mode & 0o777 | 0o400
            tree.files[path] = TreeFile(path, found.size, allowed, mtime, found.digest, kind, found.needs)
            if not number % 1000:
                progress(number)
    tree.machines = frozenset(machines)


def _read(folder: Path, path: str) -> _Content:
    """Raises TreeInvalid for a file that cannot be read."""
    try:
        with open(os.open(f"{folder}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as stream:
            start = stream.read(_CHUNK)
            if len(start) < _CHUNK and not is_elf(start):
                return _describe(path, start + stream.readall())
            hash_, size = hashlib.sha256(start), len(start)
            while data := stream.read(_CHUNK):
                hash_.update(data)
                size += len(data)
            if not is_elf(start):
                return _Content(hash_.hexdigest(), size)
            stream.seek(0)
            return _Content(hash_.hexdigest(), size, _machine(start), needed(io.BufferedReader(stream)))
    except OSError as error:
        raise TreeInvalid(path, f"it cannot be read ({error.strerror})") from None


def _describe(path: str, content: bytes) -> _Content:
    changed = relocatable(content, path) if path.endswith(".pc") and len(content) <= INLINE_LIMIT else None
    content = content if changed is None else changed
    return _Content(sha256(content), len(content), rewritten=changed)


def _machine(start: bytes) -> str:
    number = int.from_bytes(start[18:20], "big" if start[5:6] == b"\x02" else "little")
    return _MACHINES.get(number, str(number))


def _remarks(tree: PlainTree, modes: dict[str, int]) -> Iterator[str]:
    special = sorted(path for path, mode in modes.items() if mode & (stat.S_ISUID | stat.S_ISGID))
    if special:
        yield f"{_named(special)} will not run as another user: setuid and setgid were dropped"
    if tree.rewritten:
        yield f"{_named(sorted(tree.rewritten))} got a prefix that moves with the folder"


def _named(paths: Sequence[str]) -> str:
    """The first by its name; how many more."""
    first = paths[0] if paths[0].isprintable() else repr(paths[0])
    return first + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
