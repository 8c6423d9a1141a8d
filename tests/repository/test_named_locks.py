"""Named locks: what a name promises, who changed it, and what happens when two do, or a reply is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cloudshelf.catalog import update_locks
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.head import format_head
from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.codecs.named_lock import LOCKS, facts_of
from cloudshelf.codecs.names import head_key, is_lock_name, lock_content_key, lock_head_key
from cloudshelf.errors import (
    AccessDenied,
    HeadReplayed,
    LockMissing,
    LockRemoved,
    ObjectInvalid,
    ObjectMissing,
    OutcomeUnknown,
    ShelfMissing,
    UsageError,
)
from cloudshelf.model import Lock
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from cloudshelf.target import target_for
from cloudshelf.verbs.locks import name_lock
from tests.servers import Identity, seaweed

from .shelves import BY, Interfering, publish

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")
NAME = "team/2026q4"


class InterferingWithLocks(Interfering):
    """Things happen around the next replacements of a lock's head."""

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        if not key.endswith("/_head"):
            return MemoryStore.replace(self, key, data, etag=etag)
        if self.before:
            self.before.pop(0)()
        written = MemoryStore.replace(self, key, data, etag=etag)
        if self.lose_replies:
            self.lose_replies -= 1
            if self.after:
                self.after.pop(0)()
            raise OutcomeUnknown(key, "connection reset")
        return written


def prepare(store: Store) -> None:
    init_shelf(store, "ours")
    publish(store, "numpy", "1.0")
    publish(store, "numpy", "2.0")
    publish(store, "pandas", "1.0", requires=["numpy"])


@pytest.fixture
def store() -> InterferingWithLocks:
    store = InterferingWithLocks()
    prepare(store)
    return store


def resolved(store: Store, *requirements: str) -> Lock:
    return Shelf(store).lock(requirements, target=TARGET).lock


def write(store: Store, name: str, *requirements: str, by: str = BY) -> int:
    return Shelf(store).named_locks.write(name, resolved(store, *requirements), by=by).head.seq


def read(store: Store, name: str = NAME, cache: Path | None = None) -> Lock:
    return parse_lock(Shelf(store, cache=cache).named_locks.read(name)[1], name)


def test_a_name_is_the_lock_that_was_put_under_it_to_the_byte(store: InterferingWithLocks) -> None:
    lock = resolved(store, "pandas")
    named = Shelf(store).named_locks.write(NAME, lock, by="ann")
    assert (named.head.seq, named.written) == (1, True)
    head, text = Shelf(store).named_locks.read(NAME)
    assert text == format_lock(lock)
    assert (head.by, head.pins, head.tag, head.requirements) == ("ann", 2, "cpython-311", ("pandas",))


def test_the_same_lock_again_writes_nothing(store: InterferingWithLocks) -> None:
    write(store, NAME, "pandas")
    counting = CountingStore(store)
    named = Shelf(counting).named_locks.write(NAME, resolved(store, "pandas"), by="eve")
    assert (named.head.seq, named.head.by, named.written) == (1, BY, False)
    assert "replace" not in counting.counts.requests


