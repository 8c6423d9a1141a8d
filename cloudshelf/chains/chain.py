"""A chain of heads: one object that is replaced, each time naming the digest of what it was. See docs/format.md.

Projects and named locks move by this. History first, create-only; then the head, if nobody moved it. The reply of that
last write decides nothing by itself: when it is lost or says "conflict", the head is read again, and our ``write_id``
in the chain says what happened. How an earlier head is found: skips.py.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol

from ..codecs.names import sha256
from ..errors import Conflict, ObjectInvalid, ObjectMissing, OutcomeUnknown, StoreError
from ..model import Link
from ..stores.protocols import Get, GetTagged, PutNew, Replace
from .backoff import pause
from .skips import H, Linked, find_seq, latest_of, next_skips

ATTEMPTS = 60  # conflicts in a row until a publisher gives up: 32 at once must all get through


class HeadStore(Get, GetTagged, PutNew, Replace, Protocol):
    """What a commit needs of a store."""


class Signer(Protocol):
    """Who signs the heads of a shelf as it writes them (signing/signer.py): nothing signed stands on what is not."""

    def allow(self, projects: Iterable[str]) -> object:
        """Raises where it could not sign one of ``projects``: before anything is brought or uploaded in vain."""

    def check(self, key: str, data: bytes) -> object:
        """Raises where the head ``key`` that is there is not signed as it should be: a change would vouch for it."""

    def sign(self, key: str, data: bytes) -> bytes:
        """The head as it is written: with the signature. Raises where nobody would take that."""


class Chain(NamedTuple, Generic[H]):  # a run of a named lock makes it: no dataclass, see model.py
    """Where a chain is, and how its heads are written."""

    key: str
    history_key: Callable[[int, str], str]  # of a sequence and a digest
    format: Callable[[H], bytes]
    parse: Callable[[bytes, str], H]  # of bytes and their key


class Stamp(NamedTuple):
    """What the next head says of its place in the chain, and of who wrote it when."""

    seq: int
    write_id: str
    prev: str | None
    time: str
    by: str
    action: str
    latest: str
    skips: tuple[Link, ...]

    def fields(self) -> dict[str, Any]:
        """These, as every head has them."""
        return self._asdict()


def move_head(
    store: HeadStore,
    chain: Chain[H],
    step: Callable[[H | None, Stamp], H | None],
    *,
    by: str,
    action: str,
    signer: Signer | None = None,
) -> H:
    """Move a head by ``step``; the head that holds (ours, or the present one when nothing changes).

    ``step`` gets the present head, None where there is none yet, and makes the next one with that stamp; it may be
    called again after somebody else's commit, and what it raises is raised here. None from it writes nothing.
    ``signer`` checks each head that ``step`` gets, and signs what is written. Raises Conflict after many lost races,
    OutcomeUnknown when the reply was lost and the head cannot be read, and what ``signer`` raises.
    """
    write_id = uuid.uuid4().hex  # one for all attempts: only one of them can land, and we know it by this
    began = time.monotonic()
    present, data, etag = _read(store, chain)
    for attempt in range(ATTEMPTS):
        if signer is not None and present is not None:
            signer.check(chain.key, data)
        head = step(present, next_stamp(present, data, write_id, by, action))
        if head is None:
            if present is None:
                raise ValueError(f"{chain.key} is not there, and the change makes none")
            return present
        content = chain.format(head)
        if signer is not None:
            content = signer.sign(chain.key, content)
        put_immutable(store, chain.history_key(head.seq, sha256(content)), content)
        try:
            store.replace(chain.key, content, etag=etag)
            return head
        except (Conflict, OutcomeUnknown) as error:
            pause(attempt, time.monotonic() - began if isinstance(error, Conflict) else 0)
            began = time.monotonic()
            present, data, etag = _read_again(store, chain, error)
        landed = _find_write(store, chain, present, write_id, head.seq)
        if landed is not None:
            return landed
    raise Conflict(chain.key)


def put_immutable(store: PutNew, key: str, data: bytes) -> None:
    """Create an object whose key holds the digest of its bytes: if it is there already, that is as good."""
    with contextlib.suppress(Conflict):
        try:
            store.put_new(key, data)
        except OutcomeUnknown:
            store.put_new(key, data)


def walk_chain(store: Get, chain: Chain[H], head: H) -> Iterator[H]:
    """``head``, then every head before it, newest first; each is verified by the digest its successor recorded.

    Raises ObjectInvalid or ObjectMissing where the chain is broken.
    """
    yield head
    while head.prev is not None:
        if head.seq == 0:
            raise ObjectInvalid(chain.key, "the first head names one before it")
        head = read_link(store, chain, head.seq - 1, head.prev)
        yield head


def read_link(store: Get, chain: Chain[H], seq: int, digest: str) -> H:
    """An earlier head. Raises ObjectInvalid or ObjectMissing."""
    key = chain.history_key(seq, digest)
    data = store.get(key)
    if sha256(data) != digest:
        raise ObjectInvalid(key, "its bytes are not those that its name says")
    head = chain.parse(data, key)
    if head.seq != seq:
        raise ObjectInvalid(key, f"it says sequence {head.seq}")
    return head


def next_stamp(present: Linked | None, data: bytes, write_id: str, by: str, action: str) -> Stamp:
    """That of the head that follows ``present``, whose bytes are ``data``; None: of the first."""
    now = moment()
    if present is None:
        return Stamp(1, write_id, None, now, by, action, now, ())
    digest, latest = sha256(data), latest_of(present)
    return Stamp(
        seq=present.seq + 1,
        write_id=write_id,
        prev=digest,
        time=now,
        by=by,
        action=action,
        latest=max(now, latest),
        skips=next_skips(Link(present.seq, digest, latest), present.skips),
    )


def _read(store: HeadStore, chain: Chain[H]) -> tuple[H | None, bytes, str | None]:
    try:
        data, etag = store.get_tagged(chain.key)
    except ObjectMissing:
        return None, b"", None
    return chain.parse(data, chain.key), data, etag


def _read_again(
    store: HeadStore, chain: Chain[H], error: Conflict | OutcomeUnknown
) -> tuple[H | None, bytes, str | None]:
    """After a write whose fate is open: what cannot be read leaves it open."""
    try:
        return _read(store, chain)
    except (StoreError, ObjectInvalid) as cause:
        raise OutcomeUnknown(chain.key, str(cause)) from error


def _find_write(store: HeadStore, chain: Chain[H], present: H | None, write_id: str, seq: int) -> H | None:
    """Our head of sequence ``seq``, where the chain that ends in ``present`` has it.

    A head replaces the one right before it, so the last attempt is there or nowhere; an attempt before that one was
    looked for at its own time, and cannot land any more when the head has moved. By skips: whoever loses to many reads
    a few of them.
    """
    if present is None:
        return None
    try:
        found = find_seq(present, seq, partial(read_link, store, chain))
    except StoreError as cause:
        raise OutcomeUnknown(chain.key, str(cause)) from cause
    return found if found is not None and found.write_id == write_id else None


def moment() -> str:
    """Now, by this machine's clock: for people, and for --as-of; nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
