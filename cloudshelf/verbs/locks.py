"""Verbs about locks as such: diff, locks; and how every verb finds a lock that was named."""

from __future__ import annotations

from ..codecs.lock import parse_lock
from ..codecs.named_lock import facts_of
from ..codecs.names import manifest_key
from ..difference import compare_locks
from ..errors import ObjectMissing, UsageError
from ..model import Lock, Pin
from ..parallel import map_parallel
from ..repository import PARALLEL
from ..shelf import Shelf
from ..urls import split_urls
from .common import Args, Progress, Result, person, shelf_of, signing_shelf_of


def diff(args: Args, progress: Progress) -> Result:
    """How lock ``after`` differs from ``before``: each has ``lock`` (text) or ``lock_ref`` (a name on the shelf).

    ``provided``: what the process of ``after`` has of its own, project to version.
    """
    sides = []
    for side in ("before", "after"):
        given = with_named_lock({"shelf": args.get("shelf")} | dict(args.get(side) or {}))
        if not given.get("lock"):
            raise UsageError("diff needs two locks here: cloudshelf diff pylock.toml team/2026q4")
        sides.append((str(given["lock_name"]), parse_lock(str(given["lock"]), str(given["lock_name"]))))
    (from_name, before), (to_name, after) = sides
    found = compare_locks(before, after, provided=args.get("provided"))
    return {
        "from": from_name,
        "to": to_name,
        "pins": len(after.pins),
        "same": found.same,
        "changes": [change._asdict() for change in found.changes],
        "asked": [{"project": project, "was": was, "now": now} for project, was, now in found.asked],
        "context": [{"what": what, "was": was, "now": now} for what, was, now in found.context],
    }


def locks(args: Args, progress: Progress) -> Result:
    """The locks on the shelf; or the history of ``name``, newest first. ``remove`` takes the name away."""
    if args.get("remove"):
        return _remove(signing_shelf_of(args), str(args["name"]))
    shelf = shelf_of(args)
    if not args.get("name"):
        return {"shelf": shelf.url, "locks": [facts._asdict() for facts in shelf.named_locks.list()]}
    name = str(args["name"])
    states = [
        facts_of(head)._asdict() | {"lock": head.lock, "action": head.action, "removed": head.removed}
        for head in shelf.named_locks.history(name)
    ]
    return {"shelf": shelf.url, "name": name, "states": states}


def _remove(shelf: Shelf, name: str) -> Result:
    removed = shelf.named_locks.remove(name, by=person())
    before = removed.head.seq - 1
    lines = [
        f"Removed {name} from {shelf.url}: state {removed.head.seq} says so, and the states before stay.",
        f"To have it back: cloudshelf lock --lock {name}@{before} --name {name}",
        *removed.notes,
    ]
    return {"shelf": shelf.url, "name": name, "state": removed.head.seq, "message": "\n".join(lines)}


def with_named_lock(args: Args) -> Args:
    """``args``; where ``lock_ref`` names a lock of the shelf, with its text as ``lock``, to be taken from there."""
    if not args.get("lock_ref"):
        return args
    name = str(args["lock_ref"])
    head, text = shelf_of({"shelf": args.get("shelf"), "trust": args.get("trust")}).read_named_lock(name)
    several = len(split_urls(parse_lock(text, name).shelf)) > 1
    said = f"{head.name} is at state {head.seq}, of {head.time} by {head.by}."
    return {
        **{key: value for key, value in args.items() if key != "lock_ref"},
        "lock": text,
        "lock_name": name,
        "lock_note": said,
        "shelf_named": not several,  # a lock of several shelves says where each pin is
    }


def name_lock(shelf: Shelf, name: str, lock: Lock) -> Result:
    """Let ``name`` be ``lock`` on the shelf; what a result tells of it.

    Raises ObjectMissing for a lock of what the shelf lacks, and what ``NamedLocks.write`` raises.
    """
    _refuse_lacking(shelf, lock)
    shelf.check_pins(lock)
    named = shelf.named_locks.write(name, lock, by=person())
    return {"name": name, "shelf": shelf.url, "state": named.head.seq, "written": named.written, "more": named.notes}


def _refuse_lacking(shelf: Shelf, lock: Lock) -> None:
    """Raises ObjectMissing. Asked of the store: a cache has what other shelves hold, too."""
    there = shelf.without_cache().repository

    def check(pin: Pin) -> None:
        release = there.release_at(pin.project, pin.version, pin.release)
        if all(tree.manifest != pin.manifest for wheel in release.wheels for tree in wheel.trees.values()):
            raise ObjectMissing(manifest_key(pin.project, pin.manifest), shelf.url)

    map_parallel(check, lock.pins, PARALLEL)


def lock_to_name(shelf: Shelf, found: Lock, args: Args) -> Lock:
    """``found`` as a lock of ``shelf``. Raises UsageError for one of another shelf, unless that was named."""
    name = str(args.get("lock_name") or "The lock")
    if found.shelf == shelf.url:
        return found
    if not args.get("shelf_named"):
        raise UsageError(
            f"{name} is of the shelf {found.shelf}; it gets its name there. If that moved to {shelf.url}: "
            f"--shelf {shelf.url}"
        )
    return shelf.move(found)
