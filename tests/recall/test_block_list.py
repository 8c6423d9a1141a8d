"""The block list on a shelf: who changes it loses nothing, whoever reads it is not given an older one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.chains.chain import walk_chain
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.envelope import format_object
from cloudshelf.codecs.names import SHELF
from cloudshelf.codecs.recall import HEAD, Block, BlockList, format_block_list, parse_block_list
from cloudshelf.errors import (
    AccessDenied,
    HeadReplayed,
    NotBlocked,
    ObjectInvalid,
    ObjectMissing,
    OutcomeUnknown,
    UsageError,
)
from cloudshelf.recall.blocking import CHAIN, block, parse_target, unblock
from cloudshelf.recall.matching import Part, is_meant
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.local import LocalStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.repository.shelves import publish

WHY = "it sends keys away"


@pytest.fixture(params=["memory", "local", "seaweed", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "local":
        made = LocalStore(str(tmp_path / "shelf"))
    else:
        server = request.getfixturevalue(f"{request.param}_server")
        made = open_store(f"{server.url}/recall-{tmp_path.name}", environ=server.environ())
    init_shelf(made, "ours")
    yield made


def texts(store: Store) -> list[str]:
    found = Repository(store).recalled()
    return [each.text for each in found.blocks] if found else []


def test_what_is_blocked_is_listed_until_it_is_unblocked(store: Store) -> None:
    assert Repository(store).recalled() is None
    block(store, ["Torch==2.1.2", "numpy < 2"], reason=WHY, use="torch==2.1.3", by="ann")
    found = Repository(store).recalled()
    assert found is not None and [each.text for each in found.blocks] == ["numpy<2", "torch==2.1.2"]
    assert {(each.reason, each.use, each.by) for each in found.blocks} == {(WHY, "torch==2.1.3", "ann")}
    unblock(store, ["numpy<2"], by="bob")
    assert texts(store) == ["torch==2.1.2"]
    unblock(store, ["torch==2.1.2"], by="bob")
    assert texts(store) == []


def test_blocking_again_says_the_new_reason_and_the_same_one_writes_nothing(store: Store) -> None:
    block(store, ["torch"], reason=WHY, by="ann")
    assert block(store, ["torch"], reason=WHY, by="bob").seq == 1
    found = block(store, ["torch"], reason="worse", by="bob")
    assert (found.seq, [each.reason for each in found.blocks]) == (2, ["worse"])


def test_who_did_what_when_stays_in_the_chain(store: Store) -> None:
    block(store, ["torch==1"], reason=WHY, by="ann")
    last = unblock(store, ["torch==1"], by="bob")
    assert [(each.by, each.action) for each in walk_chain(store, CHAIN, last)] == [
        ("bob", "unblock torch==1"),
        ("ann", "block torch==1"),
    ]


def test_of_many_who_block_at_once_nobody_is_lost(store: Store) -> None:
    names = [f"project{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: block(store, [name], reason=WHY, by=name), names))
    assert texts(store) == names


def test_unblocking_what_is_not_blocked_names_what_is(store: Store) -> None:
    block(store, ["torch==2.1.2"], reason=WHY, by="ann")
    with pytest.raises(NotBlocked, match=r"torch is not on the block list; blocked: torch==2\.1\.2\."):
        unblock(store, ["torch"], by="bob")
    with pytest.raises(NotBlocked, match="nothing of it"):
        unblock(store, ["numpy"], by="bob")


def test_a_use_of_a_shelf_without_a_list_asks_nothing_more_and_with_one_once_more(store: Store, tmp_path: Path) -> None:
    publish(store, "numpy", "1.0")

    def requests() -> int:
        counting = CountingStore(store)
        Shelf(counting, cache=tmp_path / "cache").lock(["numpy"])
        return counting.counts.total

    requests()  # what is immutable is cached from now on
    without = requests()
    block(store, ["torch"], reason=WHY, by="ann")
    assert requests() == without + 1
    unblock(store, ["torch"], by="ann")
    assert requests() == without + 1


# against who serves old data


def overwrite(store: Store, key: str, data: bytes | None) -> None:
    _, etag = store.get_tagged(key)
    if data is None:
        store.delete(key)  # type: ignore[attr-defined]
    else:
        store.replace(key, data, etag=etag)


@pytest.fixture
def seen(tmp_path: Path) -> tuple[MemoryStore, Path]:
    """A shelf of which a reader has seen the second state of the list, and that reader's cache."""
    store = MemoryStore()
    init_shelf(store, "ours")
    block(store, ["torch==1"], reason=WHY, by="ann")
    first = store.get(HEAD)
    block(store, ["numpy==1"], reason=WHY, by="ann")
    assert Repository(store, cache=tmp_path).recalled() is not None
    (tmp_path / "first").write_bytes(first)
    return store, tmp_path


def test_an_older_list_is_refused(seen: tuple[MemoryStore, Path]) -> None:
    store, cache = seen
    overwrite(store, HEAD, (cache / "first").read_bytes())
    with pytest.raises(HeadReplayed):
        Repository(store, cache=cache).recalled()


def test_a_list_that_vanished_is_refused(seen: tuple[MemoryStore, Path]) -> None:
    store, cache = seen
    overwrite(store, HEAD, None)
    with pytest.raises(HeadReplayed):
        Repository(store, cache=cache).recalled()
    with pytest.raises(ObjectMissing):  # who never saw it knows by shelf.json
        Repository(store).recalled()


