"""Who runs, how often, and how a run goes on that was interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.estimate import race_seconds, seconds_seen
from benchmarks.links import LINKS, Link
from benchmarks.measuring import runs_of
from benchmarks.races import LEFT_OUT, TOO_LONG, Entry, quick_entries, race, without_slow
from benchmarks.stage import CannotRun, Case, Sample
from benchmarks.workloads import WORKLOADS


class Racer:
    """Takes ``seconds`` and says ``says``, or fails."""

    on_links = True

    def __init__(self, name: str, seconds: float = 1.0, says: str = "yes", fails: bool = False) -> None:
        self.name, self.runs = name, 0
        self._seconds, self._says, self._fails = seconds, says, fails

    def version(self) -> str:
        return "1"

    def run(self, case: Case) -> Sample:
        self.runs += 1
        if self._fails:
            raise CannotRun("broken")
        return Sample(self._seconds, self._seconds, 1, self._says)


def rows_by_name(racers: list[Racer], link: Link = LINKS[0]) -> dict[str, Any]:
    entries = [Entry(racer, "") for racer in racers]
    return {row["contestant"]: row for row in race(WORKLOADS[0], link, entries, 5, quick=False)}


def test_everybody_runs_five_times_and_who_takes_long_fewer_times() -> None:
    racers = [Racer("fast"), Racer("slow", 21.0), Racer("slower", 61.0)]
    rows = rows_by_name(racers)
    assert [racer.runs for racer in racers] == [5, 2, 1]
    assert [len(rows[racer.name]["seconds"]) for racer in racers] == [5, 2, 1]
    assert runs_of(61.0, 5) == 1


def test_who_fails_or_prints_something_else_is_asked_no_more() -> None:
    broken, wrong = Racer("broken", fails=True), Racer("wrong", says="no")
    rows = rows_by_name([Racer("first"), broken, wrong])
    assert (broken.runs, rows["broken"]["reason"]) == (1, "broken")
    assert wrong.runs == 1 and rows["wrong"]["reason"].startswith("printed 'no'")


def test_who_took_too_long_is_left_out_on_slower_links() -> None:
    racers = [Racer("fast"), Racer("slow", TOO_LONG + 1)]
    entries = [Entry(racer, "") for racer in racers]
    left = without_slow(entries, race(WORKLOADS[0], LINKS[1], entries, 5, quick=False))
    assert [bool(entry.reason) for entry in left] == [False, True]
    assert LINKS[1].name in left[1].reason


def test_a_quick_run_has_what_takes_long_on_its_first_workload_only() -> None:
    entries = [Entry(Racer(name), "") for name in ("pip, empty cache", "floor", "s3fs, warm cache")]
    first, second = [w for w in WORKLOADS if w.quick][:2]
    assert [entry.reason for entry in quick_entries(entries, first)] == ["", "", LEFT_OUT]
    assert [entry.reason for entry in quick_entries(entries, second)] == [LEFT_OUT, "", LEFT_OUT]


def test_an_estimate_knows_what_was_seen() -> None:
    seen = seconds_seen([{"contestant": "x", "workload": "w", "link": LINKS[0].name, "seconds": [10.0, 10.0]}])
    unseen = race_seconds("w", LINKS[:1], [("x", True, 5)], {})
    assert race_seconds("w", LINKS[:1], [("x", True, 5)], seen) - unseen > 30
    assert race_seconds("w", LINKS, [("x", False, 5)], seen) == race_seconds("w", LINKS[:1], [("x", True, 5)], seen)


def test_results_go_on_where_a_run_stopped(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    first = results.begin(path, resume=True, facts={"date": "1"})
    first["rows"] = [{"workload": "a", "link": "x"}, {"workload": "b", "link": "x"}, {"workload": "b", "link": "y"}]
    first["counts"] = {"a": 1, "b": 2}
    results.note(first, "a")
    path.write_text(json.dumps(first))
    again = results.begin(path, resume=True, facts={"date": "2"})
    assert (again["date"], list(again["measured"])) == ("2", ["a"])
    results.forget(again, "b", ["y", "z"])
    assert [(row["workload"], row["link"]) for row in again["rows"]] == [("a", "x"), ("b", "x")]
    assert again["counts"] == {"a": 1}
    assert results.begin(path, resume=False, facts={})["rows"] == []


def test_what_was_measured_in_part_is_measured_again() -> None:
    found: dict[str, Any] = {"measured": {}}
    results.note(found, "a")
    results.note(found, "b", whole=False)
    assert [results.is_complete(found, piece) for piece in "abc"] == [True, False, False]
