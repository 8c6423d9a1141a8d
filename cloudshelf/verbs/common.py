"""What verbs share: the shelf, the interpreter and the lock that arguments name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cache.lower_cache import LowerCache, lower_caches
from ..config import read_config, read_trust
from ..errors import NoShelf
from ..shelf import Shelf
from ..stores.opening import shared_store
from ..urls import split_urls

if TYPE_CHECKING:
    from ..signing.pins import Pins
    from ..target import Target

SIGNING_KEY = "CLOUDSHELF_SIGNING_KEY"

Args = Mapping[str, Any]
Progress = Callable[[dict[str, Any]], None]
Result = dict[str, Any]


def shelf_of(args: Args) -> Shelf:
    """The shelf that ``shelf`` names, or the shelves (urls.join_urls); as it was at ``as_of`` (a moment), if given.

    Raises NoShelf.
    """
    if not args.get("shelf"):
        raise NoShelf()
    stores, config = map(shared_store, split_urls(str(args["shelf"]))), read_config()
    cache, lower = config.cache, lower_caches(config)
    if work := args.get("work"):  # a cache that is made for others (filling.py)
        cache, lower = Path(work["cache"]), (LowerCache(Path(work["lower"])),)
    return Shelf(*stores, cache=cache, as_of=str(args.get("as_of") or ""), pins=pins_of(args), lower=lower)


def pins_of(args: Args) -> Pins | None:
    """Whose signatures the caller's settings require (``trust``; config.read_trust), None for nobody's."""
    trust = args.get("trust")
    text = read_trust()[0] if trust is None else str(trust)
    if not text:
        return None
    from ..signing.pins import parse_pins

    return parse_pins(text, os.environ)


def signing_shelf_of(args: Args) -> Shelf:
    """``shelf_of`` for a verb that changes heads, with the key ``sign`` (a file) that signs them.

    Raises as ``shelf_of``, ShelfMissing, SigningKeyMissing, TrustUnpinned, KeyUnusable.
    """
    return signing(shelf_of(args), args)


def signing(shelf: Shelf, args: Args) -> Shelf:
    """``shelf``, from now on with the key that signs what is written. Raises as ``signing_shelf_of``."""
    from ..signing.identity import signer_for

    shelf.signer = signer_for(shelf, str(args.get("sign") or os.environ.get(SIGNING_KEY) or ""), read_config().cache)
    return shelf


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
    import dataclasses  # here, because its load takes 6 ms of a start (model.py) that needs none of these

    return dataclasses.asdict(value)
