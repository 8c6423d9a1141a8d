"""What a bundle carries arrives whole, verified, once; and what is wrong with it arrives not at all."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from cloudshelf.bundle.export import shelf_content, write_bundle
from cloudshelf.bundle.file import BundleFile
from cloudshelf.chains.commit import Change, change_head
from cloudshelf.codecs.bundle import INDEX
from cloudshelf.codecs.envelope import seal
from cloudshelf.errors import (
    BundleInvalid,
    BundleUnwritten,
    DiskFull,
    ObjectInvalid,
    PublishFailed,
    ShelfMissing,
    StoreUnreachable,
)
from cloudshelf.model import Entry
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.local import LocalStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.upkeep.verification import verify_shelf
from tests.repository.shelves import make_wheel, publish

from .conftest import actions, load, write


def keys(store: MemoryStore) -> set[str]:
    return {stored.key for stored in store.list("")}


def heads(store: MemoryStore) -> set[str]:
    return {key for key in keys(store) if key.endswith("/head")}


def test_what_was_exported_is_imported_with_the_same_digests_and_is_sound(outside, inside, bundle):
    assert set(actions(load(bundle, inside)).items()) == {
        ("one 1.0", "imported"),
        ("one 2.0", "imported"),
        ("two 1.0", "imported"),
    }
    for project in ("one", "two"):  # so a lock that was made outside holds inside
        assert Repository(inside).head(project).versions == Repository(outside).head(project).versions
        assert Repository(inside).head(project).default == Repository(outside).head(project).default
    assert verify_shelf(inside, [], lambda _: None).sound
    assert [facts.project for facts in Repository(inside).listing()] == ["one", "two"]
    assert Repository(inside).project_of("one") == "one"


def test_an_equal_selection_makes_an_equal_file(outside, bundle, tmp_path):
    written = write(outside, tmp_path / "again.tar", {"one": ["2.0", "1.0"], "two": ["1.0"]})
    assert (tmp_path / "again.tar").read_bytes() == bundle.read_bytes()
    assert written.size == bundle.stat().st_size


def test_importing_twice_sends_nothing_and_writes_nothing(inside, bundle):
    load(bundle, inside)
    before, counted = keys(inside), CountingStore(inside)
    report = load(bundle, counted)
    assert set(actions(report).values()) == {"present"} and report.uploaded == 0
    assert keys(inside) == before and counted.counts.sent == 0


def test_a_dry_run_says_what_would_be_and_writes_nothing(inside, bundle):
    before = keys(inside)
    assert set(actions(load(bundle, inside, dry_run=True)).values()) == {"would import"}
    assert keys(inside) == before


class Breaking(CountingStore):
    """A store that fails after some writes."""

    left = 3
    error: Exception = StoreUnreachable("memory:", "the connection failed")

    def put_new(self, key: str, data: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise self.error
        super().put_new(key, data)


@pytest.mark.parametrize("error", [StoreUnreachable("memory:", "the connection failed"), DiskFull("/shelf")])
def test_an_interrupted_import_shows_nothing_and_goes_on_where_it_stopped(inside, bundle, error):
    breaking = Breaking(inside)
    breaking.error = error
    with pytest.raises(type(error)):
        load(bundle, breaking)
    assert heads(inside) == set()
    there = {key for key in keys(inside) if "/pack/" in key}
    assert there
    sent: list[str] = []

    class Noting(CountingStore):
        def put_new(self, key: str, data: bytes) -> None:
            sent.append(key)
            super().put_new(key, data)

    load(bundle, Noting(inside))
    assert not there & set(sent)
    assert verify_shelf(inside, [], lambda _: None).sound


def test_what_a_version_needs_is_committed_before_it(inside, outside, tmp_path):
    publish(outside, "aa", "1.0", requires=["zz"])
    publish(outside, "zz", "1.0")
    write(outside, tmp_path / "b.tar", {"aa": ["1.0"], "zz": ["1.0"]})
    order: list[str] = []

    class Watching(CountingStore):
        def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
            order.append(key)
            return super().replace(key, data, etag=etag)

    load(tmp_path / "b.tar", Watching(inside))
    assert [key for key in order if key.endswith("/head")] == ["projects/zz/head", "projects/aa/head"]


def test_the_word_of_the_curators_inside_stays(inside, outside, tmp_path):
    """Their default, their yanks; what was yanked outside is yanked where it is new, and named where it is not."""
    publish(inside, "one", "1.0", wheels=Repository(outside).release("one", "1.0").wheels)
    entries = Repository(outside).head("one").versions
    yanked = {version: Entry(entry.release, "wrong results") for version, entry in entries.items()}
    change_head(outside, "one", lambda _: Change(put=yanked, default="2.0"), by="ann", action="yank")
    write(outside, tmp_path / "b.tar", {"one": ["1.0", "2.0"]})
    report = load(tmp_path / "b.tar", inside)
    head = Repository(inside).head("one")
    assert head.default == "1.0"
    assert (head.versions["1.0"].yanked, head.versions["2.0"].yanked) == (None, "wrong results")
    assert report.notes == [
        "one==1.0 is yanked where the bundle is from (wrong results), not here: cloudshelf yank one==1.0"
    ]


def test_a_version_that_is_there_gets_the_wheels_and_interpreters_that_it_lacks(inside, outside, tmp_path):
    both = (make_wheel(outside, "three", "1.0"), make_wheel(outside, "three", "1.0", tag="cp312-cp312-linux_x86_64"))
    publish(outside, "three", "1.0", wheels=both)
    publish(inside, "three", "1.0", wheels=(make_wheel(inside, "three", "1.0"),))
    write(outside, tmp_path / "b.tar", {"three": ["1.0"]})
    assert actions(load(tmp_path / "b.tar", inside)) == {"three 1.0": "imported"}
    assert {w.filename for w in Repository(inside).release("three", "1.0").wheels} == {w.filename for w in both}
    assert actions(load(tmp_path / "b.tar", inside)) == {"three 1.0": "present"}
    assert verify_shelf(inside, [], lambda _: None).sound


def test_other_bytes_under_the_name_of_a_wheel_are_refused_before_anything_is_sent(inside, outside, bundle):
    wheel = make_wheel(inside, "two", "1.0")._replace(sha256="f" * 64)
    publish(inside, "two", "1.0", wheels=(wheel,))
    before = keys(inside)
    with pytest.raises(PublishFailed, match="another wheel of this name"):
        load(bundle, inside)
    assert keys(inside) == before


def test_objects_come_under_the_epoch_of_the_shelf_inside(inside, outside, bundle):
    """What a slow collector may still delete has an older epoch in its key."""
    publish(inside, "one", "0.1")
    change_head(inside, "one", lambda _: Change(epoch=5), by="gc", action="collect")
    load(bundle, inside)
    release = Repository(inside).release("one", "2.0")
    part = release.wheels[0].trees[""].manifest
    assert part.endswith(".5")
    assert all(frame.pack.endswith(".5") for frame in Repository(inside).manifest("one", part).frames)
    assert verify_shelf(inside, [], lambda _: None).sound
    assert set(actions(load(bundle, inside)).values()) == {"present"}


def test_an_epoch_that_begins_during_the_import_makes_it_begin_again(inside, bundle):
    publish(inside, "one", "0.1")
    inside.before.append(
        lambda: change_head(inside, "one", lambda _: Change(epoch=1), by="gc", action="collect") and None
    )
    load(bundle, inside)
    assert Repository(inside).release("one", "2.0").wheels[0].trees[""].manifest.endswith(".1")
    assert verify_shelf(inside, [], lambda _: None).sound


def test_a_module_stays_with_its_owner_inside_and_a_note_says_so(inside, outside, tmp_path):
    publish(inside, "mine", "1.0", modules=["one"])
    write(outside, tmp_path / "b.tar", {"one": ["1.0"]})
    assert load(tmp_path / "b.tar", inside).notes == ["one brings the module one; a bare import of it takes mine here."]
    assert Repository(inside).project_of("one") == "mine"


def test_there_has_to_be_a_shelf(bundle):
    with pytest.raises(ShelfMissing):
        load(bundle, MemoryStore())


# what is wrong with a bundle


def test_wherever_it_is_cut_off_it_is_refused_and_nothing_is_written(inside, bundle):
    data, before = bundle.read_bytes(), keys(inside)
    with tarfile.open(bundle) as archive:
        members = {m.offset_data + m.size for m in archive}
    for length in {0, 1, 100, 511, 512, 513, 1500, *(len(data) * i // 40 for i in range(40)), max(members) - 1}:
        if length >= max(members):
            continue  # only the padding behind the last member is missing
        bundle.write_bytes(data[:length])
        with pytest.raises(BundleInvalid, match=r"cut off|beginning is missing|not a bundle"):
            load(bundle, inside)
        assert keys(inside) == before


def test_a_changed_byte_of_any_member_is_found_before_anything_is_written(inside, bundle):
    data, before = bundle.read_bytes(), keys(inside)
    with tarfile.open(bundle) as archive:
        entries = list(archive)
    for entry in entries:
        changed = bytearray(data)
        changed[entry.offset_data + entry.size // 2] ^= 1
        bundle.write_bytes(changed)
        with pytest.raises(BundleInvalid, match="damaged"):
            load(bundle, inside)
        assert keys(inside) == before


def remade(bundle: Path, change: Callable[[dict], None] = lambda index: None, **members: bytes | None) -> None:
    """The bundle with another index, further members, or without some, as a person would forge it."""
    with tarfile.open(bundle) as archive:
        contents = {entry.name: archive.extractfile(entry).read() for entry in archive}
    index = json.loads(contents[INDEX].partition(b"\n")[0])
    change(index)
    contents[INDEX] = seal(json.dumps(index).encode())
    contents |= members
    with tarfile.open(bundle, "w") as archive:
        for name, data in contents.items():
            if data is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda index: index.update(format=2), "format 2, and this cloudshelf reads up to 1"),
        (lambda index: index.update(kind="release"), "not a bundle"),
        (lambda index: index.update(members="x"), "'members'"),
        (lambda index: index["members"].append(["../../etc/passwd", 1, "a" * 64]), "none that a bundle has"),
        (lambda index: index["members"].append(["engine/../x.whl", 1, "a" * 64]), "none that a bundle has"),
        (lambda index: index["members"].append(["projects/one/history/1", 1, "a" * 64]), "none that a bundle has"),
        (lambda index: index["members"].append(["projects/../release/" + "a" * 64, 1, "a" * 64]), "none that"),
        (lambda index: index["members"].append(["projects/one/release/" + "b" * 64, 1, "a" * 64]), "none that"),
        (lambda index: index["members"].append(["projects/one/release/" + "a" * 64, 1, "a" * 64]), "1 of its"),
        (lambda index: index["members"].append(index["members"][0]), "twice"),
        (lambda index: index["members"].pop(), "no release of two|not in its index"),
        (lambda index: index["projects"].append(index["projects"][0]), "twice"),
        (lambda index: index["projects"][0].update(project="../x"), "not the name of a project"),
        (lambda index: index["projects"][0].update(project="two"), "twice|no release"),
        (lambda index: index["projects"][0].update(versions={"9": ["a" * 64, None]}), "no release of one 9"),
    ],
)
def test_an_index_that_cannot_be_is_refused(inside, bundle, change, says):
    before = keys(inside)
    remade(bundle, change)
    with pytest.raises(BundleInvalid, match=says):
        load(bundle, inside)
    assert keys(inside) == before


def test_a_member_that_the_index_does_not_have_is_refused(inside, bundle):
    remade(bundle, **{"extra.txt": b"x"})
    with pytest.raises(BundleInvalid, match=r"'extra.txt' is not in its index"):
        load(bundle, inside)


def test_a_link_in_the_bundle_is_refused(inside, bundle):
    with tarfile.open(bundle, "a") as archive:
        entry = tarfile.TarInfo("engine/x.whl")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(BundleInvalid, match="does not belong in it"):
        load(bundle, inside)


def test_a_release_of_another_project_in_its_place_is_refused(inside, bundle):
    """Every digest is right, but the objects are not what the index calls them."""

    def swap(index: dict) -> None:
        index["projects"][0]["versions"] = {"7.0": index["projects"][0]["versions"]["1.0"]}

    before = keys(inside)
    remade(bundle, swap)
    with pytest.raises(BundleInvalid, match=r"it is the release one 1.0"):
        load(bundle, inside)
    assert keys(inside) == before


def test_a_pack_that_a_manifest_names_has_to_be_there(inside, bundle):
    with BundleFile(bundle) as file:
        pack = next(member for member in file.index.members if "/pack/" in member.name)
    remade(bundle, lambda index: index["members"].remove([pack.name, pack.size, pack.sha256]), **{pack.name: None})
    before = keys(inside)
    with pytest.raises(BundleInvalid, match="it lacks projects/one/pack/"):
        load(bundle, inside)
    assert keys(inside) == before


# what is wrong while it is written


def test_a_damaged_pack_on_the_shelf_is_not_exported_and_no_file_is_left(outside, tmp_path):
    key = next(stored.key for stored in outside.list("projects/one/pack/"))
    data = bytearray(outside.get(key))
    data[-1] ^= 1
    (tmp_path / "outside" / key).write_bytes(data)
    with pytest.raises(ObjectInvalid):
        write(outside, tmp_path / "b.tar", {"one": ["1.0", "2.0"]})
    assert not [path for path in tmp_path.iterdir() if path.name != "outside"]


def test_without_room_nothing_is_written_and_nothing_half_is_left(outside, bundle, tmp_path, monkeypatch):
    with BundleFile(bundle) as file:
        index = file.index
    bundle.unlink()
    target = Path("/dev/full")
    import cloudshelf.bundle.export as export

    monkeypatch.setattr(export.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(BundleUnwritten, match="1,000 are free"):
        write_bundle(
            bundle,
            index,
            shelf_content({"one": outside, "two": outside, "many": outside}, tmp_path, {}),
            lambda *_: None,
        )
    monkeypatch.undo()

    def fail(descriptor: int) -> None:
        with target.open("wb", buffering=0) as full:
            full.write(b"x")  # the machine's own ENOSPC

    monkeypatch.setattr(export.os, "fsync", fail)
    with pytest.raises(BundleUnwritten, match="no space is left"):
        write_bundle(
            bundle,
            replace(index, members=index.members[1:]),
            shelf_content({"one": outside, "two": outside, "many": outside}, tmp_path, {}),
            lambda *_: None,
        )
    assert not [path for path in tmp_path.iterdir() if path.name != "outside"]


def test_no_more_than_a_few_members_are_in_memory(outside, tmp_path):
    """Counted in objects: of 40 that are read, never more than a handful waits to be written."""
    for number in range(12):
        publish(outside, "many", f"{number}.0", catalog=False)
    read = written = most = 0
    inner = shelf_content({"one": outside, "two": outside, "many": outside}, tmp_path, {})

    def content(member):
        nonlocal read, most
        read += 1
        most = max(most, read - written)
        return inner(member)

    def progress(done, what):
        nonlocal written
        written += 1

    repository = Repository(outside)
    from cloudshelf.bundle.selection import carry, find_objects
    from cloudshelf.codecs.bundle import Bundle

    carried = carry(repository, "many", [f"{number}.0" for number in range(12)])
    bundle = Bundle("", (), (carried,), tuple(find_objects(outside, carried)))
    write_bundle(tmp_path / "m.tar", bundle, content, progress)
    assert read >= 36 and most <= 6


def test_the_local_store_is_a_shelf_too(bundle, tmp_path):
    from cloudshelf.chains.commit import init_shelf

    store = LocalStore(tmp_path / "folder")
    init_shelf(store, "folder")
    load(bundle, store)
    assert verify_shelf(store, [], lambda _: None).sound
