"""A purge takes a version and its bytes away for good; it says what that breaks, and who is broken is told why."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.catalog import refresh_catalog
from cloudshelf.chains.commit import LIMIT, init_shelf
from cloudshelf.codecs.envelope import format_object
from cloudshelf.codecs.head import format_head, parse_head
from cloudshelf.codecs.names import head_key
from cloudshelf.errors import ObjectInvalid, ShelfError, UsageError, VersionMissing, VersionPurged
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.environments import Environments
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.language.as_of import parse_moment
from cloudshelf.model import Entry, Lock
from cloudshelf.publisher.upload import NewWheel
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from cloudshelf.target import current_target
from cloudshelf.upkeep.purging import find_breaks, purge
from cloudshelf.verbs import serve
from tests.repository.shelves import publish, put_version

from .actors import Actor, Fate
from .wheels import PROJECT, put_wheel

Wheels = dict[str, NewWheel]
REASON = "it holds a password"


def keys(store: Store, prefix: str = "projects/") -> set[str]:
    return {stored.key for stored in store.list(prefix)}


def take_away(store: Store, project: str = PROJECT, version: str = "1") -> int:
    return purge(store, Repository(store), project, version, reason=REASON, by="ann")[1]


def test_a_purged_version_is_gone_with_its_bytes_and_what_others_share_stays(store: Store, wheels: Wheels) -> None:
    for name in ("1-py3", "1-cp311", "2-py3"):  # 2 has a pack in common with 1
        put_wheel(store, wheels[name])
    shared, own = (wheels[name].packed.packs[0].digest for name in ("2-py3", "1-cp311"))
    assert take_away(store) == 1 + 2 + 2  # packs, manifests, releases (the first was replaced by the second)
    left = keys(store, f"projects/{PROJECT}/pack/")
    assert [key for key in left if shared in key] and not [key for key in left if own in key]
    shelf = Shelf(store)
    assert [facts.version for facts in shelf.versions(PROJECT)] == ["2"]
    assert (shelf.verify([PROJECT]).sound, shelf.verify([PROJECT]).garbage) == (True, 0)


def test_who_asks_for_a_purged_version_is_told_why(store: Store, wheels: Wheels) -> None:
    for name in ("1-py3", "2-py3"):
        put_wheel(store, wheels[name])
    entry = Repository(store).versions(PROJECT)["1"]
    release = Repository(store).release_at(PROJECT, "1", entry.release)
    take_away(store)
    repository = Repository(store)
    for ask in (
        lambda: repository.release(PROJECT, "1"),
        lambda: repository.release_at(PROJECT, "1", entry.release),
        lambda: repository.manifest(PROJECT, release.wheels[0].trees[""].manifest),
        lambda: Shelf(store).find_version(PROJECT, "1"),
    ):
        with pytest.raises(VersionPurged, match=REASON) as caught:
            ask()
        assert (caught.value.project, caught.value.version, caught.value.by) == (PROJECT, "1", "ann")
        assert caught.value.available == ("2",)
        assert isinstance(caught.value, VersionMissing)


def test_the_last_version_can_be_purged_and_the_project_published_again(store: Store, wheels: Wheels) -> None:
    put_wheel(store, wheels["1-py3"])
    refresh_catalog(store, Repository(store), [PROJECT])
    assert [facts.project for facts in Shelf(store).projects()] == [PROJECT]
    take_away(store)
    shelf = Shelf(store)
    refresh_catalog(store, Repository(store), [PROJECT])
    assert shelf.projects() == () and shelf.verify().sound
    for ask in (lambda: shelf.versions(PROJECT), lambda: shelf.show(PROJECT), lambda: shelf.find_version(PROJECT, "1")):
        with pytest.raises(VersionPurged, match="Take another project, or ask whoever purged it"):
            ask()
    head = put_wheel(store, wheels["1-py3"])
    assert (head.default, head.epoch) == ("1", 1)
    assert Shelf(store).verify([PROJECT]).sound
    assert [facts.version for facts in Shelf(store).versions(PROJECT)] == ["1"]


def test_no_rollback_brings_a_purged_version_back(store: Store, wheels: Wheels) -> None:
    for name in ("1-py3", "2-py3"):
        put_wheel(store, wheels[name])
    take_away(store)
    changed = Shelf(store).rollback(PROJECT, 2, by="ann")
    assert (changed.versions, changed.default) == (("2",), None)
    assert Shelf(store).verify([PROJECT]).sound


def test_a_purged_version_was_not_there_before_either(
    store: Store, wheels: Wheels, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter(f"2026-01-0{day}T00:00:00Z" for day in range(1, 9))
    monkeypatch.setattr("cloudshelf.chains.chain.moment", lambda: next(days))
    for name in ("1-py3", "2-py3"):
        put_wheel(store, wheels[name])
    take_away(store)
    for day, versions in (("2026-01-02", {"2"}), ("2026-01-03", {"2"})):
        assert set(Repository(store, as_of=parse_moment(day)).versions(PROJECT)) == versions
    with pytest.raises(VersionPurged):
        Repository(store, as_of=parse_moment("2026-01-01")).versions(PROJECT)


def test_a_version_that_was_folded_into_the_index_can_be_purged() -> None:
    store = MemoryStore()
    init_shelf(store, "ours")
    publish(store, "numpy", "1.0", catalog=False)
    put_version(store, "numpy", {f"2.{n}": Entry("a" * 64) for n in range(LIMIT + 1)}, "2.0")
    head = Repository(store).head("numpy")
    assert "1.0" not in head.versions and "1.0" in Repository(store).versions("numpy")
    with pytest.raises(ShelfError):  # of what the others name nothing is there
        take_away(store, "numpy", "1.0")
    assert "1.0" not in Repository(store).versions("numpy")
    assert len(Repository(store).versions("numpy")) == LIMIT + 1


def test_a_purge_that_dies_at_any_request_is_finished_by_the_next(wheels: Wheels) -> None:
    number = 0
    while True:
        store = MemoryStore()
        init_shelf(store, "ours")
        for name in ("1-py3", "1-cp311", "2-py3"):
            put_wheel(store, wheels[name])
        actor = Actor("purge", take_away, store, lambda *_: None)
        for _ in range(number):
            if not actor.ended:
                actor.grant()
        if actor.ended:
            break
        actor.grant(Fate.KILLED_AFTER)
        assert Shelf(store).verify([PROJECT]).sound
        take_away(store)
        assert Shelf(store).verify([PROJECT]).sound
        assert (len(keys(store, f"projects/{PROJECT}/release/")), len(keys(store, f"projects/{PROJECT}/pack/"))) == (
            1,
            1,
        )
        number += 1
    assert number > 15


def test_it_says_which_named_locks_and_which_projects_it_breaks() -> None:
    store = MemoryStore()
    init_shelf(store, "ours")
    for version in ("1.0", "2.0"):
        publish(store, "numpy", version)
    publish(store, "pandas", "3.0", requires=["numpy>=2"])
    publish(store, "scipy", "1.5", requires=["numpy>=1"])
    publish(store, "other", "1.0", requires=["numpy<2"])
    shelf = Shelf(store)
    for name, requirement in (("team/new", "pandas"), ("team/old", "numpy==1.0"), ("team/was", "numpy==2.0")):
        shelf.named_locks.write(name, lock(shelf, requirement), by="ann")
    shelf.named_locks.write("team/was", lock(shelf, "other"), by="ann")
    breaks = find_breaks(store, Repository(store), "numpy", "2.0")
    assert breaks.locks == ("team/new", "team/was@1")
    assert [(d.project, d.left) for d in breaks.dependents] == [("pandas", ""), ("scipy", "1.0")]
    assert (breaks.default, breaks.versions, breaks.objects) == (False, ("1.0",), 3)


def lock(shelf: Shelf, *requirements: str) -> Lock:
    return shelf.lock(requirements, target=current_target()).lock


def test_a_lock_that_pins_it_fails_with_the_reason_even_in_a_half_filled_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "cache"))
    url = (tmp_path / "shelf").as_uri()
    store = open_store(url)
    init_shelf(store, "ours")
    for version in ("1.0", "2.0"):
        publish(store, "numpy", version)
    args = {"shelf": url, "lock": _lock_text(url), "lock_name": "pylock.toml"}
    environment = serve("sync", args, lambda event: None)["environment"]
    take_away(store, "numpy", "1.0")
    transfer = Transfer(BlobCache(tmp_path / "cache"), background=False)
    try:
        with pytest.raises(VersionPurged, match=REASON):
            transfer.fill(Environments(open_store).get(environment))
    finally:
        transfer.close()
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "another"))
    with pytest.raises(VersionPurged, match=REASON):
        serve("sync", args, lambda event: None)


def _lock_text(url: str) -> str:
    return str(serve("lock", {"shelf": url, "requirements": ["numpy==1.0"]}, lambda event: None)["lock"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs a --reason"),
        ({"reason": " \n"}, "needs a --reason"),
        ({"reason": "x" * 501, "yes": True}, "at most 500"),
        ({"reason": REASON}, "only with --yes"),
    ],
)
def test_without_a_reason_or_a_yes_nothing_happens(
    options: dict[str, object], words: str, wheels: Wheels, tmp_path: Path
) -> None:
    url = (tmp_path / "shelf").as_uri()
    store = open_store(url)
    init_shelf(store, "ours")
    put_wheel(store, wheels["1-py3"])
    before = keys(store, "")
    for project, error in ((f"{PROJECT}==1", UsageError), (PROJECT, UsageError), (f"{PROJECT}==9", ShelfError)):
        with pytest.raises(error, match=words if "==1" in project else "."):
            serve("purge", {"shelf": url, "project": project, **options}, lambda event: None)
    assert keys(store, "") == before


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_in_a_terminal_it_shows_what_it_breaks_and_asks(
    answer: str, gone: bool, wheels: Wheels, tmp_path: Path
) -> None:
    url = (tmp_path / "shelf").as_uri()
    store = open_store(url)
    init_shelf(store, "ours")
    put_wheel(store, wheels["1-py3"])
    controller, terminal = pty.openpty()
    words = ["--shelf", url, "purge", f"{PROJECT}==1", "--reason", REASON]
    environ = os.environ | {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    os.write(controller, answer.encode())
    done = subprocess.run(
        [sys.executable, "-m", "cloudshelf", *words],
        env=environ, stdin=terminal, capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(controller)
    os.close(terminal)
    assert "It would purge demo==1: 3 objects" in done.stdout and "Purge it for good?" in done.stdout
    assert (done.returncode == 0) == gone == (not keys(store, f"projects/{PROJECT}/pack/"))
    if not gone:
        assert "Nothing was changed" in done.stderr


@pytest.mark.parametrize(
    "purged",
    [
        [],
        {"1": []},
        {"1": [["x"], [], "r", "b", "t"]},
        {"1": [["a" * 64], ["a" * 64], "r", "b", "t"]},
        {"1": [["a" * 64], [], None, "b", "t"]},
        {"1": [[1], [], "r", "b", "t"]},
    ],
)
def test_a_malformed_list_of_purged_versions_is_damage(purged: object) -> None:
    store = MemoryStore()
    head = put_version(store, "numpy", {"1": Entry("a" * 64)})
    fields = parse_fields(format_head(head)) | {"purged": purged}
    with pytest.raises(ObjectInvalid, match="purged"):
        parse_head(format_object("head", fields), "numpy", head_key("numpy"))


def parse_fields(data: bytes) -> dict[str, object]:
    import json

    return {k: v for k, v in json.loads(data.split(b"\n")[0]).items() if k not in ("format", "kind")}
