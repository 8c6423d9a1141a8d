"""The commit: nothing is lost, nothing lands twice, and a lost reply is never guessed at."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cloudshelf.chains.commit import LIMIT, Change, change_head, init_shelf, walk_history
from cloudshelf.codecs.head import parse_head
from cloudshelf.codecs.names import head_key, history_key, sha256
from cloudshelf.errors import ObjectInvalid, OutcomeUnknown, ShelfExists, StoreUnreachable
from cloudshelf.model import Entry, Head
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import S3Server

from .shelves import BY, A, B, Interfering, put_version


def read(store: Store, project: str = "numpy") -> Head:
    return parse_head(store.get(head_key(project)), project, "head")


def history(store: Store, project: str = "numpy") -> list[int]:
    return [head.seq for head in walk_history(store, read(store, project))]


def test_the_first_commit_begins_the_chain_and_history_has_it_too() -> None:
    store = MemoryStore()
    head = put_version(store, "numpy", {"1": Entry(A)}, "1")
    assert (head.seq, head.prev, head.default, head.versions) == (1, None, "1", {"1": Entry(A)})
    assert store.get(history_key("numpy", 1, sha256(store.get(head_key("numpy"))))) == store.get(head_key("numpy"))


def test_every_commit_names_the_bytes_of_the_one_before() -> None:
    store = MemoryStore()
    put_version(store, "numpy", {"1": Entry(A)})
    before = store.get(head_key("numpy"))
    head = put_version(store, "numpy", {"2": Entry(B)})
    assert (head.seq, head.prev) == (2, sha256(before))
    assert head.versions == {"1": Entry(A), "2": Entry(B)}


def test_what_says_nothing_new_writes_nothing() -> None:
    store = CountingStore(MemoryStore())
    put_version(store, "numpy", {"1": Entry(A)}, "1")
    before = store.counts
    head = put_version(store, "numpy", {"1": Entry(A)}, "1")
    assert head.seq == 1
    assert change_head(store, "numpy", lambda head: None, by=BY, action="nothing").seq == 1
    assert store.counts.since(before).requests == {"get_tagged": 2}


def test_a_conflict_is_rebased_on_what_the_other_wrote() -> None:
    store = Interfering()
    put_version(store, "numpy", {"1": Entry(A)})

    def overtake() -> None:
        put_version(store, "numpy", {"2": Entry(B)})

    store.before = [overtake]
    head = put_version(store, "numpy", {"3": Entry(A)})
    assert head.seq == 3
    assert set(head.versions) == {"1", "2", "3"}
    assert history(store) == [3, 2, 1]


def test_a_lost_reply_of_a_write_that_landed_is_success_once() -> None:
    store = Interfering()
    put_version(store, "numpy", {"1": Entry(A)})
    store.lose_replies = 1
    head = put_version(store, "numpy", {"2": Entry(B)})
    assert (head.seq, read(store)) == (2, head)
    assert history(store) == [2, 1]


def test_a_lost_reply_is_found_below_what_others_committed_meanwhile() -> None:
    store = Interfering()

    def overtake() -> None:
        put_version(store, "numpy", {"9": Entry(A)})
        put_version(store, "numpy", {"10": Entry(A)})

    put_version(store, "numpy", {"1": Entry(A)})
    store.lose_replies, store.after = 1, [overtake]
    head = put_version(store, "numpy", {"2": Entry(B)})
    assert head.seq == 2
    assert history(store) == [4, 3, 2, 1]


def test_whoever_lost_to_two_hundred_others_reads_few_of_their_heads() -> None:
    store = Interfering()
    put_version(store, "numpy", {"1": Entry(A)})

    def overtake() -> None:
        for number in range(200):
            put_version(store, "numpy", {f"1.{number}": Entry(A)})

    counted = CountingStore(store)
    store.before = [overtake]
    assert put_version(counted, "numpy", {"2": Entry(B)}).seq == 202
    assert counted.counts.requests["get"] <= 8  # the logarithm of 200: no walk through all of them


def test_a_write_that_never_arrived_is_tried_again() -> None:
    store = Interfering()
    store.lose_requests = 1
    assert put_version(store, "numpy", {"1": Entry(A)}).seq == 1
    assert history(store) == [1]


def test_a_lost_reply_and_an_unreadable_head_is_an_unknown_outcome() -> None:
    store = Interfering()
    put_version(store, "numpy", {"1": Entry(A)})
    store.lose_replies = 1
    reads = iter([store.get_tagged])

    def get_tagged(key: str) -> tuple[bytes, str]:
        for read_once in reads:
            return read_once(key)
        raise StoreUnreachable("memory:", "no route")

    store.get_tagged = get_tagged  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        put_version(store, "numpy", {"2": Entry(B)})


def race(store: Store, publishers: int, each: int) -> None:
    """Publishers at once; afterwards all that they wrote is there, and the chain has it once."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(each):
                put_version(store, "numpy", {f"{number}.{i}": Entry(A)})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(publishers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(read(store).versions) == publishers * each
    assert history(store) == list(range(publishers * each, 0, -1))


def test_eight_publishers_at_once_lose_nothing_in_memory() -> None:
    race(MemoryStore(), 8, 4)


def test_eight_publishers_at_once_lose_nothing_in_a_folder(tmp_path: Path) -> None:
    race(open_store(tmp_path.as_uri()), 8, 4)


def test_four_publishers_at_once_lose_nothing_on_s3(moto_server: S3Server) -> None:
    race(open_store(f"{moto_server.url}/commit-race", environ=moto_server.environ()), 4, 3)


def test_a_callback_that_refuses_leaves_the_head_alone() -> None:
    store = MemoryStore()
    put_version(store, "numpy", {"1": Entry(A)})

    def refuse(head: Head | None) -> Change:
        raise ValueError("not so")

    with pytest.raises(ValueError, match="not so"):
        change_head(store, "numpy", refuse, by=BY, action="x")
    assert history(store) == [1]


def test_rolling_back_is_a_new_head_with_the_older_list() -> None:
    store = MemoryStore()
    first = put_version(store, "numpy", {"1": Entry(A)}, "1")
    put_version(store, "numpy", {"2": Entry(B)}, "2")
    head = change_head(store, "numpy", lambda _: Change(base=first), by=BY, action="rollback")
    assert (head.seq, head.default, head.versions) == (3, "1", {"1": Entry(A)})


def test_a_long_list_is_folded_and_nothing_of_it_is_lost() -> None:
    store = MemoryStore()
    entries = {f"1.{i}": Entry(sha256(str(i).encode())) for i in range(3 * LIMIT)}
    for number, (version, entry) in enumerate(entries.items()):
        head = put_version(store, "numpy", {version: entry}, "1.0" if not number else None)
        assert len(head.versions) <= LIMIT
    assert head.older is not None
    assert "1.0" in head.versions  # the default is at hand without the index
    assert Repository(store).versions("numpy") == entries


def test_yanking_a_folded_version_wins_over_the_index() -> None:
    store = MemoryStore()
    put_version(store, "numpy", {f"1.{i}": Entry(A) for i in range(2 * LIMIT)})
    put_version(store, "numpy", {"1.0": Entry(A, "bad")})
    assert Repository(store).versions("numpy")["1.0"] == Entry(A, "bad")
    assert len(Repository(store).versions("numpy")) == 2 * LIMIT


def test_one_more_of_three_thousand_versions_uploads_little() -> None:
    store = CountingStore(MemoryStore())
    put_version(store, "numpy", {f"1.{i}": Entry(sha256(str(i).encode())) for i in range(3000)})
    sent = []
    for number in range(LIMIT):
        before = store.counts
        put_version(store, "numpy", {f"2.{number}": Entry(B)})
        after = store.counts.since(before)
        sent.append(after.sent)
        assert after.total <= 5
    folds = [size for size in sent if size > 32_000]
    assert len(folds) <= LIMIT // 90  # an index is rewritten once in 96 publishes
    assert sum(sent) / len(sent) < 32_000
    assert len(Repository(store).versions("numpy")) == 3000 + LIMIT


def test_a_broken_chain_is_named() -> None:
    store = Interfering()
    put_version(store, "numpy", {"1": Entry(A)})
    key = history_key("numpy", 1, sha256(store.get(head_key("numpy"))))
    head = put_version(store, "numpy", {"2": Entry(A)})
    store.overwrite(key, store.get(key).replace(b'"ann"', b'"eve"'))
    with pytest.raises(ObjectInvalid, match="history/0000000001"):
        list(walk_history(store, head))


def test_a_shelf_is_created_once() -> None:
    store = MemoryStore()
    identity = init_shelf(store, "ours")
    with pytest.raises(ShelfExists):
        init_shelf(store, "theirs")
    assert (Repository(store).info().id, Repository(store).info().name) == (identity, "ours")
