"""One project's objects under another's name, and an older head in the place of a newer one: refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.envelope import seal
from cloudshelf.codecs.head import format_head, format_index, parse_head
from cloudshelf.codecs.names import head_key, index_key, manifest_key, release_key, sha256
from cloudshelf.codecs.release import format_release
from cloudshelf.errors import HeadReplayed, ObjectInvalid
from cloudshelf.model import Entry
from cloudshelf.repository import Repository
from tests.repository.shelves import Interfering, publish


@pytest.fixture
def store() -> Interfering:
    """A shelf with the projects "good" and "evil"."""
    store = Interfering()
    init_shelf(store, "ours")
    for project in ("good", "evil"):
        publish(store, project, "1.0")
    return store


def stolen_head(store: Interfering) -> str:
    """good has evil's head, byte for byte."""
    store.overwrite(head_key("good"), store.get(head_key("evil")))
    return head_key("good")


def stolen_release(store: Interfering) -> str:
    """good's head, made by who may write good's objects, names a copy of evil's release."""
    digest = Repository(store).head("evil").versions["1.0"].release
    store.put_new(release_key("good", digest), store.get(release_key("evil", digest)))
    head = Repository(store).head("good")
    store.overwrite(head_key("good"), format_head(head._replace(versions={"1.0": Entry(digest)})))
    return release_key("good", digest)


def stolen_manifest(store: Interfering) -> str:
    """good's release names a copy of evil's manifest."""
    (wheel,) = Repository(store).release("evil", "1.0").wheels
    part = wheel.trees[""].manifest
    store.put_new(manifest_key("good", part), store.get(manifest_key("evil", part)))
    release = Repository(store).release("good", "1.0")
    data = format_release(release._replace(wheels=(release.wheels[0]._replace(trees=wheel.trees),)))
    store.put_new(release_key("good", sha256(data)), data)
    head = Repository(store).head("good")
    store.overwrite(head_key("good"), format_head(head._replace(versions={"1.0": Entry(sha256(data))})))
    return manifest_key("good", part)


def stolen_index(store: Interfering) -> str:
    """good's head names a copy of evil's older versions."""
    data = format_index("evil", {"0.9": Entry("a" * 64)})
    store.put_new(index_key("good", sha256(data)), data)
    head = Repository(store).head("good")
    store.overwrite(head_key("good"), format_head(head._replace(versions={}, older=sha256(data))))
    return index_key("good", sha256(data))


def read(store: Interfering) -> object:
    repository = Repository(store)
    release = repository.release("good", "1.0")
    return repository.manifest("good", release.wheels[0].trees[""].manifest)


@pytest.mark.parametrize("steal", [stolen_head, stolen_release, stolen_manifest, stolen_index])
def test_objects_of_another_project_are_refused_and_named(store: Interfering, steal) -> None:  # type: ignore[no-untyped-def]
    read(store)
    key = steal(store)
    with pytest.raises(ObjectInvalid) as caught:
        read(store)
    assert caught.value.key == key and "evil" in caught.value.reason


def test_an_older_head_is_refused_whoever_reads_it_and_however_it_is_asked(store: Interfering, tmp_path: Path) -> None:
    old = store.get(head_key("good"))
    publish(store, "good", "2.0")
    Repository(store, cache=tmp_path).head("good")
    store.overwrite(head_key("good"), old)
    for ask in (lambda r: r.head("good"), lambda r: r.versions("good"), lambda r: r.release("good", "1.0")):
        with pytest.raises(HeadReplayed) as caught:
            ask(Repository(store, cache=tmp_path))
        assert (caught.value.seq, caught.value.seen) == (1, 2)


def test_an_older_list_under_a_newer_number_is_another_history_and_is_seen_by_its_chain(store: Interfering) -> None:
    """A head that says a later sequence but names no head before it: whoever follows the chain is told."""
    publish(store, "good", "2.0")
    head = parse_head(store.get(head_key("good")), "good", "k")
    line = format_head(head._replace(seq=9, prev="b" * 64, skips=())).partition(b"\n")[0]
    store.overwrite(head_key("good"), seal(line))
    from cloudshelf.chains.commit import walk_history
    from cloudshelf.errors import ShelfError

    with pytest.raises(ShelfError, match="projects/good/history/0000000008-"):
        list(walk_history(store, Repository(store).head("good")))
