"""Comparing an environment with what it was made from, so that every edit in place of it is found.

Nothing in the folder is believed. Its name is the hash of its lock and its interpreter (``build.identity``); the lock
names manifests by their digests; of these the environment is built once more beside it, and compared file by file.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .bytecode import is_bytecode_of
from .index import PRIVATE
from .seal import seal
from .writing import UNFINISHED

_SPECIAL = [  # what changes while an environment is used, and what is compared by its meaning
    f"{PRIVATE}/{name}"
    for name in ("users", "lock.toml", "config", "presence", "index", "seal", "staging", "shadowed", "filling")
]


class Edit(NamedTuple):
    """Something that is not as it was made."""

    path: Path
    what: str
    number: int = -1  # of the file of a distribution, which can come anew


class Audit:
    """One environment beside the same, built again; ``edits`` reads every file that is in place."""

    def __init__(self, path: Path, again: Path, index: Mapping[str, Any], told: Callable[[], None]) -> None:
        """``again`` is the environment as it should be, without the contents of ``index``; ``told`` at each file."""
        self._path = path
        self._again = again
        self._index = index
        self._told = told
        self._presence = b""

    def edits(self) -> Iterator[Edit]:
        """What was changed, is missing or was added, whatever it is now."""
        self._presence = _read(self._path / PRIVATE / "presence") or b""
        yield from self._private_edits()
        yield from self._edits_below("")

    def repair(self, edit: Edit) -> None:
        """What was added goes; what was changed is as it was made, or comes anew when it is needed. Raises OSError."""
        original = self._again / edit.path.relative_to(self._path)
        if edit.path.is_dir() and not edit.path.is_symlink():
            shutil.rmtree(edit.path)
        else:
            edit.path.unlink(missing_ok=True)
        if os.path.lexists(original):
            temporary = self._path / PRIVATE / "staging" / f"{os.getpid()}.repaired"
            shutil.copy2(original, temporary, follow_symlinks=False)
            temporary.rename(edit.path)
        if edit.number >= 0 and self._is_content(edit.number):
            with open(self._path / PRIVATE / "presence", "r+b", buffering=0) as file:
                os.pwrite(file.fileno(), b"\0", edit.number)

    def seal_again(self) -> None:
        """After all edits were repaired: what was written again is of today. Raises OSError."""
        temporary = self._path / PRIVATE / "staging" / f"{os.getpid()}.sealed"
        temporary.write_text(seal(self._path, self._index["site"]))
        temporary.chmod(0o600)
        temporary.rename(self._path / PRIVATE / "seal")

    def _is_content(self, number: int) -> bool:
        """Whether file ``number`` comes from a pack: the others are written when the environment is built."""
        return bool(self._index["frame"][number] >= 0 and self._index["sizes"][number])

    def _is_in_place(self, number: int) -> bool:
        return number >= 0 and self._is_content(number) and self._presence[number : number + 1] != b"\0"

    def _edits_below(self, place: str) -> Iterator[Edit]:
        made = _entries(self._again / place)
        numbers = {name: n for name, n in self._index["folders"].get(place, {}).items() if n >= 0}
        found = _entries(self._path / place)
        for name, status in found.items():
            path, below = self._path / place / name, f"{place}/{name}".lstrip("/")
            if below in _SPECIAL or below.startswith(f"{PRIVATE}/{UNFINISHED}"):
                continue
            number = numbers.get(name, -1)
            original = made.get(name)
            if status.st_uid != os.geteuid():
                yield Edit(path, f"user {status.st_uid} owns it", number)
            elif number >= 0 and (self._is_in_place(number) or original is None):
                self._told()
                yield from self._content_edits(path, status, number)
            elif original is None and stat.S_ISDIR(status.st_mode) and name == "__pycache__":
                yield from self._edits_below(below)
            elif original is None:
                if not is_bytecode_of(path):  # of a source beside it: Python may write that anywhere
                    yield Edit(path, "it was added")
            elif stat.S_IFMT(original.st_mode) != stat.S_IFMT(status.st_mode):
                yield Edit(path, "something else is in its place")
            elif stat.S_ISDIR(status.st_mode):
                yield from self._edits_below(below)
            elif reason := self._difference(path, status, self._again / place / name, original):
                yield Edit(path, reason, number)
        expected = made.keys() | {name for name, number in numbers.items() if self._is_in_place(number)}
        for name in sorted(expected - found.keys()):
            if f"{place}/{name}" not in _SPECIAL:
                yield Edit(self._path / place / name, "it is missing", numbers.get(name, -1))

    def _content_edits(self, path: Path, status: os.stat_result, number: int) -> Iterator[Edit]:
        if not stat.S_ISREG(status.st_mode):
            yield Edit(path, "something else is in its place", number)
        elif status.st_size != self._index["sizes"][number] or digest_of(path) != self._digest(number):
            yield Edit(path, "its content was changed", number)
        elif stat.S_IMODE(status.st_mode) != self._index["modes"][number]:
            yield Edit(path, f"its mode was changed to {stat.S_IMODE(status.st_mode):o}", number)

    def _digest(self, number: int) -> str:
        digests: bytes = self._index["digests"]
        return digests[32 * number : 32 * number + 32].hex()

    def _difference(self, path: Path, status: os.stat_result, made: Path, original: os.stat_result) -> str:
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(path)  # noqa: PTH115
            return "" if target == os.readlink(made) else f"it leads to {target}"  # noqa: PTH115
        if path.read_bytes() != made.read_bytes():
            return "its content was changed"
        if stat.S_IMODE(status.st_mode) != stat.S_IMODE(original.st_mode):
            return f"its mode was changed to {stat.S_IMODE(status.st_mode):o}"
        return ""

    def _private_edits(self) -> Iterator[Edit]:
        """What the environment knows of itself: its index and its settings are what every start believes."""
        folder, again = self._path / PRIVATE, self._again / PRIVATE
        for place in _SPECIAL:
            path = self._path / place
            if os.path.lexists(path) and (path.lstat().st_uid != os.geteuid() or path.lstat().st_mode & 0o077):
                yield Edit(path, "others than its owner can change it")
        if not _same_value(_read(folder / "index"), _read(again / "index")):
            yield Edit(folder / "index", "its content was changed")
        if len(self._presence) != len(_read(again / "presence") or b"") or self._presence.strip(b"\0\1"):
            yield Edit(folder / "presence", "its content was changed")
        if _sealed(folder / "seal") != _sealed(again / "seal"):
            yield Edit(folder / "seal", "its content was changed")
        if not _is_config(_read(folder / "config"), _read(again / "config") or b"{}"):
            yield Edit(folder / "config", "its content was changed")


def digest_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entries(folder: Path) -> dict[str, os.stat_result]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.stat(follow_symlinks=False) for entry in sorted(entries, key=lambda e: e.name)}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _read(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read()


def _same_value(found: bytes | None, made: bytes | None) -> bool:
    """Whether two texts of ``marshal`` say the same: equal values need not have equal bytes."""
    if found == made or found is None or made is None:
        return found == made
    try:
        return bool(marshal.loads(found) == marshal.loads(made))
    except (ValueError, EOFError, TypeError):
        return False


def _sealed(path: Path) -> dict[str, int] | None:
    """Names and sizes of what an environment had when it was sealed; the times are those of its building."""
    try:
        return {name: size for name, (size, _) in json.loads(_read(path) or b"")["installed"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_config(found: bytes | None, made: bytes) -> bool:
    """Whether settings are those that ``made`` has; the fetcher may be that of another installation."""
    try:
        facts, expected = json.loads(found or b""), json.loads(made)
        python, *words = facts.pop("fetcher")
        expected.pop("fetcher", None)
        status = os.stat(python)  # noqa: PTH116
    except (ValueError, OSError, TypeError, KeyError, AttributeError):
        return False
    is_safe = status.st_uid in (0, os.geteuid()) and not status.st_mode & 0o022
    return bool(facts == expected and words == ["-m", "cloudshelf.fetcher"] and is_safe)
