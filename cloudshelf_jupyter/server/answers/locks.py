"""The locks that have a name on a shelf, and one of them as a notebook carries it."""

from __future__ import annotations

import asyncio
from typing import cast

from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.codecs.named_lock import LockFacts
from cloudshelf.codecs.names import lock_content_key
from cloudshelf.codecs.notebook import make_block
from cloudshelf.codecs.origin import public_origin
from cloudshelf.errors import ObjectInvalid, UsageError

from .. import wire
from ..shelves import OpenShelf, Shelves
from ..work import Job


def list_locks(job: Job, shelf: OpenShelf) -> wire.Locks:
    """By name."""
    return wire.Locks(locks=[_row(facts) for facts in shelf.listing(job).locks.values()])


def show_lock(job: Job, shelf: OpenShelf, name: str) -> wire.NamedLock:
    """Its text, and the block that puts it into a notebook. Raises LockMissing, ObjectInvalid."""
    head, text = shelf.open().named_locks.read(name)
    try:
        lock = parse_lock(text, name)
    except UsageError as error:
        raise ObjectInvalid(lock_content_key(name, head.lock), str(error)) from None
    return wire.NamedLock(
        name=head.name,
        seq=head.seq,
        time=head.time,
        by=head.by,
        lock=text,
        block=cast(wire.Block, make_block(text, shelf.url, shelf.name)),
        pins=[wire.LockPin(project=pin.project, version=pin.version) for pin in lock.pins],
    )


async def block_of_lock(shelves: Shelves, text: str) -> wire.LockBlock:
    """The block that puts a pylock.toml into a notebook. The shelf that it names is not asked: a request named it.

    Raises UsageError for what is no lock, and for another tool's, which does not name files of a shelf.
    """
    lock = await asyncio.to_thread(parse_lock, text, "This lock")
    if not lock.shelf:
        raise UsageError(
            "This lock is another tool's: it does not say from which shelf its pins are. In a notebook: "
            "%shelf sync pylock.toml, and then %shelf lock --notebook."
        )
    pins = tuple(pin._replace(origin=public_origin(pin.origin)) for pin in lock.pins)
    name = next((each.name for each in shelves.all() if each.url == lock.shelf), "")
    block = make_block(format_lock(lock._replace(pins=pins)), lock.shelf, name)
    return wire.LockBlock(
        block=cast(wire.Block, block),
        pins=[wire.LockPin(project=pin.project, version=pin.version) for pin in lock.pins],
    )


def _row(facts: LockFacts) -> wire.LockRow:
    return cast(wire.LockRow, facts._asdict() | {"requirements": list(facts.requirements)})
