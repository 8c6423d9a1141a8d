"""A flat environment: the contents of one version that were read through the drive, named by number in one folder.

The numbers are those of the version's manifest, which says the rest, so nothing has to be read to open one. It has what
every environment has that is filled (`fetcher/environments.py`): the presence of each file, and a lock, which names the
manifest and what a block list can be about.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..codecs.lock import format_lock
from ..environment.build import pins_of
from ..environment.index import PRIVATE, frame_columns
from ..environment.place import FLAT
from ..environment.writing import disk_errors, remove_unfinished, temporary_sibling
from ..fetcher.disk import write_file
from ..fetcher.environments import Environment
from ..importing.blocklist import PINS
from ..importing.paths import private_folder
from ..model import Lock, Manifest
from ..stores.protocols import Reader
from .layout import shown

_LAYOUT = 1


def open_flat(lock: Lock, manifest: Manifest, *, cache: Path, store: Reader) -> Environment:
    """The flat environment of the only pin of ``lock``, whose manifest this is; built if it is not there.

    Raises CacheUnusable, DiskFull; nothing is left behind then.
    """
    folder = Path(private_folder(str(cache.absolute()))).resolve() / FLAT
    path = folder / identity(lock)
    with disk_errors(path):
        folder.mkdir(mode=0o700, exist_ok=True)
        if is_sound(path):
            os.utime(path / PRIVATE / "users")  # prune goes by the time of last use
        else:
            _build(lock, manifest, path)
    return Environment(path, store, index_of(manifest))


def is_sound(path: Path) -> bool:
    """Whether there is a flat environment, and its own parts are."""
    return all((path / PRIVATE / name).exists() for name in ("presence", "users", "lock.toml"))


def identity(lock: Lock) -> str:
    """The name of a flat environment: equal for equal trees of equal shelves."""
    [pin] = lock.pins
    facts = [str(_LAYOUT), lock.shelf, pin.shelf, pin.project, pin.version, pin.sha256, pin.manifest]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def index_of(manifest: Manifest) -> dict[str, Any]:
    """What ``Environment`` reads of an index. Nothing is planned here, so it tells nothing of imports."""
    files = manifest.files
    project = {"name": manifest.project, "version": manifest.version, "start": 0, "stop": len(files), "profile": []}
    return {
        "site": "",
        "paths": list(map(str, range(len(files)))),
        "sizes": [file.size for file in files],
        "modes": [file.mode for file in files],
        "mtimes": [file.mtime for file in files],
        "digests": b"".join(bytes.fromhex(file.digest) for file in files),
        "kinds": "".join(file.kind for file in files),
        **frame_columns([manifest]),
        "folders": {},
        "projects": [project],
        "owner": {},
        "needs": {},
        "imports": {},
    }


def inline_files(manifest: Manifest) -> Mapping[int, bytes]:
    """What is there from the start, by number."""
    return {number: shown(manifest, number) for number, file in enumerate(manifest.files) if file.frame < 0}


def _build(lock: Lock, manifest: Manifest, path: Path) -> None:
    """Under another name first, so that one with its final name is whole."""
    remove_unfinished(path.parent)
    temporary = temporary_sibling(path)
    try:
        _write(lock, manifest, temporary)
        if path.exists():  # damaged
            path.rename(temporary_sibling(path))
        temporary.rename(path)
    except OSError:  # somebody else was faster, which is as good
        if not is_sound(path):
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(lock: Lock, manifest: Manifest, folder: Path) -> None:
    private = folder / PRIVATE
    private.mkdir(mode=0o700, parents=True)
    presence = bytearray(max(1, len(manifest.files)))
    for number, content in inline_files(manifest).items():
        file = manifest.files[number]
        write_file(f"{private}/new", f"{folder}/{number}", content, file.mode, file.mtime)
        presence[number] = 1
    now = int(time.time())
    for name, content in {
        f"{PRIVATE}/users": b"",
        f"{PRIVATE}/lock.toml": format_lock(lock).encode(),
        PINS: pins_of(lock).format().encode(),
        f"{PRIVATE}/presence": bytes(presence),
    }.items():
        write_file(f"{private}/new", f"{folder}/{name}", content, 0o600, now)
