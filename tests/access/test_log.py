"""Who did what and when: of one project, and of the whole shelf."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf import chain
from cloudshelf.commit import init_shelf
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.target import target_for
from cloudshelf.verbs import serve
from tests.repository.shelves import publish

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Each commit a minute after the one before."""
    minutes = iter(range(60))
    monkeypatch.setattr(chain, "moment", lambda: f"2026-11-01T10:{next(minutes):02}:00Z")
    store = MemoryStore("memory:ours")
    init_shelf(store, "ours")
    publish(store, "numpy", "1.0")  # :00
    publish(store, "pandas", "1.0", requires=["numpy"])
    publish(store, "numpy", "2.0")
    shelf = Shelf(store)
    shelf.default("numpy", "2.0", by="ada")
    shelf.yank("numpy", "1.0", reason="wrong", by="bob")
    shelf.named_locks.write("team/x", shelf.lock(["pandas"], target=TARGET).lock, by="eve")
    shelf.rollback("numpy", by="ada")
    shelf.named_locks.remove("team/x", by="eve")  # :07
    return shelf


def told(shelf: Shelf, **limits: object) -> list[tuple[str, str, str]]:
    return [(e.project or e.lock, e.by, e.action) for e in Shelf(shelf.store).news(**limits).entries]  # type: ignore[arg-type]


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
    ]
    assert [by for _, by, _ in told(shelf)][:5] == ["eve", "ada", "eve", "bob", "ada"]


def test_pages_follow_one_another_without_a_gap(shelf: Shelf) -> None:
    pages, before = [], ""
    while True:
        page = Shelf(shelf.store).news(before=before, most=3)
        pages.append(page)
        if not page.more:
            break
        before = page.entries[-1].time
    assert [len(page.entries) for page in pages] == [3, 3, 2]
    assert [e.time for page in pages for e in page.entries] == [e.time for e in Shelf(shelf.store).news().entries]


@pytest.mark.parametrize(
    ("since", "before", "minutes"),
    [
        ("2026-11-01T10:05:00Z", "", [7, 6, 5]),
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
    assert [entry["action"] for entry in whole["entries"]] == ["publish 1.0"]
    assert whole["more"] is None and whole["denied"] == []
    day = whole["entries"][0]["time"][:10]
    assert len(serve("log", {"shelf": url, "since": day}, lambda event: None)["entries"]) == 1
    assert serve("log", {"shelf": url, "before": day}, lambda event: None)["entries"] == []
    assert serve("log", {"shelf": url, "project": "numpy", "before": day}, lambda event: None)["entries"] == []
