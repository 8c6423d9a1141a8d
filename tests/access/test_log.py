"""Who did what and when: of one project, and of the whole shelf, its settings, its keys and its block list included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudshelf.chains import chain
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.envelope import format_object
from cloudshelf.codecs.names import SHELF
from cloudshelf.codecs.recall import HEAD
from cloudshelf.errors import AccessDenied, HeadReplayed, OutcomeUnknown, SignatureError
from cloudshelf.recall.blocking import block, unblock
from cloudshelf.shelf import Shelf
from cloudshelf.shelf_settings import change_settings
from cloudshelf.signing.changing import grant, revoke
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.target import target_for
from cloudshelf.verbs import serve
from tests.repository.shelves import publish
from tests.signing.shelves import SignedShelf, overwrite, public

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Each commit a minute after the one before."""
    minutes = iter(range(60))
    monkeypatch.setattr(chain, "moment", lambda: f"2026-11-01T10:{next(minutes):02}:00Z")
    store = MemoryStore("memory:ours")
    init_shelf(store, "ours")
    publish(store, "numpy", "1.0")  # :01
    publish(store, "pandas", "1.0", requires=["numpy"])
    publish(store, "numpy", "2.0")
    shelf = Shelf(store)
    shelf.default("numpy", "2.0", by="ada")
    shelf.yank("numpy", "1.0", reason="wrong", by="bob")
    shelf.named_locks.write("team/x", shelf.lock(["pandas"], target=TARGET).lock, by="eve")
    shelf.rollback("numpy", by="ada")
    shelf.named_locks.remove("team/x", by="eve")  # :08
    return shelf


def told(shelf: Shelf, **limits: Any) -> list[tuple[str, str, str]]:
    return [(e.project or e.lock or e.part, e.by, e.action) for e in Shelf(shelf.store).news(**limits).entries]


def test_everything_that_was_done_is_there_in_order_with_who_did_it(shelf: Shelf) -> None:
    assert [(name, action) for name, _, action in told(shelf)] == [
        ("team/x", "remove"),
        ("numpy", "rollback"),
        ("team/x", "lock 2 pins"),
        ("numpy", "yank 1.0"),
        ("numpy", "default 2.0"),
        ("numpy", "publish 2.0"),
        ("pandas", "publish 1.0"),
        ("numpy", "publish 1.0"),
        ("settings", "init"),
    ]
    assert [by for _, by, _ in told(shelf)][:5] == ["eve", "ada", "eve", "bob", "ada"]


def test_pages_follow_one_another_without_a_gap(shelf: Shelf) -> None:
    pages, before = [], ""
    while True:
        page = Shelf(shelf.store).news(before=before, most=3)
        pages.append(page)
        if not page.more:
            break
        before = page.more
    assert [len(page.entries) for page in pages] == [3, 3, 3]
    assert [e.time for page in pages for e in page.entries] == [e.time for e in Shelf(shelf.store).news().entries]


@pytest.mark.parametrize("times", ["0000000000", "0011122222", "0123456789", "9990000000"])
@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("project", ["", "numpy"])
def test_no_page_leaves_out_what_happened_in_the_same_second_or_by_a_clock_that_was_wrong(
    monkeypatch: pytest.MonkeyPatch, times: str, most: int, project: str
) -> None:
    seconds = iter(times)
    monkeypatch.setattr(chain, "moment", lambda: f"2026-11-01T10:00:0{next(seconds)}Z")
    store = MemoryStore("memory:ours")
    init_shelf(store, "ours")
    for number in range(4):
        publish(store, "numpy", f"{number}.0")
    for number in range(3):
        publish(store, "pandas", f"{number}.0")
        change_settings(store, {"contact": str(number)}) if number < 2 else None
    seen, before = [], ""
    for _ in range(20):
        page = Shelf(store).news(project, before=before, most=most)
        seen += [(e.project, e.action) for e in page.entries]
        before = page.more
        if not before:
            break
    assert sorted(seen) == sorted((e.project, e.action) for e in Shelf(store).news(project).entries)
    assert len(seen) == (4 if project else 10)


