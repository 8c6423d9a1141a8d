"""Where the usage reports of a shelf are: a folder of the shelf, or a place of its own. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .errors import UsageError
from .urls import normalize_url
from .visible import brief

_TAKEN = ("projects", "catalog", "locks", "trust", "recall", "collect", "settings")


_LONGEST = 64  # characters of a folder's name


def check_place(text: str) -> str:
    """What ``usage-reports`` may be: a name for a folder of the shelf, or a URL. Raises UsageError."""
    if "://" in text:
        return normalize_url(text)
    name = text.strip("/")
    is_name = name.replace("-", "").replace("_", "").isalnum() and name.isascii() and len(name) <= _LONGEST
    if not is_name or name in _TAKEN:
        raise _malformed(text)
    return name


def _malformed(text: str) -> UsageError:
    said = f"{brief(text)!r} is no place for usage reports."
    return UsageError(f"{said} Write a name for a folder of the shelf, such as usage, or a URL.")


def usage_place(shelf: str, settings: Mapping[str, Any]) -> str | None:
    """The URL of the reports of ``shelf``, as its settings say; None when it wants none.

    Whoever writes the settings decides what readers write to, so it has to be a place of the shelf's own kind: a bucket
    never makes anybody write to their disk. Raises UsageError for a place that is not allowed.
    """
    setting = settings.get("usage_reports")
    if not setting:
        return None
    place = check_place(str(setting))
    if "://" not in place:
        return f"{shelf}/{place}"
    if urlsplit(place).scheme != urlsplit(shelf).scheme:
        raise UsageError(f"The usage reports of {shelf} cannot go to {place}: that is another kind of place.")
    return place
