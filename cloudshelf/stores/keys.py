"""What may be a key. One rule for every store, so that no key escapes a shelf's root or means two things."""

from __future__ import annotations

import re

from ..errors import ObjectInvalid

_PART = re.compile(r"[A-Za-z0-9_+=@~-][A-Za-z0-9._+=@~-]*", re.ASCII)
LARGEST_OBJECT = 256 << 20  # bytes that are read at once; packs, the largest objects of a shelf, have some 64 MiB
_LONGEST = 255  # NAME_MAX of Linux file systems; S3 allows 1024 bytes for a whole key


def check_key(key: str) -> str:
    """``key`` itself. Raises ObjectInvalid unless every part is a plain name that does not begin with a dot.

    Names that begin with a dot are the local store's own (unfinished files, locks).
    """
    if not all(len(part) <= _LONGEST and _PART.fullmatch(part) for part in key.split("/")):
        raise ObjectInvalid(key, "it is not a name that a shelf uses")
    return key


def check_prefix(prefix: str) -> str:
    """``prefix`` itself: empty, a folder ending in "/", or the beginning of a key. Raises ObjectInvalid otherwise."""
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def check_range(key: str, start: int, length: int) -> None:
    """Raises ObjectInvalid for a range that cannot be: such numbers come from a damaged manifest."""
    if start < 0 or length < 0:
        raise ObjectInvalid(key, f"a range of {length} bytes at {start} was asked for")


def check_size(key: str, size: int) -> None:
    """Raises ObjectInvalid for an object that is larger than any of a shelf: before memory is asked for."""
    if size > LARGEST_OBJECT:
        raise ObjectInvalid(key, f"the store says that it has {size} bytes, and no object of a shelf is so large")
