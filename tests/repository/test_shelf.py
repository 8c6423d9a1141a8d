"""The shelf's verbs over a small shelf: what they tell, what they change, and what damage they find."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.lock import format_lock
from cloudshelf.codecs.names import head_key, manifest_key, pack_key, release_key
from cloudshelf.errors import ObjectMissing, ProjectMissing, ShelfExists, ShelfMissing, UsageError, VersionMissing
from cloudshelf.model import Lock
from cloudshelf.shelf import Shelf, split_pin
from cloudshelf.stores.protocols import Store
from cloudshelf.target import target_for

from .shelves import BY, Interfering, publish

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")


@pytest.fixture
def store() -> Interfering:
    store = Interfering()
    init_shelf(store, "ours")
    publish(store, "six", "1.16.0", summary="Python 2 and 3 compatibility utilities")
    publish(store, "numpy", "1.26.4", summary="Arrays for Python")
    publish(store, "numpy", "2.1.0", summary="Arrays for Python")
    publish(store, "pandas", "2.2.3", summary="Data structures over arrays", requires=["numpy>=1.26", "six"])
    publish(store, "pillow", "11.0.0", summary="Imaging library", modules=["PIL"])
    return store


@pytest.fixture
def shelf(store: Interfering) -> Shelf:
    return Shelf(store)


def lock(shelf: Shelf, *requirements: str) -> Lock:
    return shelf.lock(requirements, target=TARGET).lock


def test_ls_tells_projects_then_versions_then_files(shelf: Shelf) -> None:
    assert [facts.project for facts in shelf.projects()] == ["numpy", "pandas", "pillow", "six"]
    assert [(v.version, v.default) for v in shelf.versions("NumPy")] == [("2.1.0", False), ("1.26.4", True)]
    assert [file.path for file in shelf.files("numpy", "2.1", TARGET)] == ["site/numpy/__init__.py"]
    assert shelf.ls("numpy") == shelf.versions("numpy")


def test_ls_of_a_missing_version_says_what_is_there(shelf: Shelf) -> None:
    with pytest.raises(VersionMissing, match=r"which has: 2\.1\.0, 1\.26\.4"):
        shelf.ls("numpy==3.0")
    with pytest.raises(VersionMissing, match=r"which has: 1\.26\.4\."):
        shelf.ls("numpy==1.26")


def test_results_are_json(shelf: Shelf) -> None:
    results: list[Any] = [*shelf.versions("numpy"), shelf.show("numpy"), *shelf.search("arrays")]
    for row in [*map(dataclasses.asdict, results), *(facts._asdict() for facts in shelf.projects())]:
        assert json.loads(json.dumps(row))


def test_show_tells_the_default_unless_a_version_is_named(shelf: Shelf) -> None:
    assert (shelf.show("numpy").version, shelf.show("numpy").latest) == ("1.26.4", "2.1.0")
    assert shelf.show("numpy==2.1.0").version == "2.1.0"
    assert shelf.show("pandas").requires == ("numpy>=1.26", "six")


def test_search_finds_names_first_then_modules_then_summaries(shelf: Shelf) -> None:
    publish(shelf.store, "arrays", "1")
    shelf.repository.forget()
    assert [found.project for found in shelf.search("arrays")] == ["arrays", "numpy", "pandas"]
    assert [(found.project, found.why) for found in shelf.search("pil")] == [("pillow", "module")]
    assert [found.project for found in shelf.search("arrays data")] == ["pandas"]
    assert shelf.search("nothing-like-it") == ()


def test_why_tells_the_chain_in_the_words_of_the_wheels(shelf: Shelf) -> None:
    why = shelf.why("numpy", lock(shelf, "pandas>=2"))
    assert why.chains == (("pandas>=2 was asked for", "pandas 2.2.3 wants numpy>=1.26"),)
    with pytest.raises(UsageError, match="pillow is not pinned here"):
        shelf.why("pillow", lock(shelf, "pandas"))


def test_a_lock_names_bytes_that_are_there(shelf: Shelf) -> None:
    pins = lock(shelf, "pandas").pins
    assert [(m.project, m.version) for m in shelf.manifests(lock(shelf, "pandas"))] == [
        (p.project, p.version) for p in pins
    ]


def test_publishing_a_newer_version_changes_no_bare_name(shelf: Shelf) -> None:
    assert [pin.version for pin in lock(shelf, "numpy").pins] == ["1.26.4"]
    changed = shelf.default("numpy", "2.1", by=BY)
    assert (changed.default, changed.changed) == ("2.1.0", True)
    assert [pin.version for pin in lock(shelf, "numpy").pins] == ["2.1.0"]
    assert not shelf.default("numpy", "2.1.0", by=BY).changed


def test_the_catalog_follows_a_change(shelf: Shelf) -> None:
    shelf.default("numpy", "2.1.0", by=BY)
    assert {facts.project: facts.default for facts in shelf.projects()}["numpy"] == "2.1.0"


def test_yanked_versions_are_passed_over_until_unyanked(shelf: Shelf) -> None:
    assert shelf.yank("numpy", "1.26.4", reason="cve", by=BY).changed
    assert [pin.version for pin in lock(shelf, "numpy").pins] == ["2.1.0"]
    assert not shelf.yank("numpy", "1.26.4", reason="cve", by=BY).changed
    assert shelf.show("numpy==1.26.4").yanked == "cve"
    shelf.unyank("numpy", "1.26.4", by=BY)
    assert [pin.version for pin in lock(shelf, "numpy").pins] == ["1.26.4"]


def test_rollback_takes_the_last_change_back_and_a_second_one_brings_it_again(shelf: Shelf) -> None:
    assert shelf.rollback("numpy", by=BY).versions == ("1.26.4",)
    assert shelf.rollback("numpy", by=BY).versions == ("2.1.0", "1.26.4")
    with pytest.raises(UsageError, match="no state 99"):
        shelf.rollback("numpy", 99, by=BY)


def test_a_lock_outlives_a_rollback(shelf: Shelf) -> None:
    pinned = lock(shelf, "numpy==2.1.0")
    shelf.rollback("numpy", by=BY)
    assert shelf.manifests(pinned)[0].version == "2.1.0"


def test_the_log_tells_who_did_what(shelf: Shelf) -> None:
    shelf.yank("numpy", "1.26.4", by="eve")
    assert [(entry.seq, entry.by, entry.action) for entry in shelf.log("numpy")] == [
        (3, "eve", "yank 1.26.4"),
        (2, BY, "publish 2.1.0"),
        (1, BY, "publish 1.26.4"),
    ]


def test_changing_what_is_not_there_creates_nothing(shelf: Shelf, store: Interfering) -> None:
    with pytest.raises(ProjectMissing):
        shelf.default("nothing", "1", by=BY)
    with pytest.raises(ObjectMissing):
        store.get(head_key("nothing"))


def test_a_lock_of_our_own_needs_no_request(shelf: Shelf, store: Interfering) -> None:
    text = format_lock(lock(shelf, "pandas"))
    for key in [stored.key for stored in store.list("projects/")]:
        store.delete(key)
    assert [pin.project for pin in Shelf(store).read_lock(text, "pylock.toml", target=TARGET).pins] == [
        "numpy",
        "pandas",
        "six",
    ]


def test_a_foreign_lock_is_pinned_again_by_the_sha256_of_its_wheels(shelf: Shelf) -> None:
    own = lock(shelf, "pandas")
    again = shelf.read_lock(_without_tool(format_lock(own)), "pylock.toml", target=TARGET)
    assert [(p.project, p.manifest) for p in again.pins] == [(p.project, p.manifest) for p in own.pins]
    with pytest.raises(UsageError, match="other wheels of numpy"):
        numpy = next(pin for pin in own.pins if pin.project == "numpy")
        shelf.read_lock(_without_tool(format_lock(own)).replace(numpy.sha256, "0" * 64), "pylock.toml", target=TARGET)


def _without_tool(text: str) -> str:
    raw = tomllib.loads(text)
    raw.pop("tool")
    for package in raw["packages"]:
        package.pop("tool")
    return tomli_w.dumps(raw)


def test_a_sound_shelf_verifies(shelf: Shelf) -> None:
    report = shelf.verify()
    assert report.sound
    assert (report.projects, report.releases, report.manifests, report.packs) == (4, 5, 5, 5)


def test_every_kind_of_damage_is_found_and_none_hides_another(shelf: Shelf, store: Interfering) -> None:
    entry = {v.version: v.release for v in shelf.versions("numpy")}
    pins = {pin.project: pin for pin in lock(shelf, "pandas", "pillow").pins}
    frames = shelf.manifests(lock(shelf, "pandas"))[1].frames
    damaged = [
        release_key("numpy", entry["2.1.0"]),
        pack_key("pandas", frames[0].pack),
        manifest_key("six", pins["six"].manifest),
        head_key("pillow"),
    ]
    for key in damaged:
        data = store.get(key)
        store.overwrite(key, data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    found = {damage.key for damage in Shelf(store).verify().damages}
    assert set(damaged) <= found


def test_a_missing_pack_is_found(shelf: Shelf, store: Interfering) -> None:
    key = next(stored.key for stored in store.list("projects/six/pack/"))
    store.delete(key)
    [damage] = Shelf(store).verify(["six"]).damages
    assert (damage.key, damage.reason) == (key, "it is missing")


def test_verifying_an_unknown_project_is_an_error(shelf: Shelf) -> None:
    with pytest.raises(ProjectMissing):
        shelf.verify(["nothing"])


def test_a_shelf_in_a_folder_is_created_once_and_opened(tmp_path: Path) -> None:
    url = (tmp_path / "shelf").as_uri()
    with pytest.raises(ShelfMissing):
        Shelf.open(url).info()
    Shelf.init(url, name="ours")
    with pytest.raises(ShelfExists):
        Shelf.init(url)
    shelf = Shelf.open(url, cache=tmp_path / "cache")
    publish(_store(shelf), "six", "1.16.0")
    assert [facts.project for facts in shelf.projects()] == ["six"]
    assert shelf.verify().sound


def _store(shelf: Shelf) -> Store:
    return shelf.store


@pytest.mark.parametrize("text", ["", "torch==", "torch>=2", "../x", "torch==1==2", "a b"])
def test_what_names_no_version_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="Write it like"):
        split_pin(text)
