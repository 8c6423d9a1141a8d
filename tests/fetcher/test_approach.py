"""A fetcher's first request: what it is, and that its connection is the one that is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.fetcher import approach
from cloudshelf.fetcher.engine import Engine
from cloudshelf.importing.blocklist import read_known
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import shared_store
from tests.reading.samples import STATE, format_shelf

URL = "s3://bucket/shelf"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> CountingStore:
    """What is found at URL."""
    found = MemoryStore(URL)
    found.put_new("shelf.json", format_shelf(STATE))
    store = CountingStore(found)
    monkeypatch.setattr(approach, "shared_store", lambda url: store)
    return store


def test_it_is_one_byte(store: CountingStore, tmp_path: Path) -> None:
    approach.approach(f"{URL}/", tmp_path, asks=False)
    assert (store.counts.requests, store.counts.received) == ({"stream_range": 1}, 1)


def test_who_has_the_turn_asks_what_is_blocked_and_writes_it_down(store: CountingStore, tmp_path: Path) -> None:
    approach.approach(URL, tmp_path, asks=True)
    assert sum(store.counts.requests.values()) == 1
    known = read_known(str(tmp_path), URL)
    assert known is not None and (known.checked > 0, known.rows) == (True, {})


def test_what_a_shelf_does_not_answer_is_written_down_too(store: CountingStore, tmp_path: Path) -> None:
    store.delete("shelf.json")
    approach.approach(URL, tmp_path, asks=True)
    known = read_known(str(tmp_path), URL)
    assert known is not None and (known.checked, known.tried > 0) == (0.0, True)
    assert "shelf" in known.cause


def test_a_folder_needs_no_connection(tmp_path: Path) -> None:
    approach.approach(str(tmp_path / "nowhere"), tmp_path, asks=False)


def test_its_store_is_the_one_that_fills_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    environments = Engine(tmp_path / "cache").get()[1]
    assert environments._open_store(URL)._store is shared_store(URL)
