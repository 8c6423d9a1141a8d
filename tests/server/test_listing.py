"""The list of projects stays in memory: what is asked of the store, and what is told of a change."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from cloudshelf.catalog import update_catalog
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.catalog import ProjectFacts, projects_key
from cloudshelf.codecs.named_lock import LockFacts, format_locks
from cloudshelf.errors import ObjectInvalid
from cloudshelf.model import File, Kind, Manifest
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf_jupyter.server.folders import PathMissing, Tree
from cloudshelf_jupyter.server.listing import Catalog
from cloudshelf_jupyter.server.remembered import Remembered
from cloudshelf_jupyter.server.work import Abandoned, Job, ShelfSlow, Workers
from tests.repository.shelves import publish


class Shelf:
    """A shelf in memory, its catalog as the server keeps it, and what was told of changes."""

    def __init__(self, fresh: float = 3600.0) -> None:
        self.memory = MemoryStore()
        init_shelf(self.memory, "ours")
        self.store = CountingStore(self.memory)
        self.told: list[str] = []
        self.catalog = Catalog(fresh, lambda change, etag: self.told.append(change))

    def read(self) -> list[str]:
        return [*self.catalog.read(self.store, lambda: None).projects]

    def look(self) -> list[str]:
        return [*self.catalog.look(self.store, lambda: None).projects]

    def asked(self) -> dict[str, int]:
        """Since the last time."""
        before = getattr(self, "_before", None)
        self._before = self.store.counts
        return dict((self._before.since(before) if before else self._before).requests)


def test_a_listing_that_is_fresh_is_not_asked_for_again() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    assert shelf.read() == ["numpy"]
    shelf.asked()
    for _ in range(50):
        shelf.read()
    assert shelf.asked() == {}


def test_a_listing_that_is_not_is_asked_for_with_conditions_and_nothing_is_sent_where_nothing_changed() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    shelf.look()
    received = shelf.store.counts.received
    shelf.asked()
    assert shelf.look() == ["numpy"]
    assert shelf.asked() == {"get_changed": 17}  # the shards, and the list of locks
    assert shelf.store.counts.received == received
    assert shelf.told == []


def test_a_change_is_seen_told_once_and_costs_its_own_shard() -> None:
    shelf = Shelf()
    update_catalog(shelf.memory, [ProjectFacts(f"p{n}", 1, "", "1", "1", 1, ()) for n in range(300)])
    shelf.look()
    received = shelf.store.counts.received
    publish(shelf.memory, "numpy", "1")
    assert "numpy" in shelf.look() and shelf.told == ["catalog"]
    assert shelf.store.counts.received - received == len(shelf.memory.get(projects_key("numpy")))
    shelf.look()
    assert shelf.told == ["catalog"]


def test_a_new_lock_is_told_too() -> None:
    shelf = Shelf()
    shelf.look()
    rows = [LockFacts("team/x", 1, "2026-11-01T00:00:00Z", "ann", 3, "cpython-311", ())]
    shelf.memory.put_new("catalog/locks", format_locks(rows))
    assert [*shelf.catalog.look(shelf.store, lambda: None).locks] == ["team/x"]
    assert shelf.told == ["lock"]


def test_a_lock_that_was_removed_is_not_shown() -> None:
    """The catalog keeps a row of it, without a tag."""
    shelf = Shelf()
    rows = [
        LockFacts(name, 2, "2026-11-01T00:00:00Z", "ann", 0, tag, ()) for name, tag in (("gone", ""), ("kept", "x"))
    ]
    shelf.memory.put_new("catalog/locks", format_locks(rows))
    assert [*shelf.catalog.look(shelf.store, lambda: None).locks] == ["kept"]


def test_projects_that_go_are_gone() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    shelf.look()
    shelf.memory.delete(projects_key("numpy"))
    assert shelf.look() == [] and shelf.told == ["catalog"]


def test_damage_is_told_and_gone_when_it_is_mended() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    publish(shelf.memory, "pandas", "1")
    shelf.look()
    sound = shelf.memory.get(projects_key("numpy"))
    shelf.memory.delete(projects_key("numpy"))
    shelf.memory.put_new(projects_key("numpy"), b"rubbish")
    for _ in range(2):
        with pytest.raises(ObjectInvalid):
            shelf.look()
    shelf.memory.delete(projects_key("numpy"))
    shelf.memory.put_new(projects_key("numpy"), sound)
    assert shelf.look() == ["numpy", "pandas"]


def test_all_who_ask_at_once_wait_for_one_look() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    threads = [threading.Thread(target=shelf.read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.asked() == {"get_changed": 17}


def test_dependents_are_those_whose_default_needs_it() -> None:
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    publish(shelf.memory, "pandas", "1", requires=["numpy>=1", 'extra-thing; extra == "x"'])
    publish(shelf.memory, "scipy", "1", requires=["numpy"])
    listing = shelf.catalog.look(shelf.store, lambda: None)
    assert listing.dependents == {"numpy": ["pandas", "scipy"]}


def test_a_catalog_that_does_not_say_who_needs_what_says_so() -> None:
    """One that was written by yesterday's cloudshelf, in part."""
    shelf = Shelf()
    publish(shelf.memory, "numpy", "1")
    update_catalog(shelf.memory, [ProjectFacts("old", 1, "", "1", "1", 1, ())])
    assert shelf.catalog.look(shelf.store, lambda: None).dependents is None


