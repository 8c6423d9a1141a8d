"""Collecting takes what no head ever named, when it is old, and nothing else; a publish in flight loses nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cloudshelf.catalog import refresh_catalog
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.names import COLLECT, head_key, pack_key, release_key
from cloudshelf.errors import ProjectMissing, UsageError
from cloudshelf.publisher.upload import NewWheel, PackUploads, upload
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.protocols import Store
from cloudshelf.upkeep.collecting import collect, parse_grace, store_time

from .actors import Actor, Fate
from .wheels import PROJECT, put_wheel

NOW = timedelta(0)
WEEK = timedelta(days=7)
Wheels = dict[str, NewWheel]


def keys(store: Store, prefix: str = "") -> set[str]:
    return {stored.key for stored in store.list(prefix)}


def new_shelf() -> MemoryStore:
    store = MemoryStore()
    init_shelf(store, "ours")
    return store


def leave_garbage(store: Store, wheel: NewWheel) -> set[str]:
    """What a publish leaves behind that dies before its head; their keys."""
    before, memory = keys(store), MemoryStore()
    for stored in store.list(""):
        memory.put_new(stored.key, store.get(stored.key))
    actor = Actor("publish", lambda store: put_wheel(store, wheel), memory, lambda *_: None)
    while (actor.verb, actor.key) != ("replace", head_key(PROJECT)):
        actor.grant()
    actor.grant(Fate.KILLED_BEFORE)
    for stored in memory.list(""):
        if stored.key not in before:
            store.put_new(stored.key, memory.get(stored.key))
    return {key for key in keys(store) - before if "/history/" not in key}


def age(store: MemoryStore, seconds: float) -> None:
    """Let everything on ``store`` be older by so much."""
    for key, (data, modified) in store._objects.items():
        store._objects[key] = (data, modified - seconds)


def test_what_a_publish_left_behind_goes_and_what_a_head_names_stays(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    there = keys(store)
    garbage = leave_garbage(store, wheels["1-cp311"])
    assert len(garbage) == 3
    report = collect(store, grace=NOW, by="cleo")
    assert [(row.project, row.objects, row.problem) for row in report.projects] == [(PROJECT, 3, "")]
    assert report.bytes > 0
    assert garbage & keys(store) == set() and there <= keys(store)
    assert Shelf(store).verify([PROJECT]).sound
    assert collect(store, grace=NOW, by="cleo").projects == []


def test_what_is_younger_than_the_grace_period_stays_and_is_counted(wheels: Wheels) -> None:
    store = new_shelf()
    put_wheel(store, wheels["1-py3"])
    old = leave_garbage(store, wheels["1-cp311"])
    age(store, WEEK.total_seconds() + 60)
    young = leave_garbage(store, wheels["3-py3"])
    (row,) = collect(store, grace=WEEK, by="cleo").projects
    assert (row.objects, row.younger) == (len(old), len(young))
    assert keys(store) & old == set() and young <= keys(store)


def test_where_nothing_is_old_enough_no_publish_is_disturbed(wheels: Wheels) -> None:
    store = new_shelf()
    put_wheel(store, wheels["1-py3"])
    leave_garbage(store, wheels["1-cp311"])
    head = store.get(head_key(PROJECT))
    collect(store, grace=WEEK, by="cleo")
    assert store.get(head_key(PROJECT)) == head


def test_a_dry_run_tells_the_same_and_changes_nothing(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    garbage, there = leave_garbage(store, wheels["1-cp311"]), keys(store)
    head = store.get(head_key(PROJECT))
    (row,) = collect(store, grace=NOW, by="cleo", dry_run=True).projects
    assert row.objects == len(garbage)
    assert (keys(store), store.get(head_key(PROJECT))) == (there, head)


def test_what_any_head_once_named_is_kept_for_ever(store: Store, wheels: Wheels) -> None:
    for name in ("1-py3", "1-cp311", "2-py3"):  # the second replaces the release of the first
        put_wheel(store, wheels[name])
    Shelf(store).rollback(PROJECT, 1, by="ann")
    there = keys(store)
    assert collect(store, grace=NOW, by="cleo").projects == []
    leave_garbage(store, wheels["3-py3"])
    collect(store, grace=NOW, by="cleo")
    assert there <= keys(store)


def test_history_and_index_and_what_is_not_ours_stay(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    others = [f"projects/{PROJECT}/{name}" for name in ("index/" + "a" * 64, "pack/notes.txt", "release/x", "readme")]
    for key in others:
        store.put_new(key, b"?")
    leave_garbage(store, wheels["1-cp311"])
    before = keys(store, f"projects/{PROJECT}/history/")
    collect(store, grace=NOW, by="cleo")
    assert {*others, *before} <= keys(store)


def test_a_publish_in_flight_uploads_again_under_the_new_epoch(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    repository, wheel = Repository(store), wheels["1-cp311"]
    with PackUploads(store, repository, PROJECT) as sent:
        for pack in wheel.packed.packs:
            sent.send(pack)
        sent.wait(lambda done: None)
        collect(store, grace=NOW, by="cleo")
        assert pack_key(PROJECT, f"{wheel.packed.packs[0].digest}.0") not in keys(store)
        head = upload(store, repository, wheel, sent, by="ann")
    assert (head.epoch, head.seq) == (1, 3)
    assert pack_key(PROJECT, f"{wheel.packed.packs[0].digest}.1") in keys(store)
    assert Shelf(store).verify([PROJECT]).sound


def test_a_first_publish_that_never_ended_is_collected_and_is_no_project(store: Store, wheels: Wheels) -> None:
    garbage = leave_garbage(store, wheels["1-py3"])
    report = Shelf(store).verify()
    assert (report.sound, report.projects, report.garbage) == (True, 0, len(garbage))
    collect(store, grace=NOW, by="cleo")
    assert keys(store) & garbage == set()
    shelf = Shelf(store)
    assert shelf.verify().sound and shelf.projects() == ()
    with pytest.raises(ProjectMissing):
        shelf.versions(PROJECT)
    head = put_wheel(store, wheels["1-py3"])
    assert (head.epoch, head.default) == (1, "1")
    assert [facts.version for facts in Shelf(store).versions(PROJECT)] == ["1"]


def test_a_project_of_which_something_is_missing_is_left_alone_and_named(store: Store, wheels: Wheels) -> None:
    head = put_wheel(store, wheels["1-py3"])
    garbage = leave_garbage(store, wheels["1-cp311"])
    lost = release_key(PROJECT, head.versions["1"].release)
    store.delete(lost)
    (row,) = collect(store, grace=NOW, by="cleo").projects
    assert row.objects == 0 and lost in row.problem
    assert garbage <= keys(store)


def test_a_collection_that_dies_at_any_request_is_finished_by_the_next(wheels: Wheels) -> None:
    number = 0
    while True:
        store = new_shelf()
        put_wheel(store, wheels["1-py3"])
        there = keys(store)
        garbage = leave_garbage(store, wheels["1-cp311"])
        actor = Actor("collect", lambda store: collect(store, grace=NOW, by="cleo"), store, lambda *_: None)
        for _ in range(number):
            if not actor.ended:
                actor.grant()
        if actor.ended:
            break
        actor.grant(Fate.KILLED_AFTER)
        assert there <= keys(store)
        age(store, 2 * 86_400)
        collect(store, grace=NOW, by="cleo")
        assert keys(store) & garbage == set() and there <= keys(store)
        assert keys(store, COLLECT) == set()  # the object by which the clock was read
        number += 1
    assert number > 15


def test_the_stores_own_clock_counts_and_leaves_nothing_behind(store: Store) -> None:
    first, second = store_time(store), store_time(store)
    store.put_new("x", b"")
    (written,) = [stored.modified for stored in store.list("x")]
    assert first <= second <= written
    assert keys(store, COLLECT) == set()


def test_verify_tells_how_much_no_head_names(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    garbage = leave_garbage(store, wheels["1-cp311"])
    report = Shelf(store).verify([PROJECT])
    assert report.sound and report.garbage == len(garbage)
    assert report.garbage_bytes == sum(stored.size for stored in store.list("projects/") if stored.key in garbage)


def test_a_catalog_that_does_not_know_of_a_collection_is_no_damage(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    refresh_catalog(store, Repository(store), [PROJECT])
    leave_garbage(store, wheels["1-cp311"])
    collect(store, grace=NOW, by="cleo")
    assert Shelf(store).verify().sound


def test_a_long_history_costs_few_round_trips(wheels: Wheels) -> None:
    """Requests, not round trips, are counted: as many as there are objects to read, each once."""
    memory = new_shelf()
    for name in ("1-py3", "2-py3"):
        put_wheel(memory, wheels[name])
    for number in range(20):
        Shelf(memory).yank(PROJECT, "1", reason=str(number), by="ann")
    store = CountingStore(memory)
    collect(store, [PROJECT], grace=NOW, by="cleo")
    assert store.counts.requests == {"list": 4, "get": 22 + 1 + 2 + 2, "put_new": 1, "delete": 1}


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90s", 90), ("5m", 300), ("36h", 129_600), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_a_grace_period_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_grace(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "7", "-7d", "7 d", "d", "1.5d", "7y", "٧d", "9999999d"])
def test_what_is_no_grace_period_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--grace"):
        parse_grace(text)


def test_a_name_without_objects_is_refused_before_anything_is_written(store: Store) -> None:
    before = keys(store)
    with pytest.raises(ProjectMissing):
        collect(store, ["nowhere"], grace=NOW, by="cleo")
    assert keys(store) == before
