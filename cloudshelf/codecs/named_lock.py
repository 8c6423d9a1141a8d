"""The head of a named lock, and the catalog's list of all of them. See docs/format.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ObjectInvalid
from ..model import Link
from .chained import format_place, parse_place
from .envelope import format_object, parse_object
from .names import is_lock_name, is_sha256

LOCKS = "catalog/locks"


class LockHead(NamedTuple):  # a run of a named lock makes it: no dataclass, see model.py
    """The one replaceable object of a named lock; what lists show of it, and the digest of its text."""

    name: str
    seq: int
    write_id: str
    prev: str | None
    time: str
    by: str
    action: str
    lock: str  # sha256 of locks/<name>/_content/<sha256>, a pylock.toml
    pins: int
    tag: str  # cache tag of the interpreter it is for
    requirements: tuple[str, ...]
    latest: str = ""
    skips: tuple[Link, ...] = ()
    removed: bool = False  # nobody gets the lock by its name any more; ``lock`` and what it tells are the last state's


class LockFacts(NamedTuple):
    """What a list tells of a named lock; ``seq`` is that of the head it was derived from.

    Of a lock that was removed a row without ``tag`` stays, so that a slow writer's older row does not come back.
    """

    name: str
    seq: int
    time: str
    by: str
    pins: int
    tag: str
    requirements: tuple[str, ...]


def format_lock_head(head: LockHead) -> bytes:
    return format_object(
        "lock-head",
        {
            "name": head.name,
            "lock": head.lock,
            "pins": head.pins,
            "tag": head.tag,
            "requirements": list(head.requirements),
            **format_place(head),
            **({"removed": True} if head.removed else {}),
        },
    )


def parse_lock_head(data: bytes, name: str, key: str) -> LockHead:
    """The head of ``name``; one that names another lock is refused (it was put under this name)."""
    fields = parse_object(data, "lock-head", key)
    if fields.text("name") != name:
        raise ObjectInvalid(key, f"it is the head of {fields.text('name')!r}")
    lock = fields.text("lock")
    if not is_sha256(lock):
        raise ObjectInvalid(key, "it names something that is not a digest")
    return LockHead(
        name=name,
        lock=lock,
        pins=fields.count("pins"),
        tag=fields.text("tag"),
        requirements=fields.texts("requirements"),
        **parse_place(fields),
        removed=fields.raw.get("removed") is True,
    )


def facts_of(head: LockHead) -> LockFacts:
    if head.removed:
        return LockFacts(head.name, head.seq, head.time, head.by, 0, "", ())
    return LockFacts(head.name, head.seq, head.time, head.by, head.pins, head.tag, head.requirements)


def format_locks(rows: Iterable[LockFacts]) -> bytes:
    table = {row.name: [row.seq, row.time, row.by, row.pins, row.tag, list(row.requirements)] for row in rows}
    return format_object("locks", {"locks": table})


def parse_locks(data: bytes) -> dict[str, LockFacts]:
    rows = {}
    for name, row in parse_object(data, "locks", LOCKS).mapping("locks").items():
        match row:
            case [int(seq), str(time), str(by), int(pins), str(tag), list(asked)] if is_lock_name(name) and all(
                type(each) is str for each in asked
            ):
                rows[name] = LockFacts(name, seq, time, by, pins, tag, tuple(asked))
            case _:
                raise ObjectInvalid(LOCKS, f"its row of {name} is malformed")
    return rows
