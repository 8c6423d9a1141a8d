"""The catalog: first come owns a module, what is lost is rebuilt, and its cost does not grow with the shelf."""

from __future__ import annotations

import json
import threading

import pytest
import zstandard

from cloudshelf.catalog import module_owners, project_facts, rebuild_catalog, update_catalog
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.catalog import ProjectFacts, modules_key, parse_listing, projects_key
from cloudshelf.codecs.envelope import seal
from cloudshelf.errors import ObjectInvalid
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore

from .shelves import Interfering, make_wheel, publish


@pytest.fixture
def store() -> Interfering:
    store = Interfering()
    init_shelf(store, "ours")
    return store


def facts(project: str, *modules: str, seq: int = 1, summary: str = "") -> ProjectFacts:
    return ProjectFacts(project, seq, summary, "1", "1", 1, modules)


def test_a_module_is_the_project_that_came_first(store: Interfering) -> None:
    update_catalog(store, [facts("opencv-python", "cv2")])
    update_catalog(store, [facts("opencv-python-headless", "cv2")])
    assert Repository(store).project_of("cv2") == "opencv-python"


def test_a_module_is_found_by_one_request(store: Interfering) -> None:
    update_catalog(store, [facts("google-cloud-storage", "google.cloud.storage"), facts("protobuf", "google.protobuf")])
    counting = CountingStore(store)
    repository = Repository(counting)
    assert repository.project_of("google.cloud.storage.blob") == "google-cloud-storage"
    assert repository.project_of("google") is None
    assert repository.parts_of("google") == ("google.cloud.storage", "google.protobuf")
    assert counting.counts.requests == {"get": 1}


def test_owners_of_several_modules_are_told_without_the_free_ones(store: Interfering) -> None:
    update_catalog(store, [facts("numpy", "numpy")])
    assert module_owners(store, ["numpy", "pandas"]) == {"numpy": "numpy"}


def test_a_listing_is_sixteen_requests_however_many_projects(store: Interfering) -> None:
    update_catalog(store, [facts(f"project-{i}", f"module_{i}") for i in range(300)])
    counting = CountingStore(store)
    assert len(Repository(counting).listing()) == 300
    assert counting.counts.requests == {"get": 16}


def test_a_slower_publisher_does_not_undo_a_faster_one(store: Interfering) -> None:
    update_catalog(store, [facts("numpy", seq=2, summary="new")])
    update_catalog(store, [facts("numpy", seq=1, summary="old")])
    assert Repository(store).listing()[0].summary == "new"


def test_publishers_at_once_all_stand_in_the_listing() -> None:
    store = MemoryStore()
    names = [f"project-{i}" for i in range(24)]
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            update_catalog(store, [facts(name, "shared")])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [f.project for f in Repository(store).listing()] == sorted(names)


def test_an_update_that_changes_nothing_writes_nothing(store: Interfering) -> None:
    update_catalog(store, [facts("numpy", "numpy")])
    counting = CountingStore(store)
    update_catalog(counting, [facts("numpy", "numpy")])
    assert counting.counts.requests.get("replace", 0) == 0


def test_a_catalog_that_is_lost_is_rebuilt_from_the_heads(store: Interfering) -> None:
    publish(store, "b", "1", summary="bees")
    publish(store, "a", "1", requires=["b"])
    before = {s.key: store.get(s.key) for s in store.list("catalog/")}
    for key in before:
        store.delete(key)
    rebuild_catalog(store)
    assert {s.key: store.get(s.key) for s in store.list("catalog/")} == before


def test_rebuilding_keeps_owners_and_drops_projects_that_are_gone(store: Interfering) -> None:
    publish(store, "zebra", "1", modules=["shared"])
    publish(store, "aardvark", "1", modules=["shared"])
    update_catalog(store, [facts("ghost", "ghost")])
    rebuild_catalog(store)
    repository = Repository(store)
    assert repository.project_of("shared") == "zebra"
    assert repository.project_of("ghost") is None
    assert [f.project for f in repository.listing()] == ["aardvark", "zebra"]


def test_a_damaged_listing_is_replaced_but_damaged_owners_are_not(store: Interfering) -> None:
    publish(store, "numpy", "1")
    store.overwrite(projects_key("numpy"), b"rubbish")
    update_catalog(store, [project_facts(Repository(store), "numpy")])
    assert "numpy" in parse_listing(store.get(projects_key("numpy")), "k")
    store.overwrite(modules_key("numpy"), b"rubbish\n")
    with pytest.raises(ObjectInvalid):
        update_catalog(store, [facts("evil", "numpy")])


def test_the_listing_says_what_a_default_needs_on_any_interpreter_and_without_extras(store: Interfering) -> None:
    lines = ["Six>=1", 'win; sys_platform == "win32"', 'more; extra == "x"', 'old; python_version < "3.12"', "six"]
    publish(store, "top", "1", requires=lines)
    publish(store, "alone", "1")
    assert {f.project: f.requires for f in Repository(store).listing()} == {"alone": (), "top": ("old", "six")}


def test_a_listing_of_before_is_read_and_a_reader_of_before_reads_this_one(store: Interfering) -> None:
    """The rows are as they were, and what is new stands beside them."""
    publish(store, "top", "1", requires=["six"])
    key = projects_key("top")
    line = zstandard.decompress(store.get(key)).partition(b"\n")[0]
    fields = json.loads(line)
    assert [len(row) for row in fields["projects"].values()] == [6] and fields.pop("requires") == {"top": ["six"]}
    old = zstandard.compress(seal(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()))
    assert parse_listing(old, key)["top"].requires is None
    store.overwrite(key, old)
    rebuild_catalog(store)
    assert Repository(store).listing()[0].requires == ("six",)


def test_the_closure_holds_what_the_default_needs_and_its_extras(store: Interfering) -> None:
    publish(store, "six", "1")
    publish(store, "win", "1")
    publish(store, "base", "1", requires=['six; extra == "x"', 'win; sys_platform == "win32"', "not-here"])
    publish(store, "top", "1", requires=["base[x]"])
    assert [row[:2] for row in project_facts(Repository(store), "top").closure] == [
        ("top", "1"),
        ("base", "1"),
        ("six", "1"),
    ]


def test_the_closure_tells_what_an_extra_needs_besides_and_on_every_interpreter(store: Interfering) -> None:
    for name in ("six", "old", "new", "win"):
        publish(store, name, "1")
    lines = ['old; python_version < "3.12"', 'new; python_version >= "3.14"', 'win; sys_platform == "win32"']
    publish(store, "base", "1", requires=lines)
    needs = ['base; extra == "Big_One"', 'six; extra == "small"', "six"]
    publish(store, "top", "1", wheels=[make_wheel(store, "top", "1", requires=needs, extras=["Big_One", "small"])])
    repository = Repository(store)
    assert [row[0] for row in repository.closure("top")] == ["top", "six"]
    assert sorted(row[0] for row in repository.closure("top", ["big-one"])) == ["base", "new", "old", "six", "top"]
    assert repository.closure("top", ["small", "absent"]) == repository.closure("top")
