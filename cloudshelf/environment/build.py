"""A lock becomes a virtual environment that fills itself.

Everything but the contents is on disk from the start: all folders, metadata, scripts, .pth files. It is built under
another name and renamed, so that an environment with its final name is whole; its files name that final path.
"""

from __future__ import annotations

import json
import marshal
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..cache.turn import turn
from ..cache_place import NOEXEC, is_noexec
from ..codecs.lock import format_lock
from ..codecs.tree import tree_folder
from ..errors import CacheUnusable
from ..importing.activate import OWN_PTH
from ..importing.blocklist import PINS, Pins
from ..importing.links import follow
from ..model import Kind, Lock, Manifest
from ..urls import split_urls
from . import variables
from .engine import engine_digest, install_engine
from .forest import facts_of
from .index import PRIVATE, RESERVED, installed_path, make_index
from .interpreter import Interpreter
from .place import is_sound, path_of
from .scripts import activate_scripts, program_of, rewritten, stub
from .seal import seal
from .writing import disk_errors, remove_unfinished, temporary_sibling


def find_environment(lock: Lock, *, cache: Path, interpreter: Interpreter, fetcher: Sequence[str]) -> Path | None:
    """The environment of ``lock`` that is there already; ``fetcher`` is the command that fills it from now on."""
    path = path_of(lock, cache, interpreter)
    if not is_sound(path):
        return None
    _refresh(path, _config(lock, path, fetcher))
    return path


@contextmanager
def turn_to_build(lock: Lock, *, cache: Path, interpreter: Interpreter) -> Iterator[None]:
    """Be the only one that builds the environment of ``lock``, or have waited until another has built it."""
    path = path_of(lock, cache, interpreter)
    with turn(path.parents[1] / "builders" / path.name, lambda: is_sound(path)):
        yield


