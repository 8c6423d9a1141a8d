"""A shelf as it was on a day: the state that people remember, few requests for it, and clocks that run backwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudshelf.chains import chain
from cloudshelf.chains.commit import init_shelf, walk_history
from cloudshelf.codecs.envelope import seal
from cloudshelf.codecs.head import format_head, parse_head
from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.codecs.names import head_key, history_key, sha256
from cloudshelf.errors import HeadReplayed, ObjectInvalid, ProjectMissing, ProjectMissingThen, Unsatisfiable, UsageError
from cloudshelf.language import as_of
from cloudshelf.model import Entry, Head
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.target import target_for

from .shelves import BY, A, Interfering, publish, put_version

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
Clock = Callable[[str], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the clock of whoever publishes."""
    return lambda moment: monkeypatch.setattr(chain, "moment", lambda: f"{moment}T12:00:00Z")


def on(store: MemoryStore, day: str, cache: Path | None = None) -> Shelf:
    return Shelf(store, cache=cache, as_of=as_of.parse_moment(day, NOW))


def pins(shelf: Shelf, *requirements: str) -> dict[str, str]:
    lock = shelf.lock(requirements, target=TARGET).lock
    return {pin.project: pin.version for pin in lock.pins}


@pytest.fixture
def store(clock: Clock) -> Interfering:
    """numpy 1 and 2 and pandas, over a month; numpy 2 became the default, then was yanked."""
    store = Interfering()
    init_shelf(store, "ours")
    clock("2026-10-01")
    publish(store, "numpy", "1.0")
    clock("2026-10-10")
    publish(store, "numpy", "2.0")
    publish(store, "pandas", "1.0", requires=["numpy"])
    clock("2026-10-20")
    Shelf(store).default("numpy", "2.0", by=BY)
    clock("2026-10-30")
    Shelf(store).yank("numpy", "2.0", reason="wrong results", by=BY)
    return store


@pytest.mark.parametrize(
    ("day", "requirement", "version"),
    [
        ("2026-10-09", "numpy", "1.0"),
        ("2026-10-10", "numpy", "1.0"),  # published is not yet the default
        ("2026-10-10", "numpy>1", "2.0"),
        ("2026-10-20", "numpy", "2.0"),
        ("2026-10-20T11:59", "numpy", "1.0"),
        ("2026-10-20T13:30+01:00", "numpy", "2.0"),
        ("2026-10-29", "numpy", "2.0"),  # yanked the day after
        ("2026-10-30", "numpy", "1.0"),
    ],
)
def test_versions_default_and_yanks_are_those_of_the_day(
    store: Interfering, day: str, requirement: str, version: str
) -> None:
    assert pins(on(store, day), requirement) == {"numpy": version}


def test_what_came_later_is_missing_and_says_when_it_came(store: Interfering, clock: Clock) -> None:
    clock("2026-10-25")
    publish(store, "needy", "1.0", requires=["late"])
    clock("2026-11-20")
    publish(store, "late", "1.0")
    said = "late was not on the shelf at 2026-10-31T23:59:59Z: it came at 2026-11-20T12:00:00Z. Choose a later --as-of"
    with pytest.raises(ProjectMissingThen, match=f"^{said}"):
        pins(on(store, "2026-10-31"), "late")
    with pytest.raises(Unsatisfiable, match=said):
        pins(on(store, "2026-10-31"), "needy")
    assert pins(on(store, "2026-11-20"), "needy") == {"late": "1.0", "needy": "1.0"}
    with pytest.raises(ProjectMissing, match=r"^nothing is not on the shelf\."):
        pins(on(store, "2026-10-09"), "nothing")


def test_the_lock_records_the_moment(store: Interfering) -> None:
    lock = on(store, "2026-10-20").lock(["numpy"], target=TARGET).lock
    assert lock.as_of == "2026-10-20T23:59:59Z"
    assert parse_lock(format_lock(lock), "pylock.toml") == lock
    edited = format_lock(lock).replace('created-by = "cloudshelf"', 'created-by = "hand"')  # read by packaging then
    assert parse_lock(edited, "pylock.toml").as_of == lock.as_of
    assert "as-of" not in format_lock(Shelf(store).lock(["numpy"], target=TARGET).lock)


def test_a_clock_that_ran_backwards_hides_no_state_and_shows_none_too_early(clock: Clock) -> None:
    """A state counts from when it and all before it were there: 3.0 was written by a clock that was a month slow."""
    store = MemoryStore()
    init_shelf(store, "ours")
    for version, day in (("1.0", "2026-10-01"), ("2.0", "2026-11-01"), ("3.0", "2026-10-02"), ("4.0", "2026-11-10")):
        clock(day)
        put_version(store, "numpy", {version: Entry(A)}, version)

    def newest(day: str) -> str | None:
        return Repository(store, as_of=as_of.parse_moment(day, NOW)).head("numpy").default

    assert [newest(day) for day in ("2026-10-01", "2026-10-31", "2026-11-01", "2026-11-09", "2026-11-10")] == [
        "1.0",
        "1.0",
        "3.0",
        "3.0",
        "4.0",
    ]


