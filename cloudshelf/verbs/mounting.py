"""Verbs of the drive: mount, umount."""

from __future__ import annotations

from ..codecs.lock import parse_lock
from ..config import read_config
from ..errors import NoShelf
from ..mount.machine import check_machine
from ..mount.mountpoint import TYPE, command_of, find_mount, make_ready, real_place, unmount
from ..mount.process import FOREGROUND, Mount, start
from .common import Args, Progress, Result, lock_name
from .pinning import use
from .restoring import sync


def mount(args: Args, progress: Progress) -> Result:
    """Mount the shelf on ``directory`` (absolute): ``env/`` of ``lock`` (text) or ``requirements``, and ``projects/``.

    With ``foreground`` nothing is mounted yet: the result's ``command`` does it. What is mounted there already, and is
    the same, stays. Raises NoFuse, MountFailed, UsageError, and what a sync or a use does: what is blocked is refused
    as at every start.
    """
    check_machine()
    directory = real_place(str(args["directory"]))
    made = _environment(args, progress)
    shelf = str(args.get("shelf") or (parse_lock(made["lock"], lock_name(args)).shelf if made else ""))
    if not shelf:
        raise NoShelf()
    mount = Mount(
        directory, str(read_config().cache), str(made.get("environment", "")), shelf, str(args.get("trust") or "")
    )
    result: Result = {
        "directory": directory,
        "environment": mount.environment,
        "pins": made.get("pins", []),
        "log": str(mount.log),
        "notes": list[str](made.get("notes") or made.get("warnings") or ()),
    }
    present = find_mount(directory)
    if present is not None and present.kind == TYPE and command_of(present)[1:] == mount.words()[1:]:
        result["notes"].append("It was mounted already.")
        return result | {"pid": present.pid}
    if note := make_ready(directory):
        result["notes"].append(note)
    if args.get("foreground"):
        return result | {"command": mount.words(FOREGROUND)}
    progress({"stage": "mounting", "done": 0, "total": 0, "unit": "", "what": directory})
    return result | {"pid": start(mount)}


def umount(args: Args, progress: Progress) -> Result:
    """Unmount ``directory`` and wait for its process to end. Raises UsageError, MountBusy, MountFailed."""
    directory = real_place(str(args["directory"]))
    return {"directory": directory, "message": unmount(directory)}


def _environment(args: Args, progress: Progress) -> Result:
    """The environment for ``env/``; nothing where none is asked for."""
    if args.get("all"):
        return {}
    if args.get("requirements"):
        return use({**args, "lock": None}, progress)
    return sync(args, progress) if args.get("lock") else {}
