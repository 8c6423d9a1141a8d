"""What verbs share: the shelf, the interpreter and the lock that arguments name."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import read_config
from ..errors import NoShelf
from ..lower_cache import LowerCache, lower_caches
from ..shelf import Shelf
from ..stores.opening import shared_store
from ..urls import split_urls

if TYPE_CHECKING:
    from ..target import Target

Args = Mapping[str, Any]
Progress = Callable[[dict[str, Any]], None]
Result = dict[str, Any]


def shelf_of(args: Args) -> Shelf:
    """The shelf that ``shelf`` names, or the shelves (urls.join_urls); as it was at ``as_of`` (a moment), if given.

    Raises NoShelf.
    """
    if not args.get("shelf"):
        raise NoShelf()
    stores, as_of = map(shared_store, split_urls(str(args["shelf"]))), str(args.get("as_of") or "")
    if work := args.get("work"):  # a cache that is made for others (filling.py)
        return Shelf(*stores, cache=Path(work["cache"]), as_of=as_of, lower=(LowerCache(Path(work["lower"])),))
    config = read_config()
    return Shelf(*stores, cache=config.cache, as_of=as_of, lower=lower_caches(config))


def lock_name(args: Args) -> str:
    """What to call the lock of ``args`` in a message."""
    return str(args.get("lock_name") or "The lock")


def target_of(args: Args) -> Target:
    """The interpreter that ``target``, or ``python`` and ``platform``, describe; else this one."""
    from ..target import Target, current_target, target_for

    if isinstance(args.get("target"), Mapping):
        return Target.from_json(args["target"])
    if args.get("python") or args.get("platform"):
        here = ".".join(map(str, sys.version_info[:2]))
        return target_for(str(args.get("python") or here), args.get("platform"))
    return current_target()


def person() -> str:
    """Who changes the shelf, for its history: for people, proves nothing."""
    import getpass
    import socket

    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # a container without a name for its uid
        return f"somebody@{socket.gethostname()}"


def plain(value: Any) -> Result:
    """A dataclass as JSON."""
    return dataclasses.asdict(value)
