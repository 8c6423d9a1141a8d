"""The verb bootstrap: a start-up script for a cloud workspace."""

from __future__ import annotations

from ..bootstrap.script import Workspace, script_of
from ..codecs.lock import parse_lock
from ..errors import NoShelf
from .common import Args, Progress, Result, lock_name


def bootstrap(args: Args, progress: Progress) -> Result:
    """The ``script`` for ``target``, with the shelf ``shelf`` and the lock ``lock`` (text) or ``named`` (on the shelf).

    The shelf is not asked: a script may be written before it is there. Raises UsageError, and ObjectInvalid for a
    lock that is none.
    """
    shelf, text, notes = str(args.get("shelf") or ""), str(args.get("lock") or ""), list[str]()
    if text:
        lock = parse_lock(text, lock_name(args))
        shelf = shelf or lock.shelf
    if not shelf:
        raise NoShelf()
    if shelf.startswith(("file:", "memory:")) or ",file:" in shelf:
        notes.append(f"The shelf {shelf} is a folder: the workspace has to have it at the same place.")
    workspace = Workspace(shelf, str(args.get("named") or ""), text)
    return {"target": args["target"], "script": script_of(str(args["target"]), workspace), "notes": notes}