def build_environment(
    lock: Lock,
    manifests: Sequence[Manifest],
    *,
    cache: Path,
    interpreter: Interpreter,
    fetcher: Sequence[str],
    admit: Callable[[], None] = lambda: None,
) -> Path:
    """The environment of ``lock``; an existing one with the same identity is used again.

    ``manifests`` are those of the lock's pins, in that order. ``fetcher`` is the command that fills it. ``admit`` is
    called before anybody can see it. Raises CacheUnusable, DiskFull, and what ``admit`` does; nothing is left behind
    then.
    """
    found = find_environment(lock, cache=cache, interpreter=interpreter, fetcher=fetcher)
    if found is not None:
        return found
    path = path_of(lock, cache, interpreter)
    _refuse_noexec(path.parents[1], manifests)
    engine = install_engine(path.parents[1], interpreter)
    config = _config(lock, path, fetcher)
    with disk_errors(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        remove_unfinished(path.parent)
        _remove_damaged(path)
        temporary = temporary_sibling(path)
        try:
            _Builder(path, temporary, lock, manifests, interpreter).build(engine, config)
            admit()
            try:
                temporary.rename(path)
            except OSError:  # somebody else was faster, which is as good
                if not is_sound(path):
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return path


def _refuse_noexec(cache: Path, manifests: Sequence[Manifest]) -> None:
    """Where no library can be loaded from (mount(8), noexec), an environment that has some is of no use.

    Raises CacheUnusable: what dlopen says in the middle of an import, nobody understands.
    """
    if any(file.kind in (Kind.EXTENSION, Kind.LIBRARY) for m in manifests for file in m.files) and is_noexec(cache):
        raise CacheUnusable(str(cache), NOEXEC)


def build_again(
    path: Path, temporary: Path, lock: Lock, manifests: Sequence[Manifest], interpreter: Interpreter
) -> dict[str, Any]:
    """Write the environment at ``path`` as it was when it was built into ``temporary``; its index. See audit.py."""
    builder = _Builder(path, temporary, lock, manifests, interpreter)
    builder.build(
        path.parents[1] / "engine" / engine_digest(), _config(lock, path, [sys.executable, "-m", "cloudshelf.fetcher"])
    )
    return builder.index


def _config(lock: Lock, path: Path, fetcher: Sequence[str]) -> dict[str, Any]:
    return {"shelf": lock.shelf, "fetcher": list(fetcher), "cache": str(path.parents[1])}


def pins_of(lock: Lock) -> Pins:
    """What of a lock a block list can be about, and whose lists are asked: those of all its shelves."""
    return Pins(split_urls(lock.shelf), [(pin.project, pin.version, pin.sha256) for pin in lock.pins])


class _Builder:
    """Writes one environment under ``temporary``, for use at ``path``."""

    def __init__(
        self, path: Path, temporary: Path, lock: Lock, manifests: Sequence[Manifest], interpreter: Interpreter
    ) -> None:
        self.path = path
        self.temporary = temporary
        self.lock = lock
        self.manifests = manifests
        self.interpreter = interpreter
        self.index = make_index(lock, manifests, interpreter)
        self.python = f"{path}/bin/python"
        self._files = {number for names in self.index["folders"].values() for number in names.values()}

    def build(self, engine: Path, config: Mapping[str, Any]) -> None:
        self._make_folders()
        presence = self._write_contents()
        self._write_links()
        self._write_top_levels()
        self._write_virtual_environment(engine)
        self._write_private(config, presence)

    def _make_folders(self) -> None:
        self.temporary.mkdir(mode=0o700)
        for folder in sorted(self.index["folders"]):  # a folder sorts before what is in it
            if folder:
                os.mkdir(f"{self.temporary}/{folder}")  # noqa: PTH102  (thousands)

    def _write_contents(self) -> bytearray:
        """Inline and empty files, and stubs for binaries; one byte a file, 1 when it is in place."""
        paths = self.index["paths"]
        presence = bytearray(len(paths))
        there = set()
        for number, content, mode, mtime in self._contents():
            self._write(paths[number], content, mode, mtime)
            there.add(paths[number])
        for number, path in enumerate(paths):
            if path in there:
                presence[number] = 1
            elif path.startswith("bin/") and number in self._files:
                self._write(path, stub(str(self.path), self.python, number), 0o755)
        return presence

    def _contents(self) -> Iterator[tuple[int, bytes, int, int]]:
        number = -1
        for manifest in self.manifests:
            for file in manifest.files:
                number += 1
                if number not in self._files:
                    continue
                if file.frame < 0:
                    content = manifest.inline[file.path]
                    if file.path.startswith("scripts/"):
                        content = rewritten(content, self.python)
                    yield number, content, file.mode, file.mtime
                elif file.size == 0:
                    yield number, b"", file.mode, file.mtime

    def _write(self, path: str, content: bytes | str, mode: int = 0o644, mtime: int | None = None) -> None:
        file = f"{self.temporary}/{path}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(os.open(file, flags, 0o600), "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if mtime is not None:
                os.utime(stream.fileno(), (mtime, mtime))

    def _write_links(self) -> None:
        """Symbolic links of plain trees, and those that show them in ``bin``, ``lib``, …. One that leads out of the
        environment is left, and so is every name that is taken."""
        for manifest in self.manifests:
            links = {installed_path(link, self.interpreter): target for link, target in manifest.links.items()}
            for place, target in links.items():
                if place.partition("/")[0] not in RESERVED and follow(place, links.get) is not None:
                    self._link(place, target)
        for place, target in self.index["forest"].items():
            self._link(place, target)

    def _link(self, place: str, target: str) -> None:
        path = self.temporary / place
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)

    def _write_top_levels(self) -> None:
        """top_level.txt where a wheel has none: else importlib.metadata asks RECORD, which brings the distribution."""
        site = self.index["site"]
        for name, number in self.index["folders"][site].items():
            if number != -1 or not name.endswith(".dist-info"):
                continue
            inside = self.index["folders"][f"{site}/{name}"]
            metadata = inside.get("METADATA", -1)
            project = next((p for p in self.index["projects"] if p["start"] <= metadata < p["stop"]), None)
            if project is not None and "top_level.txt" not in inside:
                names = dict.fromkeys(module.partition(".")[0] for module in project["modules"])
                self._write(f"{site}/{name}/top_level.txt", "".join(f"{n}\n" for n in names))

    def _write_virtual_environment(self, engine: Path) -> None:
        """What ``python -m venv`` writes (PEP 405), and the line that makes it fill itself."""
        interpreter = self.interpreter
        home = os.path.dirname(interpreter.executable)  # noqa: PTH120
        self._write(
            "pyvenv.cfg",
            f"home = {home}\ninclude-system-site-packages = false\nversion = {interpreter.version}\n"
            f"executable = {interpreter.executable}\nprompt = cloudshelf\n",
        )
        os.symlink(interpreter.executable, f"{self.temporary}/bin/python")  # noqa: PTH211
        for name in ("python3", f"python{interpreter.minor}"):
            os.symlink("python", f"{self.temporary}/bin/{name}")  # noqa: PTH211
        os.symlink("lib", f"{self.temporary}/lib64")  # noqa: PTH211
        for name, text in activate_scripts(self.path).items():
            if not os.path.lexists(f"{self.temporary}/bin/{name}"):
                self._write(f"bin/{name}", text)
        (self.temporary / "include").mkdir(exist_ok=True)
        has_pip = any(pin.project == "pip" for pin in self.lock.pins)
        self._write(f"{interpreter.site}/{OWN_PTH}", pth_line(engine, self.path, has_pip=has_pip))

    def _write_private(self, config: Mapping[str, Any], presence: bytearray) -> None:
        (self.temporary / PRIVATE).mkdir(mode=0o700)
        for name in ("staging", "shadowed"):
            (self.temporary / PRIVATE / name).mkdir(mode=0o700)
        self._write(f"{PRIVATE}/users", b"", 0o600)
        self._write(f"{PRIVATE}/python", program_of(self.python), 0o700)
        self._write(f"{PRIVATE}/lock.toml", format_lock(self.lock), 0o600)
        self._write(PINS, pins_of(self.lock).format(), 0o600)
        self._write(variables.FILE, self._variables(), 0o600)
        self._write(f"{PRIVATE}/config", json.dumps(config), 0o600)
        self._write(f"{PRIVATE}/presence", bytes(presence), 0o600)
        self._write(f"{PRIVATE}/seal", seal(self.temporary, self.interpreter.site), 0o600)
        self._write(f"{PRIVATE}/index", marshal.dumps(self.index), 0o600)

    def _variables(self) -> str:
        trees = [tree_folder(manifest.project) for manifest in self.manifests if facts_of(manifest)]
        return variables.find_variables(self.index, self.interpreter.minor, trees)


