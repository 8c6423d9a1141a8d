"""Verbs that begin with a lock: sync, why."""

from __future__ import annotations

import shlex

from ..codecs.lock import format_lock
from ..codecs.names import named_project
from ..config import read_config
from ..difference import parents
from ..errors import AlreadyLoaded, ObjectMissing, ShelfError, ShelfMissing, UsageError
from ..model import Lock
from ..shelf import Shelf
from .common import Args, Progress, Result, lock_name, plain, shelf_of
from .locked import as_of_notes, change_rows, materialize, own_lock, repin, shelf_of_lock
from .variants import read_lock


def sync(args: Args, progress: Progress) -> Result:
    """The environment of exactly the pins of ``lock`` (text). Raises UsageError for one of another Python."""
    if not args.get("lock"):
        raise UsageError("sync needs a lock, such as pylock.toml.")
    from ..environment.interpreter import describe_interpreter

    wanted, here = read_lock(args), describe_interpreter()
    shelf = shelf_of_lock(wanted, args)
    wanted = wanted if wanted.shelf else repin(shelf, wanted)
    _refuse_other_machine(wanted, _lock_again(wanted, args))
    if wanted.tag != here.cache_tag:
        again = f"{_lock_again(wanted, args)} --python {here.minor}"
        raise UsageError(
            f"This lock is for {wanted.tag}; this is Python {here.version} ({here.cache_tag}). One for it: {again}"
        )
    try:
        shelf.check_pins(wanted, remembered=shelf.cache or read_config().cache)
        wanted = wanted if wanted.shelf == shelf.url else shelf.move(wanted)
        held = _held_back(shelf, wanted, args)
        here_pins = wanted._replace(pins=tuple(pin for pin in wanted.pins if pin.project not in held))
        result = materialize(shelf, here_pins, progress)
    except ObjectMissing:
        _refuse_vanished(shelf, lock_name(args))
        raise
    current = own_lock(args, "current")
    notes = [
        f"{project} {version} of this kernel stays, since it is loaded; the lock has {_version_in(wanted, project)}."
        for project, version in sorted(held.items())
    ]
    if args.get("lock_note"):
        notes.insert(0, str(args["lock_note"]))
    asked = {named_project(text) for text in wanted.requirements}
    why = {pin.project: list(parents(pin.project, wanted)) for pin in wanted.pins if pin.project not in asked}
    return result | {
        "lock": format_lock(wanted),
        "changes": change_rows(current, wanted, why, held),
        "notes": [*result["warnings"], *notes, *as_of_notes(wanted)],
        "provided": held,
    }


def why(args: Args, progress: Progress) -> Result:
    """The chains that lead to ``project`` in a lock of ``requirements``, or in ``lock`` (text)."""
    if args.get("requirements"):
        from .resolving import resolve

        shelf = shelf_of(args)
        found = resolve(shelf, {**args, "loaded": {}}, None).lock
    elif args.get("lock"):
        found = read_lock(args)
        shelf = shelf_of_lock(found, args)
    else:
        name = args["project"]
        raise UsageError(f"Where? Name what it is needed for: why {name} --with REQUIREMENT, or --lock FILE.")
    return plain(shelf.why(str(args["project"]), found))


def _held_back(shelf: Shelf, lock: Lock, args: Args) -> dict[str, str]:
    """Pins that this process cannot take, because another version of its own is loaded: {project: that version}.

    Every kernel has loaded some distributions for itself; where the rest of the lock works with those, they stay.
    Raises AlreadyLoaded where it does not.
    """
    other = {
        pin.project: facts
        for pin in lock.pins
        if (facts := (args.get("loaded") or {}).get(pin.project))
        and facts.get("imported", True)
        and str(facts["version"]) != pin.version
    }
    if not other:
        return {}
    from .resolving import resolve

    try:
        resolution = resolve(shelf, {**args, "requirements": lock.requirements}, lock)
        works = set(resolution.provided) >= set(other) and _contents(resolution.lock) <= _contents(lock)
    except ShelfError:
        works = False
    if not works:
        project, facts = next(iter(other.items()))
        line = "restart the kernel, then sync before importing anything"
        by = facts.get("by", "this notebook")
        raise AlreadyLoaded(project, facts["version"], _version_in(lock, project), by, line)
    return {project: str(facts["version"]) for project, facts in other.items()}


def _contents(lock: Lock) -> set[tuple[str, str]]:
    return {(pin.project, pin.manifest) for pin in lock.pins}


def _version_in(lock: Lock, project: str) -> str:
    return next(pin.version for pin in lock.pins if pin.project == project)


def _lock_again(lock: Lock, args: Args) -> str:
    """The command that makes a lock of the same requirements, where that came from."""
    name = lock_name(args)
    if name.endswith(".ipynb"):
        return f"cloudshelf lock --notebook {shlex.quote(name)}"
    return f"cloudshelf lock {shlex.join(lock.requirements)}"


def _refuse_other_machine(lock: Lock, again: str) -> None:
    """Raises UsageError for a lock with wheels of another machine: a platform tag ends in it (PEP 425)."""
    import platform

    own = platform.machine()
    for pin in lock.pins:
        tags = pin.wheel.removesuffix(".whl").rpartition("-")[2].split(".")
        if not any(tag == "any" or tag.endswith(f"_{own}") for tag in tags):
            raise UsageError(
                f"This lock is for another machine: {pin.wheel}; this one is {own}. One for it, made here: {again}"
            )


def _refuse_vanished(shelf: Shelf, name: str) -> None:
    """Raises UsageError when the shelf of a lock, not one object of it, is gone."""
    try:
        shelf.info()
    except ShelfMissing:
        raise UsageError(f"{name} is of the shelf {shelf.url}, which is not there. If it moved: --shelf URL") from None