def test_every_state_stays_and_says_who_changed_it(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy", by="ann")
    write(store, NAME, "numpy==2.0", by="eve")
    write(store, NAME, "pandas", by="bob")
    assert [(h.seq, h.by) for h in Shelf(store).named_locks.history(NAME)] == [(3, "bob"), (2, "eve"), (1, "ann")]
    assert read(store, f"{NAME}@2").requirements == ("numpy==2.0",)
    assert read(store, f"{NAME}@3") == read(store, NAME)
    for state in ("0", "4"):
        with pytest.raises(UsageError, match=f"has no state {state}; it is at 3. See: cloudshelf locks {NAME}"):
            read(store, f"{NAME}@{state}")


def test_a_name_asks_for_two_objects_and_an_old_state_for_few(store: InterferingWithLocks) -> None:
    for number in range(40):
        write(store, NAME, f"numpy>={number % 2}.0")
    counting = CountingStore(store)
    Shelf(counting).named_locks.read(NAME)
    assert counting.counts.total == 2
    Shelf(counting).named_locks.read(f"{NAME}@3")
    assert counting.counts.total <= 2 + 2 + 6


def test_the_list_has_them_all_with_one_request(store: InterferingWithLocks) -> None:
    assert Shelf(store).named_locks.list() == ()
    for name in ("team/b", "team", "a"):
        write(store, name, "numpy")
    counting = CountingStore(store)
    shelf = Shelf(counting)
    assert [(row.name, row.seq, row.pins) for row in shelf.named_locks.list()] == [
        ("a", 1, 1),
        ("team", 1, 1),
        ("team/b", 1, 1),
    ]
    assert counting.counts.requests == {"get": 2}  # the list, and shelf.json, without which there is no shelf


def test_a_removed_name_is_gone_its_states_are_not_and_it_comes_back(
    store: InterferingWithLocks, tmp_path: Path
) -> None:
    write(store, NAME, "numpy")
    write(store, NAME, "pandas")
    assert Shelf(store).named_locks.remove(NAME, by="eve").head.seq == 3
    for name in (NAME, f"{NAME}@3"):
        with pytest.raises(
            LockRemoved, match=rf"{NAME} was removed from .* by eve at .* --lock {NAME}@2 --name {NAME}$"
        ):
            read(store, name)
    with pytest.raises(LockRemoved):
        Shelf(store).named_locks.remove(NAME, by="ann")
    assert Shelf(store).named_locks.list() == ()
    assert read(store, f"{NAME}@2").requirements == ("pandas",)
    assert [(h.seq, h.by, h.removed) for h in Shelf(store).named_locks.history(NAME)] == [
        (3, "eve", True),
        (2, BY, False),
        (1, BY, False),
    ]
    assert Shelf(store).verify().damages == []
    assert write(store, NAME, "pandas") == 4  # the lock that it was last is new again
    assert [(row.name, row.seq, row.pins) for row in Shelf(store).named_locks.list()] == [(NAME, 4, 2)]


def test_a_slow_writer_does_not_bring_a_removed_name_back_into_the_list(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy")
    late = Shelf(store).named_locks.head(NAME)
    Shelf(store).named_locks.remove(NAME, by="eve")
    update_locks(store, [facts_of(late)])
    assert Shelf(store).named_locks.list() == ()
    store.delete(LOCKS)
    Shelf(store).rebuild_catalog()
    assert Shelf(store).named_locks.list() == () and Shelf(store).verify().damages == []


def test_a_name_that_is_removed_while_it_is_written_is_the_last_word_of_one(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy")
    store.before = [lambda: _remove(store)]
    assert write(store, NAME, "pandas") == 3
    assert [h.removed for h in Shelf(store).named_locks.history(NAME)] == [False, True, False]
    store.lose_replies = 1
    assert Shelf(store).named_locks.remove(NAME, by="eve").head.seq == 4


def _remove(store: InterferingWithLocks) -> None:
    Shelf(store).named_locks.remove(NAME, by="eve")


def test_one_name_may_stand_below_another(store: InterferingWithLocks, tmp_path: Path) -> None:
    folder = open_store(tmp_path.as_uri())
    prepare(folder)
    for each in (store, folder):
        write(each, "team", "numpy")
        write(each, "team/2026q4", "pandas")
        assert [read(each, name).requirements for name in ("team", "team/2026q4")] == [("numpy",), ("pandas",)]


def test_a_missing_name_says_what_is_there(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy")
    with pytest.raises(LockMissing, match=rf"There is no lock team/2026q5 .* Did you mean {NAME}\? .*\./team/2026q5$"):
        read(store, "team/2026q5")
    with pytest.raises(ShelfMissing):
        read(MemoryStore(), NAME)
    with pytest.raises(ShelfMissing):
        Shelf(MemoryStore()).named_locks.write(NAME, resolved(store, "numpy"), by=BY)


@pytest.mark.parametrize("name", ["team/2026q4", "a", "0", "a.b-c_d/E", "x" * 64, f"{'x' * 63}/{'y' * 64}"])
def test_names_are_letters_digits_and_few_signs_in_parts(name: str, store: InterferingWithLocks) -> None:
    write(store, name, "numpy")
    assert read(store, name).requirements == ("numpy",)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/a", "a/", "a//b", "..", "../a", "a/../b", "a..b", ".a", "_head", "a/_head", "-a", "a b", "é", "a\n"),
        *("a@1", "a:b", "a\\b", "a\0", "pylock.toml", "a/b.TOML", "uv.lock", "x.ipynb", "x" * 65, "x/" * 64 + "x"),
    ],
)
def test_what_could_be_a_file_or_leave_its_place_is_no_name(name: str, store: InterferingWithLocks) -> None:
    assert not is_lock_name(name)
    with pytest.raises(UsageError, match=r"cannot be the name of a lock|is a file's name"):
        Shelf(store).named_locks.write(name, resolved(store, "numpy"), by=BY)
    assert not list(store.list("locks/"))


def test_who_comes_second_replaces_and_nothing_is_lost(store: InterferingWithLocks) -> None:
    store.before = [lambda: _overtake(store)]
    assert write(store, NAME, "pandas") == 2
    assert [h.requirements for h in Shelf(store).named_locks.history(NAME)] == [("pandas",), ("numpy",)]


def _overtake(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy", by="eve")


def test_a_lost_reply_of_a_write_that_landed_is_success_once(store: InterferingWithLocks) -> None:
    store.lose_replies, store.after = 1, [lambda: _overtake(store)]
    assert write(store, NAME, "pandas") == 1
    assert [h.by for h in Shelf(store).named_locks.history(NAME)] == ["eve", BY]


def test_many_at_once_lose_nothing_in_a_folder(tmp_path: Path) -> None:
    store = open_store(tmp_path.as_uri())
    prepare(store)
    locks = [resolved(store, "numpy")._replace(requirements=(f"numpy>0.{i}",)) for i in range(12)]
    failures: list[BaseException] = []

    def work(lock: Lock) -> None:
        try:
            Shelf(store).named_locks.write(NAME, lock, by=BY)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = list(Shelf(store).named_locks.history(NAME))
    assert failures == [] and [h.seq for h in states] == list(range(12, 0, -1))
    assert {h.requirements for h in states} == {lock.requirements for lock in locks}
    assert [row.seq for row in Shelf(store).named_locks.list()] == [12]


def test_a_replayed_head_is_refused(store: InterferingWithLocks, tmp_path: Path) -> None:
    write(store, NAME, "numpy")
    old = store.get(lock_head_key(NAME))
    write(store, NAME, "pandas")
    read(store, cache=tmp_path)
    store.overwrite(lock_head_key(NAME), old)
    with pytest.raises(HeadReplayed, match=r"locks/team/2026q4/_head went back in time"):
        read(store, cache=tmp_path)
    assert read(store).requirements == ("numpy",)  # somebody who has seen nothing yet


def test_another_locks_head_or_text_is_refused(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy")
    write(store, "other", "pandas")
    head = Shelf(store).named_locks.head(NAME)
    key = lock_content_key(NAME, head.lock)
    store.overwrite(key, store.get(key).replace(b"1.0", b"2.0"))
    with pytest.raises(ObjectInvalid, match="not those that its name says"):
        read(store)
    store.overwrite(lock_head_key(NAME), store.get(lock_head_key("other")))
    with pytest.raises(ObjectInvalid, match="it is the head of 'other'"):
        read(store)


def test_verify_finds_damage_and_repair_writes_the_list_anew(store: InterferingWithLocks) -> None:
    write(store, NAME, "numpy")
    write(store, NAME, "pandas")
    write(store, "other", "numpy")
    assert (Shelf(store).verify().locks, Shelf(store).verify().damages) == (2, [])
    store.delete(LOCKS)
    assert [d.key for d in Shelf(store).verify().damages] == [LOCKS]
    Shelf(store).rebuild_catalog()
    assert [(row.name, row.seq) for row in Shelf(store).named_locks.list()] == [("other", 1), (NAME, 2)]
    assert Shelf(store).verify().damages == []
    first = list(Shelf(store).named_locks.history(NAME))[-1]
    store.delete(lock_content_key(NAME, first.lock))
    assert [(d.key, d.reason) for d in Shelf(store).verify().damages] == [
        (lock_content_key(NAME, first.lock), "it is missing")
    ]


def test_verify_finds_a_skip_that_leads_elsewhere(store: InterferingWithLocks) -> None:
    head = Shelf(store).repository.head("numpy")
    forged = head._replace(skips=(head.skips[0]._replace(digest="f" * 64), *head.skips[1:]))
    store.overwrite(head_key("numpy"), format_head(forged))
    assert "state 2 names an earlier one wrongly" in [d.reason for d in Shelf(store).verify().damages]


READER = Identity("reader", "AKIDLOCKREADER", "canary-secret-reader", ("Read:shelf/team/*", "List:shelf/team/*"))
WRITER = Identity(
    "writer",
    "AKIDLOCKWRITER",
    "canary-secret-writer",
    ("Read:shelf/team/*", "List:shelf/team/*", "Write:shelf/team/locks/team/*"),
)


def test_grants_on_s3_are_by_name_and_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with seaweed([READER, WRITER]) as server:

        def shelf(who: Identity | None = None) -> Shelf:
            return Shelf(open_store(f"{server.url}/team", environ=server.environ(who)))

        prepare(shelf().store)
        lock = shelf().lock(["pandas"], target=TARGET).lock
        for who, name in ((READER, NAME), (WRITER, "others/x")):
            with pytest.raises(AccessDenied, match=rf"no access to locks/{name}/ \(to write the lock {name}\)"):
                shelf(who).named_locks.write(name, lock, by="r")
            with pytest.raises((LockMissing, AccessDenied)):
                shelf().named_locks.read(name)
        named = shelf(WRITER).named_locks.write(NAME, lock, by="w")
        assert "cloudshelf locks does not show it yet" in named.notes[0]  # the list is the indexer's
        assert shelf(READER).named_locks.read(NAME)[1] == format_lock(lock)
        assert shelf().named_locks.write(NAME, lock, by="admin").notes == ()
        assert [row.name for row in shelf(READER).named_locks.list()] == [NAME]
        with pytest.raises(AccessDenied, match=rf"\(to remove the lock {NAME}\)"):
            shelf(READER).named_locks.remove(NAME, by="r")
        assert shelf(READER).named_locks.read(NAME)[1] == format_lock(lock)


def test_no_lock_names_what_the_shelf_lacks(store: InterferingWithLocks) -> None:
    lock, other = resolved(store, "numpy"), MemoryStore("memory:other")
    init_shelf(other, "theirs")
    with pytest.raises(ObjectMissing, match=f"projects/numpy/release/{lock.pins[0].release} is not in memory:other"):
        name_lock(Shelf(other), NAME, lock)
    recompiled = lock._replace(pins=(lock.pins[0]._replace(manifest=f"{'0' * 64}.0"),))
    with pytest.raises(ObjectMissing, match="projects/numpy/manifest/0000"):
        name_lock(Shelf(store), NAME, recompiled)
    assert not [*store.list("locks/"), *other.list("locks/")]
