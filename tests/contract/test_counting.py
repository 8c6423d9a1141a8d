"""Counts are what was asked and what came back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from cloudshelf.errors import ObjectMissing
from cloudshelf.stores.counting import CountingStore, Counts
from cloudshelf.stores.memory import MemoryStore
from tests.ranges import read_range


def test_every_verb_and_every_byte_is_counted() -> None:
    store = CountingStore(MemoryStore())
    store.put_new("a", b"12345")
    _, etag = store.get_tagged("a")
    store.replace("a", b"123", etag=etag)
    store.get("a")
    read_range(store, "a", start=0, length=2)
    list(store.list(""))
    store.delete("a")
    with pytest.raises(ObjectMissing):
        store.get("a")
    requests = {"put_new": 1, "get_tagged": 1, "replace": 1, "get": 2, "stream_range": 1, "list": 1, "delete": 1}
    assert store.counts == Counts(requests, received=5 + 3 + 2, sent=5 + 3)
    assert store.counts.total == 8


def test_since_tells_what_was_added() -> None:
    store = CountingStore(MemoryStore())
    store.put_new("a", b"12345")
    before = store.counts
    store.get("a")
    assert store.counts.since(before) == Counts({"get": 1}, received=5, sent=0)


def test_threads_lose_no_count() -> None:
    store = CountingStore(MemoryStore())
    store.put_new("a", b"1")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.get("a"), range(2000)))
    assert store.counts.requests["get"] == store.counts.received == 2000