def test_a_shelf_that_no_longer_says_that_it_has_a_list_is_asked_all_the_same(seen: tuple[MemoryStore, Path]) -> None:
    store, cache = seen
    info = Repository(store).info()
    overwrite(store, SHELF, format_object("shelf", {"id": info.id, "name": info.name, "settings": {}}))
    found = Repository(store, cache=cache).recalled()
    assert found is not None and len(found.blocks) == 2


def test_every_flip_and_every_cut_of_the_list_is_caught(seen: tuple[MemoryStore, Path]) -> None:
    data = seen[0].get(HEAD)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1
        for damaged in (bytes(flipped), data[:place]):
            with pytest.raises(ObjectInvalid):
                parse_block_list(damaged, HEAD)


@pytest.mark.parametrize(
    "wrong", [{"project": "../x"}, {"project": "", "sha256": ""}, {"sha256": "abc"}, {"reason": 7}]
)
def test_a_block_that_names_nothing_is_refused(wrong: dict[str, object]) -> None:
    row = {"project": "torch", "versions": "", "sha256": "", "reason": "", "use": "", "by": "", "time": ""}
    fields = {"seq": 1, "write_id": "w", "prev": None, "time": "", "by": "", "action": "", "blocks": [row | wrong]}
    with pytest.raises(ObjectInvalid, match="recall/_head"):
        parse_block_list(format_object("recall", fields), HEAD)


def test_the_list_comes_back_as_it_was_written() -> None:
    blocks = (Block("torch", "<2.1", "", 'a "reason" — ü', "torch>=2.1", "ann", "2026-11-26T07:00:00Z"),)
    written = BlockList(3, "w", "a" * 64, "2026-11-26T07:00:00Z", "ann", "block torch<2.1", blocks)
    assert parse_block_list(format_block_list(written), HEAD) == written


# crashes


class Failing(MemoryStore):
    """``shelf.json`` cannot be replaced as long as ``error`` is set."""

    error: Exception | None = None

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        if key == SHELF and self.error is not None:
            raise self.error
        return super().replace(key, data, etag=etag)


def test_who_may_write_the_list_but_not_shelf_json_is_told_what_is_missing_and_then_goes_on() -> None:
    store = Failing()
    init_shelf(store, "ours")
    store.error = AccessDenied(SHELF, store.url)
    with pytest.raises(AccessDenied, match="has to say that there is a block list"):
        block(store, ["torch"], reason=WHY, by="security")
    store.error = None
    assert block(store, ["torch"], reason=WHY, by="admin").seq == 1
    assert texts(store) == ["torch"]
    store.error = AccessDenied(SHELF, store.url)
    block(store, ["numpy"], reason=WHY, by="security")
    assert texts(store) == ["numpy", "torch"]


def test_a_lost_reply_is_one_block() -> None:
    class Losing(MemoryStore):
        lose = True

        def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
            written = super().replace(key, data, etag=etag)
            if key == HEAD and self.lose:
                self.lose = False
                raise OutcomeUnknown(key, "connection reset")
            return written

    store = Losing()
    init_shelf(store, "ours")
    assert block(store, ["torch"], reason=WHY, by="ann").seq == 1
    assert texts(store) == ["torch"]


# what is meant


TARGETS = {
    "torch": ("torch", "", ""),
    " Torch_Vision==2.1.2 ": ("torch-vision", "==2.1.2", ""),
    "torch >=1, <2": ("torch", "<2,>=1", ""),
    "sha256:" + "A" * 64: ("", "", "a" * 64),
    "b" * 64: ("", "", "b" * 64),
}


@pytest.mark.parametrize("text", TARGETS)
def test_a_target_is_read_as(text: str) -> None:
    assert parse_target(text) == TARGETS[text]


@pytest.mark.parametrize(
    "text", ["", "==2", "torch=2", "torch 2", "../torch", "torch==", "torch;x", "torch[a]", "sha256:12"]
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="nothing that can be blocked"):
        parse_target(text)


MEANT = [
    ("torch==2.1", "2.1.0", True),
    ("torch==2.1", "2.1.0+cpu", True),
    ("torch==2.1+cpu", "2.1+cu121", False),
    ("torch<2", "2.0rc1", False),
    ("torch<3", "2.0rc1", True),
    ("torch==2.*", "2.9.post1", True),
    ("torch~=2.1", "3.0", False),
    ("torch!=2.1", "2.0", True),
    ("torch", "0.0.dev0", True),
    ("torch<2", "not a version", True),
]


@pytest.mark.parametrize(("target", "version", "expected"), MEANT)
def test_versions_compare_by_pep_440(target: str, version: str, expected: bool) -> None:
    blocked = Block(*parse_target(target), "", "", "", "")
    assert is_meant(blocked, Part("torch", version, "c" * 64)) is expected
    assert not is_meant(blocked, Part("torchvision", version, "c" * 64))


def test_a_reason_is_needed_and_a_replacement_has_to_be_one() -> None:
    store = MemoryStore()
    init_shelf(store, "ours")
    with pytest.raises(UsageError, match="Say why"):
        block(store, ["torch"], reason=" ", by="ann")
    with pytest.raises(UsageError, match="not a requirement"):
        block(store, ["torch"], reason=WHY, use="the other one", by="ann")


def test_lists_are_read_once_by_many_threads() -> None:
    store = MemoryStore()
    init_shelf(store, "ours")
    block(store, ["torch"], reason=WHY, by="ann")
    counting = CountingStore(store)
    repository = Repository(counting)
    threads = [threading.Thread(target=repository.recalled) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.counts.total == 2