# work in threads


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers("The shelf", 1, 60.0)
    yield made
    made.close()


def test_work_that_nobody_waits_for_never_begins_or_is_told(workers: Workers) -> None:
    begun, told, others = threading.Event(), threading.Event(), list[str]()

    def long(job: Job) -> None:
        begun.set()
        while True:
            try:
                job.pause()
            except Abandoned:
                told.set()
                raise

    async def scene() -> str:
        first = asyncio.ensure_future(workers.run(long))
        await asyncio.to_thread(begun.wait)
        second = asyncio.ensure_future(workers.run(lambda job: others.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.to_thread(told.wait)
        return await workers.run(lambda job: "third")

    assert asyncio.run(scene()) == "third"
    assert others == []


def test_a_deadline_is_an_error_that_says_who_was_slow() -> None:
    workers, release = Workers("The shelf s3://x/y", 1, 0.05), threading.Event()

    async def scene() -> None:
        await workers.run(lambda job: release.wait())

    try:
        with pytest.raises(ShelfSlow, match=r"The shelf s3://x/y did not answer within 0\.05 s"):
            asyncio.run(scene())
    finally:
        release.set()
        workers.close()


# trees


def test_a_tree_of_50_000_files_is_put_together_once_and_a_folder_of_it_is_a_page(shelf_of_many: Tree) -> None:
    top = shelf_of_many.entries("site/wide")
    assert shelf_of_many.entries("site/wide") is top
    assert sum(entry.size for entry in shelf_of_many.entries("")) == 50_000
    with pytest.raises(PathMissing):
        shelf_of_many.entries("site/wide/none")


@pytest.fixture(scope="module")
def shelf_of_many() -> Tree:
    files = tuple(
        File(f"site/wide/part_{n // 50:04}/file_{n:05}.py", 1, 0o644, 1, "0" * 64, Kind.SOURCE, 0, n)
        for n in range(50_000)
    )
    return Tree(Manifest("wide", "1.0", "wide-1.0-py3-none-any.whl", "", files, (), 0, {}, {}, ()))


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    kept = Remembered[str](10)
    for name in "ab":
        kept.put(name, name, 4)
    assert kept.get("a") == "a"
    kept.put("c", "c", 4)
    assert [kept.get(name) for name in "abc"] == ["a", None, "c"]
    kept.put("huge", "huge", 100)
    assert [kept.get(name) for name in ("a", "c", "huge")] == [None, None, "huge"]