@pytest.mark.parametrize(
    ("since", "before", "minutes"),
    [
        ("2026-11-01T10:06:00Z", "", [8, 7, 6]),
        ("", "2026-11-01T10:02:00Z", [1, 0]),
        ("2026-11-01T10:02:00Z", "2026-11-01T10:04:00Z", [3, 2]),
        ("2026-11-02T00:00:00Z", "", []),
    ],
)
def test_since_and_before_are_its_limits(shelf: Shelf, since: str, before: str, minutes: list[int]) -> None:
    found = Shelf(shelf.store).news(since=since, before=before).entries
    assert [int(entry.time[14:16]) for entry in found] == minutes


def test_a_page_reads_no_more_history_than_it_shows(shelf: Shelf) -> None:
    counted = CountingStore(shelf.store)
    Shelf(counted).news(most=1)
    heads = 16 + 1 + 1 + 2 + 1  # the listing, shelf.json, the list of locks, two projects and a lock
    heads += 3  # shelf.json as it is stored, and that there are no keys and no block list
    assert counted.counts.requests == {"get": heads + 1}  # and what was before the one that is shown


def test_the_log_of_a_project_is_all_of_it(shelf: Shelf) -> None:
    assert [entry.action for entry in shelf.log("numpy")] == [
        "rollback",
        "yank 1.0",
        "default 2.0",
        "publish 2.0",
        "publish 1.0",
    ]


def test_the_verb_takes_days_and_moments(tmp_path: Path) -> None:
    url = tmp_path.as_uri()
    serve("init", {"shelf": url}, lambda event: None)
    store = Shelf.open(url).store
    publish(store, "numpy", "1.0")
    whole = serve("log", {"shelf": url}, lambda event: None)
    assert [entry["action"] for entry in whole["entries"]] == ["publish 1.0", "init"]
    assert whole["more"] is None and whole["denied"] == []
    day = whole["entries"][0]["time"][:10]
    assert len(serve("log", {"shelf": url, "since": day}, lambda event: None)["entries"]) == 2
    assert serve("log", {"shelf": url, "before": day}, lambda event: None)["entries"] == []
    assert serve("log", {"shelf": url, "project": "numpy", "before": day}, lambda event: None)["entries"] == []


def of_the_shelf(shelf: Shelf) -> list[tuple[str, str, str]]:
    """What happened to its settings, keys and blocks, the oldest first."""
    return [(e.part, e.by, e.action) for e in reversed(shelf.news().entries) if e.part]


def test_who_blocked_unblocked_and_changed_settings_is_told_with_what_and_when(shelf: Shelf) -> None:
    change_settings(shelf.store, {"contact": "data@example.org"}, by="ada")
    block(shelf.store, ["torch==1", "numpy"], reason="wrong", by="bob")
    unblock(shelf.store, ["numpy"], by="eve")
    change_settings(shelf.store, {"contact": None}, by="eve")
    assert of_the_shelf(Shelf(shelf.store)) == [
        ("settings", "", "init"),
        ("settings", "ada", "settings: set contact to data@example.org"),
        ("blocks", "bob", "block torch==1, numpy"),
        ("settings", "bob", "settings: there is a block list"),
        ("blocks", "eve", "unblock numpy"),
        ("settings", "eve", "settings: unset contact"),
    ]
    times = [entry.time for entry in Shelf(shelf.store).news().entries]
    assert times == sorted(times, reverse=True) and len(set(times)) == len(times)


def test_the_same_of_a_real_shelf_by_its_verbs(tmp_path: Path) -> None:
    url = tmp_path.as_uri()

    def do(verb: str, **args: Any) -> dict[str, Any]:
        return dict(serve(verb, {"shelf": url, **args}, lambda event: None))

    do("init")
    do("settings", name="contact", value="ours")
    do("block", targets=["torch"], reason="wrong")
    do("unblock", targets=["torch"])
    told = [(e["part"], e["action"]) for e in do("log")["entries"] if e["by"]]
    assert sorted(told) == [
        ("blocks", "block torch"),
        ("blocks", "unblock torch"),
        ("settings", "init"),
        ("settings", "settings: set contact to ours"),
        ("settings", "settings: there is a block list"),
    ]