def pth_line(engine: Path, environment: Path, *, has_pip: bool = False) -> str:
    """One line of code, as ``site`` runs it; the engine's folder does not stay in sys.path."""
    return (
        f"import sys; sys.path.insert(0, {str(engine)!r}); "
        f"from _cloudshelf.importing.activate import activate_or_end; sys.path.remove({str(engine)!r}); "
        f"activate_or_end({str(environment)!r}{', has_pip=True' if has_pip else ''})\n"
    )


def _refresh(path: Path, config: Mapping[str, Any]) -> None:
    """An environment whose fetcher is gone (its installation was removed) gets the one that asks for it now."""
    file = path / PRIVATE / "config"
    try:
        command = json.loads(file.read_text())["fetcher"]
        usable = bool(command) and os.access(command[0], os.X_OK)
    except (OSError, ValueError, TypeError, KeyError):
        usable = False
    with disk_errors(file):
        os.utime(path / PRIVATE / "users")  # prune goes by the time of last use
        if not usable:
            temporary = temporary_sibling(file)
            temporary.write_text(json.dumps(config))
            temporary.rename(file)


def _remove_damaged(path: Path) -> None:
    """What is there and is not sound: out of the way with it. Another process may be building the same just now."""
    if not os.path.lexists(path) or is_sound(path):
        return
    aside = temporary_sibling(path)
    try:
        path.rename(aside)
    except FileNotFoundError:  # somebody else did it
        return
    except OSError as error:
        raise CacheUnusable(str(path), f"it is damaged and cannot be removed ({error.strerror})") from None
    if is_sound(aside):  # it took the damaged one's place between those two looks
        with suppress(OSError):
            aside.rename(path)
            return
    shutil.rmtree(aside, ignore_errors=True)
