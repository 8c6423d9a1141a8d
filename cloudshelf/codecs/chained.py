"""What every head of a chain says of its place there, and of who wrote it when; see docs/format.md and chain.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..chains.skips import Linked
from ..errors import ObjectInvalid
from ..model import Link
from .envelope import Fields
from .names import is_sha256

_TEXTS = ("write_id", "time", "by", "action")


def format_place(head: Linked) -> dict[str, Any]:
    """The fields of an object."""
    said = {name: getattr(head, name) for name in ("seq", "prev", *_TEXTS)}
    return said | _format_skips(head.latest, head.skips)


def parse_place(fields: Fields) -> dict[str, Any]:
    """The same as arguments of a head. Raises ObjectInvalid."""
    prev = fields.text_or_none("prev")
    if not (prev is None or is_sha256(prev)):
        raise ObjectInvalid(fields.key, "it names something that is not a digest")
    texts = {name: fields.text(name) for name in _TEXTS}
    latest = fields.text("latest") if "latest" in fields.raw else ""
    return texts | {"seq": fields.count("seq"), "prev": prev, "latest": latest, "skips": _parse_skips(fields)}


def _format_skips(latest: str, skips: Sequence[Link]) -> dict[str, Any]:
    """What lets a reader find an earlier head without reading all between; nothing where it is not known."""
    return {"latest": latest, "skips": [list(link) for link in skips]} if latest else {}


def _parse_skips(fields: Fields) -> tuple[Link, ...]:
    """The nearest first. Raises ObjectInvalid for one that does not lead back."""
    links: list[Link] = []
    for value in fields.rows("skips") if "skips" in fields.raw else ():
        before = links[-1].seq if links else fields.count("seq")
        match value:
            case [int(seq), str(digest), str(latest)] if 0 < seq < before and is_sha256(digest):
                links.append(Link(seq, digest, latest))
            case _:
                raise ObjectInvalid(fields.key, "one of its skips is malformed")
    return tuple(links)