def test_who_gave_and_took_keys_is_told_with_the_key_that_signed_it(tmp_path: Path) -> None:
    signed = SignedShelf(MemoryStore(), tmp_path)  # a first document, and a key for anna
    anna = signed.anna.id
    signed.change(lambda root: grant(root, public(signed.anna, "anna"), {"recall": ["*"]}))
    block(signed.store, ["torch"], reason="wrong", by="anna", signer=signed.signer())
    signed.change(lambda root: revoke(root, anna, {"projects": ["*"]}))
    entries = Shelf(signed.store, pins=signed.pins).news().entries
    assert [(e.by, e.action, e.signed) for e in reversed(entries) if e.part == "trust"] == [
        ("root", "init", "root"),
        ("root", "change", "root"),
        ("root", "change", "root"),
        ("root", "change", "root"),
    ]
    assert [(e.by, e.signed) for e in entries if e.part == "blocks"] == [("anna", "anna")]


def test_a_block_list_that_nobody_signed_is_no_history_where_signatures_are_required(tmp_path: Path) -> None:
    signed = SignedShelf(MemoryStore(), tmp_path)
    block(signed.store, ["torch"], reason="mischief", by="mallory")
    with pytest.raises(SignatureError):
        Shelf(signed.store, pins=signed.pins).news()
    assert ("blocks", "mallory", "block torch") in of_the_shelf(Shelf(signed.store))


def test_a_shelf_json_that_denies_keys_and_blocks_takes_them_out_of_no_log(shelf: Shelf) -> None:
    block(shelf.store, ["torch"], reason="wrong", by="bob")
    info = Shelf(shelf.store).info()
    overwrite(shelf.store, SHELF, format_object("shelf", {"id": info.id, "name": info.name, "settings": {}}))
    assert of_the_shelf(Shelf(shelf.store)) == [("blocks", "bob", "block torch")]


def test_a_block_list_that_vanished_is_refused_by_who_saw_it(shelf: Shelf, tmp_path: Path) -> None:
    block(shelf.store, ["torch"], reason="wrong", by="bob")
    Shelf(shelf.store, cache=tmp_path).news()
    shelf.store.delete(HEAD)
    with pytest.raises(HeadReplayed):
        Shelf(shelf.store, cache=tmp_path).news()


def test_a_shelf_from_before_settings_had_a_history_begins_one_at_its_next_change() -> None:
    store = MemoryStore()
    init_shelf(store, "ours")
    info = Shelf(store).info()
    overwrite(store, SHELF, format_object("shelf", {"id": info.id, "name": info.name, "settings": {"internal": "a-*"}}))
    assert of_the_shelf(Shelf(store)) == []
    change_settings(store, {"contact": "ours"}, by="ada")
    change_settings(store, {"contact": None}, by="bob")
    assert [by for _, by, _ in of_the_shelf(Shelf(store))] == ["ada", "bob"]
    assert Shelf(store).info() == info.__class__(info.id, info.name, {"internal": "a-*"})


def test_a_lost_reply_is_in_the_history_of_settings_once() -> None:
    class Losing(MemoryStore):
        lost = False

        def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
            written = super().replace(key, data, etag=etag)
            if etag is not None and not self.lost:
                self.lost = True
                raise OutcomeUnknown(key, "connection reset")
            return written

    store = Losing()
    init_shelf(store, "ours", by="ada")
    change_settings(store, {"contact": "ours"}, by="bob")
    assert [by for _, by, _ in of_the_shelf(Shelf(store))] == ["ada", "bob"]


def test_a_part_that_one_may_not_read_is_named_and_the_rest_goes_on(shelf: Shelf) -> None:
    class Denying(CountingStore):
        def get(self, key: str) -> bytes:
            if key.startswith("trust/"):
                raise AccessDenied(key, self.url)
            return super().get(key)

    page = Shelf(Denying(shelf.store)).news()
    assert page.denied == ("the trust",) and {entry.part for entry in page.entries} == {"", "settings"}
