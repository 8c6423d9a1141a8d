"""The verb behind ``lock --notebook FILE.ipynb``: put a lock into a notebook that nobody has open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..codecs.lock import parse_lock
from ..errors import ShelfError
from ..notebooks import read_notebook, write_lock
from ..open_notebooks import refuse_open
from .common import Args, Progress, Result, shelf_of


def refuse_open_notebook(args: Args, progress: Progress) -> Result:
    """Before anything is resolved: raises UsageError when ``notebook`` is open; notes on who could not be asked."""
    return {"notes": refuse_open(Path(str(args["notebook"])))}


def put_lock(args: Args, progress: Progress) -> Result:
    """Write ``lock`` (text) into the file ``notebook``; ``force`` replaces a lock that somebody edited.

    The result has ``digest``, ``pins`` (how many) and ``notes``. Raises UsageError, and then the file is as it was.
    """
    notes = refuse_open(Path(str(args["notebook"])))
    lock = parse_lock(str(args["lock"]), "The lock")
    notebook = read_notebook(str(args["notebook"]))
    shelf = {"url": lock.shelf, "name": shelf_name(lock.shelf)}
    block = write_lock(notebook, str(args["lock"]), shelf, force=bool(args.get("force")))
    return {"notebook": str(notebook.path), "digest": block.digest, "pins": len(lock.pins), "notes": notes}


def shelf_name(url: str) -> str:
    """What people call the shelf; a lock is as good when the shelf does not answer."""
    with suppress(ShelfError):
        return shelf_of({"shelf": url}).info().name
    return ""
