"""One protocol per storage verb: a signature tells what a function may do, and roughly how many requests it makes.

Keys are relative to the shelf's root, "/"-separated, without a leading slash. Every verb raises only errors of
``cloudshelf.errors``: ObjectMissing, AccessDenied, BucketMissing, CredentialsMissing, CredentialsExpired,
StoreUnreachable, DiskFull, ObjectInvalid (an answer that cannot be right, e.g. 200 for a range; a key or range that
cannot be), and Conflict or OutcomeUnknown from conditional writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Stored(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """What a listing tells of one object; ``modified`` is seconds since 1970 by the store's own clock."""

    key: str
    size: int
    modified: float


class Named(Protocol):
    @property
    def url(self) -> str:
        """Where this is, without credentials: for messages and locks."""


class Get(Named, Protocol):
    def get(self, key: str) -> bytes:
        """The whole object in one request. Raises ObjectMissing."""


class GetTagged(Named, Protocol):
    def get_tagged(self, key: str) -> tuple[bytes, str]:
        """The whole object and its etag, for a later ``replace``. Raises ObjectMissing."""


class GetChanged(Named, Protocol):
    def get_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """As ``get_tagged``, but None where the object still has ``etag`` (RFC 9110 §13.1.2): then no body was sent."""


class StreamRange(Named, Protocol):
    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        """``length`` bytes from ``start`` in one request, in parts as they come. Raises ObjectMissing, or ObjectInvalid
        when the store sends other bytes, or the object ends before; nothing is asked before the first part is."""


class PutNew(Named, Protocol):
    def put_new(self, key: str, data: bytes) -> None:
        """Create ``key`` with a checksum; raises Conflict if it exists, or OutcomeUnknown when the reply was lost. Not
        retried by the transport (RFC 9110 §13.1.2): a retry would report its own first try as a Conflict."""


class Replace(Named, Protocol):
    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        """Write ``key`` if its etag is still ``etag`` (None: if it does not exist); the new etag. Raises Conflict, or
        OutcomeUnknown when the reply was lost. Never retried by the transport."""


class Listing(Named, Protocol):
    def list(self, prefix: str) -> Iterator[Stored]:
        """Every object whose key begins with ``prefix``. Never on the path of an import."""


class Delete(Named, Protocol):
    def delete(self, key: str) -> None:
        """Remove ``key``; removing what is not there is no error."""


class Reader(Get, StreamRange, Protocol):
    """What importing needs."""


class Browser(Reader, GetTagged, GetChanged, Protocol):
    """What looking at a shelf for a long time needs."""


class Writer(Get, GetTagged, PutNew, Replace, Protocol):
    """What publishing needs."""


class Store(Browser, Writer, Listing, Delete, Protocol):
    """Every verb; what the contract suite runs over."""
