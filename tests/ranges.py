"""A range as one value."""

from __future__ import annotations

from cloudshelf.stores.protocols import StreamRange


def read_range(store: StreamRange, key: str, *, start: int, length: int) -> bytes:
    """All parts of a range together."""
    return b"".join(store.stream_range(key, start=start, length=length))
