"""``cache verify``: everything in a cache beside what it should be. Every edit in place is found, whatever it is.

Objects and blobs are named by their digest, a copy of the engine by that of its files, and an environment by what it
was made from (environment/audit.py). Nothing is changed but by ``repair``.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .cache.lower_cache import BLOBS, OBJECTS, lower_mode
from .codecs.lock import parse_lock
from .codecs.names import is_sha256
from .environment.audit import Audit, Edit, digest_of
from .environment.build import build_again
from .environment.bytecode import is_bytecode_of
from .environment.engine import PACKAGE, digest_of_files, engine_digest, engine_files
from .environment.index import PRIVATE
from .environment.interpreter import Interpreter, describe_interpreter
from .environment.place import FLAT, identity
from .environment.prune import environment_folders, flat_folders, remove_unused
from .environment.writing import UNFINISHED, disk_errors, temporary_sibling
from .errors import CacheUnusable, ShelfError, StoreError
from .model import Lock, Manifest
from .mount.flat import identity as identity_of_flat
from .mount.flat_check import flat_edits


class Finding(NamedTuple):
    path: str
    what: str
    repaired: bool


class Unchecked(NamedTuple):
    """What could not be compared; ``failed`` where that is an outage, and not simply no business of this check."""

    path: str
    why: str
    failed: bool


class Report(NamedTuple):
    """``files`` were read."""

    files: int
    findings: list[Finding]
    unchecked: list[Unchecked]


class CacheCheck:
    """One check of one cache. ``manifests`` are those of a lock, verified; ``told`` is called at each file."""

    def __init__(
        self, cache: Path, manifests: Callable[[Lock], Sequence[Manifest]], told: Callable[[], None], *, repair: bool
    ) -> None:
        self._cache = cache
        self._manifests = manifests
        self._told = told
        self._repair = repair
        self._files = 0
        self._findings: list[Finding] = []
        self._unchecked: list[Unchecked] = []

    def run(self) -> Report:
        for part in (OBJECTS, BLOBS):
            for edit in self._named_edits(part):
                self._found(edit, edit.path.unlink)
        for engine in _folders(self._cache / "engine"):
            self._check_engine(engine)
        for path in environment_folders(self._cache):
            self._check_environment(path)
        for path in flat_folders(self._cache):
            self._check_flat(path)
        for path in self._linked_elsewhere():
            self._found(Edit(path, "another name for it is outside of the cache"), partial(_copy_apart, path))
        return Report(self._files, self._findings, self._unchecked)

    def _read(self) -> None:
        self._files += 1
        self._told()

    def _found(self, edit: Edit, mend: Callable[[], object]) -> None:
        if self._repair:
            with disk_errors(edit.path):
                mend()
        self._findings.append(Finding(str(edit.path), edit.what, self._repair))

    def _named_edits(self, part: str) -> Iterator[Edit]:
        """What is not named by its digest, or not ours alone to write."""
        for folder in _folders(self._cache / part):
            if (part, folder.name) == (BLOBS, "tmp"):
                continue
            for path in sorted(folder.iterdir()):
                if path.name.startswith("."):  # on its way
                    continue
                digest, _, mode = path.name.partition("-")
                status = path.lstat()
                if not is_sha256(digest) or digest[:2] != folder.name:
                    yield Edit(path, "it was added")
                elif not stat.S_ISREG(status.st_mode):
                    yield Edit(path, "it is no file")
                elif status.st_uid not in (os.geteuid(), 0):
                    yield Edit(path, f"user {status.st_uid} owns it")
                elif not _is_mode(stat.S_IMODE(status.st_mode), mode):
                    yield Edit(path, f"its mode was changed to {stat.S_IMODE(status.st_mode):o}")
                else:
                    self._read()
                    if digest_of(path) != digest:
                        yield Edit(path, "its content was changed")

    def _check_engine(self, engine: Path) -> None:
        """A copy of the engine, which every start of an environment executes."""
        root = engine / PACKAGE
        files = [path for path in sorted(engine.rglob("*")) if path.is_symlink() or not path.is_dir()]
        files = [path for path in files if not path.name.startswith(UNFINISHED)]  # on its way, or left by a kill
        names = {path: path.relative_to(root).as_posix() for path in files if path.is_relative_to(root)}
        sources = {name: path for path, name in names.items() if not path.is_symlink() and path.suffix == ".py"}
        order = ["__init__.py", "errors.py", *sorted(name for name in sources if name.startswith("importing/"))]
        contents = {name: sources[name].read_bytes() for name in order if name in sources}
        is_own = engine.name == engine_digest()
        made = engine_files() if is_own else contents
        if not is_own and digest_of_files(contents) != engine.name:
            self._found(Edit(engine, "a file of it was changed, or is missing"), partial(shutil.rmtree, engine))
            return
        for name, content in made.items():
            if contents.get(name) != content:
                what = "its content was changed" if root / name in names else "it is missing"
                self._found(Edit(root / name, what), partial(_write_whole, root / name, content))
        for path in files:
            self._read()
            if _is_of_other_python(path):
                self._unchecked.append(Unchecked(str(path), "it is bytecode of another Python", False))
            elif names.get(path) not in made and not is_bytecode_of(path):
                self._found(Edit(path, "its content was changed, or it was added"), path.unlink)

    def _check_environment(self, path: Path) -> None:
        try:
            lock = parse_lock((path / PRIVATE / "lock.toml").read_text(), "the environment's lock")
            interpreter = self._interpreter_of(lock, path)
        except (OSError, ValueError, ShelfError):
            interpreter = None
        if interpreter is None:
            if not self._is_of_other_version(path):
                self._found_unknown(path)
            return
        again = temporary_sibling(path)
        try:
            index = build_again(path, again, lock, self._manifests(lock), interpreter)
            audit = Audit(path, again, index, self._read)
            edits = list(audit.edits())
            for edit in edits:
                self._found(edit, partial(audit.repair, edit))
            if edits and self._repair:
                audit.seal_again()
        except (StoreError, CacheUnusable) as error:
            self._unchecked.append(Unchecked(str(path), str(error), True))
        finally:
            shutil.rmtree(again, ignore_errors=True)

    def _check_flat(self, path: Path) -> None:
        """What was read through a drive; one in which anything was changed is removed as a whole, and comes again."""
        try:
            lock = parse_lock((path / PRIVATE / "lock.toml").read_text(), "the environment's lock")
            if identity_of_flat(lock) != path.name:
                raise ValueError(path.name)
        except (OSError, ValueError, ShelfError):
            self._found_unknown(path)
            return
        try:
            [manifest] = self._manifests(lock)
        except StoreError as error:
            self._unchecked.append(Unchecked(str(path), str(error), True))
            return
        edits = list(flat_edits(path, lock, manifest, self._read))
        removed = bool(edits) and self._repair and remove_unused(path)
        self._findings += [Finding(str(edit.path), edit.what, removed) for edit in edits]

    def _interpreter_of(self, lock: Lock, path: Path) -> Interpreter | None:
        """The interpreter with which the lock makes an environment of that name; None where none does."""
        own = describe_interpreter()
        if identity(lock, own) == _identity_in(path):
            return own
        settings = (path / "pyvenv.cfg").read_text()
        named = next((line[13:] for line in settings.splitlines() if line.startswith("executable = ")), "")
        if lock.tag == own.cache_tag or not os.access(named, os.X_OK):
            return None
        other = describe_interpreter(named)
        return other if identity(lock, other) == _identity_in(path) else None

    def _is_of_other_version(self, path: Path) -> bool:
        """Whether another cloudshelf made it, from just this lock: then it is not comparable, and not damaged."""
        try:
            lock = parse_lock((path / PRIVATE / "lock.toml").read_text(), "the environment's lock")
        except (OSError, ValueError, ShelfError):
            return False
        engines = [engine.name for engine in _folders(self._cache / "engine")]
        if any(identity(lock, describe_interpreter(), engine) == _identity_in(path) for engine in engines):
            why = "another cloudshelf made it; it goes with: cloudshelf cache prune"
            self._unchecked.append(Unchecked(str(path), why, False))
            return True
        return False

    def _found_unknown(self, path: Path) -> None:
        removed = self._repair and remove_unused(path)
        stays = "; it is in use, and stays" if self._repair and not removed else ""
        what = f"it is not made from the lock that it has, or that was changed{stays}"
        self._findings.append(Finding(str(path), what, removed))

    def _linked_elsewhere(self) -> Iterator[Path]:
        """Files of which not every name is in the cache: through another one their content can be changed."""
        names: dict[tuple[int, int], list[Path]] = defaultdict(list)
        counts: dict[tuple[int, int], int] = {}
        for part in (OBJECTS, BLOBS, "environments", FLAT, "engine"):
            for parent, _, files in os.walk(self._cache / part):
                for file in files:
                    path = Path(parent, file)
                    try:
                        status = path.lstat()
                    except OSError:
                        continue
                    if status.st_nlink > 1:
                        names[status.st_dev, status.st_ino].append(path)
                        counts[status.st_dev, status.st_ino] = status.st_nlink
        for key, paths in names.items():
            if len(paths) < counts[key]:
                yield from paths


def _identity_in(path: Path) -> str:
    """What an environment's name says: a number follows where something had written into the one before."""
    return path.name.partition("-")[0]


def _is_mode(found: int, named: str) -> bool:
    """Whether an entry has the mode in its name (an object has none there), or what that is in a lower cache."""
    if not named:
        return not found & 0o022
    return named.isdecimal() and found in (int(named, 8), lower_mode(int(named, 8)))


def _write_whole(path: Path, content: bytes) -> None:
    temporary = temporary_sibling(path)
    temporary.write_bytes(content)
    temporary.rename(path)


def _copy_apart(path: Path) -> None:
    """The same file, with no other name."""
    temporary = temporary_sibling(path)
    shutil.copy2(path, temporary)
    temporary.rename(path)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_of_other_python(path: Path) -> bool:
    return path.suffix == ".pyc" and f".{sys.implementation.cache_tag}." not in path.name