def long_history(length: int, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A project with one change an hour."""
    store = MemoryStore()
    init_shelf(store, "ours")
    for number in range(length):
        moment = datetime(2026, 1 + number // 600, 1 + number // 24 % 25, number % 24, tzinfo=UTC)
        monkeypatch.setattr(chain, "moment", lambda moment=moment: moment.strftime(as_of.FORMAT))
        put_version(store, "numpy", {"1": Entry(A, str(number))})
    return store


def test_any_of_three_thousand_states_is_found_with_few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CountingStore(long_history(3000, monkeypatch))
    states = list(walk_history(store, parse_head(store.get(head_key("numpy")), "numpy", "k")))
    most = 0
    for state in states[::37]:
        before = store.counts
        assert Repository(store, as_of=state.time).head("numpy") == state
        most = max(most, store.counts.since(before).total)
    assert most <= 1 + 12  # the head, and log2 of 3,000
    assert max(len(format_head(state)) for state in states) < 2000  # what it costs in every head


def test_a_second_look_asks_for_the_head_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = CountingStore(long_history(200, monkeypatch))
    for expected in (range(3, 12), range(2, 3)):  # shelf.json is read for what was seen of heads
        before = store.counts
        Repository(store, cache=tmp_path, as_of="2026-01-03T05:00:00Z").head("numpy")
        assert store.counts.since(before).total in expected


def test_a_use_of_that_day_reads_nothing_of_today_but_heads(store: Interfering) -> None:
    counting = CountingStore(store)
    pins(Shelf(counting, as_of="2026-10-10T23:59:59Z"), "pandas")
    # Two heads, one earlier state, two releases, two hints; and shelf.json, which says whether something is blocked
    assert counting.counts.total <= 8


def without_skips(store: Interfering, project: str) -> None:
    """The project as a cloudshelf from before there were skips would have written it."""
    heads = list(walk_history(store, parse_head(store.get(head_key(project)), project, "k")))
    prev = None
    for head in reversed(heads):
        head = head._replace(prev=prev, latest="", skips=())
        data = format_head(head)
        assert b"skips" not in data and b"latest" not in data
        prev = sha256(data)
        store.put_new(history_key(project, head.seq, prev), data)
    store.overwrite(head_key(project), data)


def test_yesterdays_shelves_are_looked_back_on_and_go_on(store: Interfering, clock: Clock) -> None:
    without_skips(store, "numpy")
    assert pins(on(store, "2026-10-09"), "numpy") == {"numpy": "1.0"}
    assert pins(on(store, "2026-10-20"), "numpy") == {"numpy": "2.0"}
    clock("2026-11-05")
    publish(store, "numpy", "3.0")
    publish(store, "numpy", "4.0")
    head = Repository(store).head("numpy")
    assert [link.seq for link in head.skips] == [5, 4]
    assert pins(on(store, "2026-10-20"), "numpy") == {"numpy": "2.0"}


def test_rolling_back_far_asks_for_few_states(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = CountingStore(long_history(300, monkeypatch))
    shelf = Shelf(counting)
    with pytest.raises(UsageError, match="no state 400"):
        shelf.rollback("numpy", 400, by=BY)
    before = counting.counts
    assert shelf.rollback("numpy", 3, by=BY).seq == 301
    assert counting.counts.since(before).requests["get"] <= 20


@pytest.mark.parametrize(
    ("skips", "fits"),
    [
        ([[2, "a" * 64, ""], [1, "b" * 64, ""]], True),
        ([[3, "a" * 64, ""]], False),  # leads to itself
        ([[1, "a" * 64, ""], [2, "b" * 64, ""]], False),  # leads forward
        ([[0, "a" * 64, ""]], False),
        ([[2, "../x", ""]], False),
        ([[2, "a" * 64]], False),
        ("abc", False),
        (7, False),
    ],
)
def test_skips_that_do_not_lead_back_are_damage(skips: object, fits: bool) -> None:
    head = Head("numpy", 3, 0, "w", A, "2026-10-01T00:00:00Z", BY, "x", None, {}, None, "2026-10-01T00:00:00Z")
    raw = json.loads(format_head(head).partition(b"\n")[0]) | {"skips": skips}
    data = seal(json.dumps(raw, sort_keys=True).encode())
    if fits:
        assert len(parse_head(data, "numpy", "k").skips) == 2
    else:
        with pytest.raises(ObjectInvalid):
            parse_head(data, "numpy", "k")


def test_a_state_that_was_exchanged_is_refused(store: Interfering) -> None:
    head = Repository(store).head("numpy")
    link = head.skips[-1]
    key = history_key("numpy", *link[:2])
    store.overwrite(key, store.get(key).replace(b'"ann"', b'"eve"'))
    with pytest.raises(ObjectInvalid, match="not those that its name says"):
        pins(on(store, "2026-10-12"), "numpy")


def test_a_replayed_head_is_refused_with_as_of_too(store: Interfering, tmp_path: Path) -> None:
    old = store.get(head_key("numpy"))
    publish(store, "numpy", "3.0")
    pins(on(store, "2026-10-10", tmp_path), "numpy")
    store.overwrite(head_key("numpy"), old)
    with pytest.raises(HeadReplayed):
        pins(on(store, "2026-10-10", tmp_path), "numpy")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", "2026-11-01T23:59:59Z"),
        (" 2026-11-01 ", "2026-11-01T23:59:59Z"),
        ("2026-11-01T14:30", "2026-11-01T14:30:00Z"),
        ("2026-11-01 14:30:07.5", "2026-11-01T14:30:07Z"),
        ("2026-11-01T14:30:07Z", "2026-11-01T14:30:07Z"),
        ("2026-11-01T14:30+02:00", "2026-11-01T12:30:00Z"),
        ("2026-11-26", "2026-11-26T12:00:00Z"),  # today, up to now
    ],
)
def test_a_day_is_meant_to_its_end_and_times_are_utc(text: str, moment: str) -> None:
    assert as_of.parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "01.11.2026", "2026-11", "9999-12-31", "0001-01-01T00:00+23:00"]
)
def test_what_is_no_past_moment_says_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"Write it like 2026-11-01|has not come yet"):
        as_of.parse_moment(text, NOW)


@pytest.mark.parametrize("text", ["2026-11-27", "2026-11-26T12:01"])
def test_what_has_not_come_yet_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has not come yet"):
        as_of.parse_moment(text, NOW)
