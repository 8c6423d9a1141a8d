"""The locks that have a name on a shelf, and one of them as a notebook carries it."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from cloudshelf.codecs.lock import parse_lock
from cloudshelf.codecs.named_lock import LockFacts
from cloudshelf.codecs.names import lock_content_key
from cloudshelf.codecs.notebook import make_block
from cloudshelf.errors import ObjectInvalid, UsageError

from .. import wire
from ..shelves import OpenShelf
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


def _row(facts: LockFacts) -> wire.LockRow:
    return cast(wire.LockRow, asdict(facts) | {"requirements": list(facts.requirements)})
