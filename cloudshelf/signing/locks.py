"""A lock's pins under required signatures: a signed head has to name what a lock has of a project.

A lock holds digests, so nobody changes what it means. But who made it may have put any digest in, and who may write to
a shelf any object there: a notebook that somebody sent could bring what no curator ever published. Heads are read for
that, once for each lock on a machine: what was checked is remembered, and then a start asks nothing, as without
signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..codecs.names import sha256
from ..errors import ObjectMissing, PinUnsigned, ShelfError
from ..layers import Layers
from ..model import Head, Lock, Pin, Release
from ..parallel import Task, map_parallel, spread
from ..repository import PARALLEL, Repository, own_folder
from .pins import Pins


def check_pins(shelf: Repository | Layers, lock: Lock, pins: Pins, cache: Path | None) -> None:
    """Raises PinUnsigned for a pin that no signed head names, and as ``Repository.head``.

    ``cache`` is the folder of the user's cache, in which is remembered that it was checked; None to check in any case.
    """
    mark = _mark(lock, pins, own_folder(cache))
    if mark is not None and mark.exists():
        return
    ahead: list[Task] = [(_read, shelf.release_at, pin.project, pin.version, pin.release) for pin in lock.pins]
    ahead += [(_read, shelf.find_manifest, pin.project, pin.manifest, pin.shelf) for pin in lock.pins]
    ahead += [(_read, shelf.head, pin.project) for pin in lock.pins]
    ahead += [(_read, read) for repository in shelf.parts for read in repository.needed_for_heads()]
    spread(ahead, PARALLEL, ignoring=ShelfError)
    map_parallel(lambda pin: _check_pin(shelf.holder(pin.project), pin), lock.pins, PARALLEL)
    if mark is not None:
        with suppress(OSError):
            mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            mark.touch(0o600)


def _check_pin(repository: Repository, pin: Pin) -> None:
    """Mostly the present head names it; else one before it did, which that one names by its digest."""
    head: Head | None = repository.head(pin.project)
    while head is not None:
        entry = head.versions.get(pin.version) or repository.versions_of(head).get(pin.version)
        if entry is not None and _has(repository, pin, entry.release):
            return
        head = repository.earlier(pin.project, head.seq - 1, head.prev) if head.prev else None
    raise PinUnsigned(pin.project, pin.version, repository.url)


def _has(repository: Repository, pin: Pin, release: str) -> bool:
    """Whether that release has the pin's wheel, with the pin's manifest."""
    try:
        found: Release = repository.release_at(pin.project, pin.version, release)
    except ObjectMissing:
        return False
    return any(
        wheel.sha256 == pin.sha256 and any(tree.manifest == pin.manifest for tree in wheel.trees.values())
        for wheel in found.wheels
    )


def _mark(lock: Lock, pins: Pins, cache: Path | None) -> Path | None:
    """The file that says that these pins were found signed, as these settings want it."""
    if cache is None:
        return None
    rows = sorted((lock.shelf, p.shelf, p.project, p.version, p.sha256, p.manifest) for p in lock.pins)
    return cache / "trust" / "locks" / sha256(repr((pins.name, rows)).encode())


def _read(read: Callable[..., object], *args: object) -> tuple[Task, ...]:
    """Read ahead: who needs it is told what failed."""
    read(*args)
    return ()
