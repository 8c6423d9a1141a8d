"""Environments that the fetcher has open, and the stores that they come from."""

from __future__ import annotations

import marshal
import shutil
from typing import Any

import pytest

from cloudshelf.errors import (
    CacheUnusable,
    FormatUnknown,
)
from cloudshelf.fetcher.environments import Environments
from cloudshelf.stores.counting import CountingStore

from .shelves import SMALL, Shelf, content


def test_a_store_that_was_approached_is_the_one_that_is_used(shelf: Shelf) -> None:
    shelf.build(SMALL)
    shelf.store.put_new("shelf.json", b"{}")
    opened: list[CountingStore] = []

    def open_store(url: str) -> CountingStore:
        opened.append(CountingStore(shelf.store))
        return opened[-1]

    environments = Environments(open_store)
    environments.approach(shelf.store.url)
    assert environments.get(str(shelf.path("e1"))).store is opened[0]
    assert (len(opened), opened[0].counts.requests, opened[0].counts.received) == (1, {"stream_range": 1}, 1)


def test_an_environment_that_was_built_again_is_opened_again(shelf: Shelf, transfers: Any) -> None:
    path, transfer = shelf.build(SMALL), transfers()
    environments = Environments(lambda _: shelf.store)
    first = environments.get(str(path))
    assert environments.get(str(path)) is first
    transfer.ensure(first, range(21)).result()
    assert transfer.settle_copies(30)
    shutil.rmtree(path)
    with pytest.raises(CacheUnusable):
        environments.get(str(path))
    shelf.build(SMALL)
    second = environments.get(str(path))
    assert not second.presence[0]
    transfer.ensure(second, [0]).result()
    assert content(second, 0) == SMALL.files["small/m0.py"]


@pytest.mark.parametrize("damage", ["layout", "cut", "presence", "config"])
def test_an_environment_that_cannot_be_read_says_so(shelf: Shelf, damage: str) -> None:
    path = shelf.build(SMALL) / ".cloudshelf"
    if damage == "layout":
        (path / "index").write_bytes(marshal.dumps({"layout": 99}))
    elif damage == "cut":
        (path / "index").write_bytes((path / "index").read_bytes()[:-9])
    elif damage == "presence":
        (path / "presence").write_bytes(b"\0")
    else:
        (path / "config").write_text("{")
    with pytest.raises(FormatUnknown if damage == "layout" else CacheUnusable):
        Environments(lambda _: shelf.store).get(str(path.parent))
