"""Where the environment of a lock is: a folder named by all that it is made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..importing.paths import private_folder
from ..model import Lock
from .engine import engine_digest
from .index import LAYOUT, PRIVATE
from .interpreter import Interpreter
from .seal import alterations, is_altered

FLAT = "flat"  # the folder of a cache with what was read through a drive (mount/flat.py)


def path_of(lock: Lock, cache: Path, interpreter: Interpreter) -> Path:
    """Where the environment of ``lock`` is, or will be: past each that something else has installed into.

    Those stay for the processes that use them, and go with ``prune``.
    """
    first = Path(private_folder(str(cache.absolute()))).resolve() / "environments" / identity(lock, interpreter)
    path, number = first, 0
    while is_altered(path):
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def altered_before(environment: Path) -> str:
    """Why an environment was built although there was one of its lock: something wrote into that; else ""."""
    name, _, number = environment.name.partition("-")
    before = environment.with_name(name if number == "1" else f"{name}-{int(number or 0) - 1}")
    what = alterations(before) if number else []
    if not what:
        return ""
    return (
        f"Something else than cloudshelf wrote into {before} ({', '.join(what)}), so it is not what its lock says any "
        "more. A new one was made; the other goes with: cloudshelf cache prune"
    )


def identity(lock: Lock, interpreter: Interpreter, engine: str = "") -> str:
    """The name of an environment: equal for equal locks, whatever the order of their requirements.

    ``engine`` is the digest of the engine that it uses, by default of the one that this process would copy.
    """
    facts = [
        str(LAYOUT),
        interpreter.executable,
        interpreter.soabi,
        interpreter.version,
        engine or engine_digest(),
        lock.shelf,
        *sorted(f"{pin.project} {pin.sha256} {pin.manifest} {pin.shelf}".rstrip() for pin in lock.pins),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def is_sound(path: Path) -> bool:
    """Whether an environment is there and its own parts are: index, presence, seal, a python that exists."""
    private = path / PRIVATE
    parts = (private / "index", private / "presence", private / "seal", path / "bin" / "python")
    return all(part.exists() for part in parts)
