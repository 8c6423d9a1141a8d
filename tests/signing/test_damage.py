"""Every flipped byte and every truncation of a signed head and of a root document is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudshelf.codecs.head import parse_head
from cloudshelf.codecs.names import TRUST_HEAD, head_key
from cloudshelf.errors import FormatUnknown, ObjectInvalid, SignatureError
from cloudshelf.model import Head
from cloudshelf.signing.trust import Trust
from cloudshelf.stores.memory import MemoryStore
from tests.stress import Checks, amount

from .shelves import SignedShelf, overwrite


def damaged(data: bytes, step: int) -> Iterator[bytes]:
    """Each byte with another value, and each beginning; of all, one in ``step``."""
    for place in range(0, len(data), step):
        for flip in (1, 0x80) if step == 1 else (1,):
            yield data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
        yield data[:place]


@pytest.mark.stress
def test_a_damaged_head_is_refused_or_says_what_was_signed(memory_shelf: SignedShelf, checks: Checks) -> None:
    memory_shelf.publish("numpy", "1")
    data, key = memory_shelf.head("numpy"), head_key("numpy")
    whole, trust = parse_head(data, "numpy", key), memory_shelf.trust()

    def take(changed: bytes) -> Head | None:
        try:
            head = parse_head(changed, "numpy", key)
            trust.check(key, changed)
        except (ObjectInvalid, FormatUnknown, SignatureError):
            return None
        return head

    assert take(data) == whole
    for changed in damaged(data, amount(23, 1)):
        assert take(changed) in (None, whole)
        checks.add()


@pytest.mark.stress
def test_a_damaged_root_document_is_refused_or_says_what_was_signed(memory_shelf: SignedShelf, checks: Checks) -> None:
    data, root = memory_shelf.store.get(TRUST_HEAD), memory_shelf.trust().root()
    store = MemoryStore()
    for stored in memory_shelf.store.list(""):
        store.put_new(stored.key, memory_shelf.store.get(stored.key))
    for changed in damaged(data, amount(37, 1)):
        overwrite(store, TRUST_HEAD, changed)
        try:
            found = Trust(store, lambda: memory_shelf.id, memory_shelf.pins).root()
        except (ObjectInvalid, FormatUnknown, SignatureError):
            found = root
        assert found == root
        checks.add()
