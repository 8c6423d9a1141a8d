"""shelf.json: what a shelf is called, and its settings. See docs/format.md, "shelf"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Link
from .chained import format_place, parse_place
from .envelope import format_object, parse_object

_PLACE = ("seq", "write_id", "prev", "time", "by", "action", "latest", "skips")


@dataclass(frozen=True, slots=True)
class ShelfState:
    """One state of shelf.json. ``seq`` 0: one from before it said who wrote it and when.

    ``rest`` is what it says besides: its id, its name, and what a later cloudshelf wrote there.
    """

    settings: Mapping[str, Any]
    rest: Mapping[str, Any]
    seq: int = 0
    write_id: str = ""
    prev: str | None = None
    time: str = ""
    by: str = ""
    action: str = ""
    latest: str = ""
    skips: tuple[Link, ...] = ()


def format_shelf(state: ShelfState) -> bytes:
    place = format_place(state) if state.seq else {}
    return format_object("shelf", {**state.rest, "settings": dict(state.settings), **place})


def parse_shelf(data: bytes, key: str) -> ShelfState:
    """Raises ObjectInvalid, or FormatUnknown for one of a later cloudshelf."""
    fields = parse_object(data, "shelf", key)
    known = ("format", "kind", "settings", *_PLACE)
    rest = {name: value for name, value in fields.raw.items() if name not in known}
    place = parse_place(fields) if "seq" in fields.raw else {}
    return ShelfState(fields.mapping("settings"), rest, **place)
