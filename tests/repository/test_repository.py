"""Reading: every byte is verified before it is believed, old heads are refused, the cache serves offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.envelope import seal
from cloudshelf.codecs.head import format_head
from cloudshelf.codecs.names import head_key, manifest_key, release_key, sha256
from cloudshelf.errors import (
    FormatUnknown,
    HeadReplayed,
    ObjectInvalid,
    ProjectMissing,
    ShelfMissing,
    StoreUnreachable,
    VersionMissing,
)
from cloudshelf.model import Entry, Lock
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore

from .shelves import BY, A, Interfering, publish, put_version


class Unreachable:
    """A store that nobody can reach."""

    url = "memory:"

    def get(self, key: str) -> bytes:
        raise StoreUnreachable(self.url, "no route")


@pytest.fixture
def store() -> Interfering:
    store = Interfering()
    init_shelf(store, "ours")
    return store


def flip(data: bytes) -> bytes:
    return data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]


def test_head_release_and_manifest_come_back_as_published(store: Interfering) -> None:
    release = publish(store, "numpy", "2.1.0")
    repository = Repository(store)
    assert repository.release("numpy", "2.1.0") == release
    manifest = repository.manifest("numpy", release.wheels[0].trees[""].manifest)
    assert (manifest.project, manifest.version) == ("numpy", "2.1.0")


def test_a_flipped_byte_in_a_release_is_caught_and_named(store: Interfering) -> None:
    publish(store, "numpy", "2.1.0", catalog=False)
    key = release_key("numpy", Repository(store).versions("numpy")["2.1.0"].release)
    store.overwrite(key, flip(store.get(key)))
    with pytest.raises(ObjectInvalid, match=key):
        Repository(store).release("numpy", "2.1.0")


def test_a_flipped_byte_in_a_manifest_is_caught_and_named(store: Interfering) -> None:
    release = publish(store, "numpy", "2.1.0")
    part = release.wheels[0].trees[""].manifest
    key = manifest_key("numpy", part)
    store.overwrite(key, flip(store.get(key)))
    with pytest.raises(ObjectInvalid, match=key):
        Repository(store).manifest("numpy", part)


def test_a_damaged_object_is_not_cached(store: Interfering, tmp_path: Path) -> None:
    release = publish(store, "numpy", "2.1.0")
    part = release.wheels[0].trees[""].manifest
    key, good = manifest_key("numpy", part), store.get(manifest_key("numpy", part))
    store.overwrite(key, flip(good))
    with pytest.raises(ObjectInvalid):
        Repository(store, cache=tmp_path).manifest("numpy", part)
    store.overwrite(key, good)
    assert Repository(store, cache=tmp_path).manifest("numpy", part).project == "numpy"


def test_a_damaged_cache_entry_is_dropped_and_fetched_again(store: Interfering, tmp_path: Path) -> None:
    publish(store, "numpy", "2.1.0")
    Repository(store, cache=tmp_path).release("numpy", "2.1.0")
    digest = Repository(store).versions("numpy")["2.1.0"].release
    entry = tmp_path / "objects" / digest[:2] / digest
    good = entry.read_bytes()
    entry.write_bytes(flip(good))
    assert Repository(store, cache=tmp_path).release("numpy", "2.1.0").version == "2.1.0"
    assert entry.read_bytes() == good


def test_the_head_of_another_project_under_this_name_is_refused(store: Interfering) -> None:
    put_version(store, "evil", {"1": Entry(A)})
    store.put_new(head_key("numpy"), store.get(head_key("evil")))
    with pytest.raises(ObjectInvalid, match="it is the head of 'evil'"):
        Repository(store).head("numpy")


def test_tomorrows_head_is_refused_with_a_clear_word(store: Interfering) -> None:
    head = json.loads(format_head(put_version(store, "numpy", {"1": Entry(A)})).partition(b"\n")[0])
    store.overwrite(head_key("numpy"), seal(json.dumps(head | {"format": 2}).encode()))
    with pytest.raises(FormatUnknown, match="Upgrade it"):
        Repository(store).head("numpy")


def test_tomorrows_shelf_is_refused_with_a_clear_word() -> None:
    store = Interfering()
    store.put_new("shelf.json", seal(b'{"format":2,"kind":"shelf"}'))
    with pytest.raises(FormatUnknown):
        Repository(store).info()


def test_replayed_head_is_refused(store: Interfering, tmp_path: Path) -> None:
    put_version(store, "numpy", {"1": Entry(A)})
    old = store.get(head_key("numpy"))
    put_version(store, "numpy", {"2": Entry(A)})
    assert Repository(store, cache=tmp_path).head("numpy").seq == 2
    store.overwrite(head_key("numpy"), old)
    with pytest.raises(HeadReplayed, match="went back in time"):
        Repository(store, cache=tmp_path).head("numpy")


def test_another_head_of_the_same_sequence_is_refused(store: Interfering, tmp_path: Path) -> None:
    put_version(store, "numpy", {"1": Entry(A)})
    Repository(store, cache=tmp_path).head("numpy")
    line = store.get(head_key("numpy")).partition(b"\n")[0]
    store.overwrite(head_key("numpy"), seal(line.replace(b'"ann"', b'"eve"')))
    with pytest.raises(HeadReplayed):
        Repository(store, cache=tmp_path).head("numpy")


def test_a_newer_head_is_remembered_in_place_of_the_older(store: Interfering, tmp_path: Path) -> None:
    for version in ("1", "2", "3"):
        put_version(store, "numpy", {version: Entry(A)})
        assert version in Repository(store, cache=tmp_path).head("numpy").versions
    [seen] = (tmp_path / "seen").glob("*/numpy")
    assert seen.read_text().split() == [f"{3:020}", sha256(store.get(head_key("numpy"))), "-"]  # checked: no signature


def test_an_unknown_project_gets_suggestions(store: Interfering) -> None:
    publish(store, "pandas", "2.2.3")
    publish(store, "scikit-learn", "1.5", modules=["sklearn"])
    with pytest.raises(ProjectMissing, match=r"Did you mean pandas\?"):
        Repository(store).head("panda")
    with pytest.raises(ProjectMissing, match=r"Did you mean scikit-learn\?"):
        Repository(store).head("sklearn")


def test_the_catalog_is_not_read_for_a_known_project(store: Interfering) -> None:
    publish(store, "pandas", "2.2.3")
    counting = CountingStore(store)
    Repository(counting).release("pandas", "2.2.3")
    assert counting.counts.requests == {"get": 2}


def test_a_damaged_catalog_costs_only_the_suggestions(store: Interfering) -> None:
    publish(store, "pandas", "2.2.3")
    for key in [stored.key for stored in store.list("catalog/")]:
        store.overwrite(key, b"rubbish")
    with pytest.raises(ProjectMissing) as raised:
        Repository(store).head("panda")
    assert raised.value.suggestions == ()


def test_no_shelf_is_not_a_missing_project() -> None:
    with pytest.raises(ShelfMissing):
        Repository(Interfering()).head("numpy")


@pytest.mark.parametrize("name", ["../other", "Numpy", "a/b", ""])
def test_a_name_that_is_none_reaches_no_key(store: Interfering, name: str) -> None:
    counting = CountingStore(store)
    with pytest.raises(ProjectMissing):
        Repository(counting).head(name)
    assert counting.counts.requests.get("get") == 16  # the catalog alone, for suggestions


def test_a_missing_version_says_what_is_there(store: Interfering) -> None:
    publish(store, "numpy", "2.1.0")
    with pytest.raises(VersionMissing, match=r"numpy 9 is not on the shelf, which has: 2\.1\.0"):
        Repository(store).release("numpy", "9")


def test_a_lock_needs_no_store_once_it_is_cached(store: Interfering, tmp_path: Path) -> None:
    release = publish(store, "numpy", "2.1.0")
    digest = Repository(store).versions("numpy")["2.1.0"].release
    part = release.wheels[0].trees[""].manifest
    warm = Repository(store, cache=tmp_path)
    warm.release_at("numpy", "2.1.0", digest)
    warm.manifest("numpy", part)
    offline = Repository(Unreachable(), cache=tmp_path)
    assert offline.release_at("numpy", "2.1.0", digest) == release
    assert offline.manifest("numpy", part).version == "2.1.0"


def test_an_unreachable_store_is_not_a_missing_project() -> None:
    with pytest.raises(StoreUnreachable):
        Repository(Unreachable()).head("numpy")


def test_the_cache_of_a_read_only_folder_is_no_reason_to_fail(store: Interfering, tmp_path: Path) -> None:
    publish(store, "numpy", "2.1.0")
    (tmp_path / "objects").write_text("not a folder")
    (tmp_path / "seen").write_text("not a folder")
    assert Repository(store, cache=tmp_path).release("numpy", "2.1.0").version == "2.1.0"


def test_heads_are_read_once_in_a_repositorys_life(store: Interfering) -> None:
    publish(store, "numpy", "2.1.0")
    counting = CountingStore(store)
    repository = Repository(counting)
    repository.prefetch(["numpy", "nothing"])
    before = counting.counts
    repository.release("numpy", "2.1.0")
    assert counting.counts.since(before).total == 0


def test_the_closure_hint_brings_all_generations_at_once(store: Interfering) -> None:
    publish(store, "c", "1")
    publish(store, "b", "1", requires=["c"])
    publish(store, "a", "1", requires=["b"])
    counting = CountingStore(store)
    repository = Repository(counting)
    repository.prefetch(["a"], closure=True)
    assert counting.counts.requests == {"get": 7}  # a hint, three heads, three releases
    for project in ("a", "b", "c"):
        repository.release(project, "1")
    assert counting.counts.requests == {"get": 7}


def test_a_stale_closure_hint_costs_a_request_and_nothing_else(store: Interfering) -> None:
    publish(store, "b", "1")
    publish(store, "a", "1", requires=["b"])
    publish(store, "b", "2")
    Shelf(store).default("b", "2", by=BY)
    repository = Repository(store)
    repository.prefetch(["a"], closure=True)
    assert repository.head("b").default == "2"
    assert repository.release("b", "2").version == "2"


def test_pins_of_a_lock_are_read_with_their_heads_in_one_wave(store: Interfering) -> None:
    publish(store, "a", "1")
    publish(store, "b", "1")
    rows = [(project, "1", Repository(store).versions(project)["1"].release) for project in ("a", "b")]
    counting = CountingStore(store)
    Repository(counting).prefetch([], hints=rows)
    assert counting.counts.requests == {"get": 4}


def test_a_manifest_of_another_version_than_the_pin_is_refused(store: Interfering) -> None:
    publish(store, "a", "1")
    publish(store, "a", "2")
    shelf = Shelf(store)
    [first] = shelf.lock(["a==1"]).lock.pins
    [second] = shelf.lock(["a==2"]).lock.pins
    mixed = Lock("memory:", (), "3.11.7", "cpython-311", (first._replace(manifest=second.manifest),))
    with pytest.raises(ObjectInvalid, match=r"it is the manifest of a-2-py3-none-any\.whl"):
        shelf.manifests(mixed)
