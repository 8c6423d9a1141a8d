"""What the table says of figures: means, worst cases, and what was not measured."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import storm
from benchmarks.bars import COLD, FLOOR, LOCKED, Bar, against_peers, geometric_mean, judge, possible_seconds
from benchmarks.links import LINKS, Link
from benchmarks.parts import PARTS
from benchmarks.report import all_bars


def row(contestant: str, workload: str, seconds: float, link: str = LINKS[0].name) -> dict[str, Any]:
    return {
        "contestant": contestant,
        "workload": workload,
        "link": link,
        "reason": "",
        "seconds": [seconds],
        "memory": [1],
    }


def bar_of(bars: list[Bar], begin: str) -> Bar:
    return next(bar for bar in bars if bar.what.startswith(begin))


def judged(*rows: dict[str, Any], **more: Any) -> list[Bar]:
    return judge(rows, more.get("counts", {}), more.get("facts", {}))


def test_the_mean_of_ratios_is_geometric() -> None:
    assert geometric_mean([2, 8]) == pytest.approx(4)


@pytest.mark.parametrize(("uv", "met"), [((6.0, 5.0), True), ((20.0, 1.9), False), ((4.0, 6.0), False)])
def test_against_uv_the_mean_and_the_worst_count(uv: tuple[float, float], met: bool) -> None:
    rows = [row("uv, empty cache", name, s) for name, s in zip("ab", uv, strict=True)]
    bars = judged(*rows, row(COLD, "a", 1.0), row(COLD, "b", 1.0))
    assert bar_of(bars, "cold, against uv").met is met


def test_the_best_mount_counts_and_huge_libraries_have_a_bar_of_their_own() -> None:
    link = LINKS[1].name
    mounts = [row("rclone mount, empty cache", "a", 30.0, link), row("s3fs, empty cache", "a", 26.0, link)]
    huge = [row("rclone mount, empty cache", "torch", 4.0, link), row(COLD, "torch", 1.0, link)]
    bar = bar_of(judged(*mounts, *huge, row(COLD, "a", 1.0, link)), "cold, against the best mount")
    assert bar.met and bar.figure and bar.figure.startswith("26.00")


def test_possible_is_bytes_at_the_rate_and_round_trips_and_the_import() -> None:
    assert possible_seconds(Link("", 50, 100), 12_500_000, 0.5, 2) == pytest.approx(1 + 0.1 + 0.5)
    assert possible_seconds(Link("", 0, 0), 12_500_000, 0.5, 2) == pytest.approx(0.5)


def test_the_share_of_the_possible_is_the_same_against_every_peer() -> None:
    rows = [row("site-packages", "a", 0.4), row(LOCKED, "a", 0.5), row("uv, empty cache", "a", 2), row("pip", "a", 8)]
    found = against_peers(rows, {"a": {"packed": 1}}, LOCKED)
    assert [peer for peer, *_ in found] == ["uv, empty cache", "pip"]
    assert [ratio / possible for _, _, ratio, possible, _ in found] == pytest.approx([0.8, 0.8])


def test_a_share_of_the_possible_takes_the_warm_import_that_was_measured_beside() -> None:
    link = LINKS[1]
    rows = [row("site-packages", "a", 0.4), row(LOCKED, "a", 2.0, link.name)]
    trips = 2 * link.round_trip / 1000
    for beside, site in (((), 0.4), ((row("site-packages", "a", 0.8, link.name),), 0.8)):
        found = bar_of(judged(*rows, *beside, facts={"a": {"packed": 0}}), "cold, any peer")
        assert (found.figure or "").partition(" ")[0] == f"{(site + trips) / 2:.2f}"


def test_what_the_floor_reaches_stands_beside_and_is_judged_by_no_bar() -> None:
    facts = {"a": {"packed": 0}}
    rows = [row("site-packages", "a", 0.4), row(FLOOR, "a", 0.5), row("uv, empty cache", "a", 2)]
    found = [bar for bar in judged(*rows, facts=facts) if bar.what.startswith("the same of the floor")]
    assert [(bar.figure or "").partition(" ")[0] for bar in found] == ["4.00", "0.80"]
    assert {bar.met for bar in found} == {None}


def test_bytes_are_judged_by_what_the_rules_require() -> None:
    counts = {"a": {"locked": {"bytes": 109, "requests": 1, "sequence": 1}}}
    facts = {"a": {"packed": 50, "required": 100, "projects": 1}}
    bars = judged(counts=counts, facts=facts)
    assert bar_of(bars, "bytes until the import returns").met is True
    assert bar_of(bars, "the same, of the frames of what was opened alone").met is None


def test_a_storm_is_compared_per_core() -> None:
    row = {"count": 50, "alone": [1.0], "together": [50.0]}
    assert storm.per_core(row, 2) == pytest.approx(2.0)
    assert storm.per_core(row, 64) == pytest.approx(50.0)


def storm_row(kind: str, failed: list[str]) -> dict[str, Any]:
    one = {"bytes": 100, "failed": []}
    return {"kind": kind, "count": 50, "alone": [1.0], "together": [5.0], "one": one, "all": one | {"failed": failed}}


def test_a_storm_in_which_somebody_fails_meets_no_bar() -> None:
    kinds = [storm_row("kernels of one host", [])]
    found = {"cores": 2, "kernels": 50, "kinds": kinds}
    assert [bar.met for bar in storm.bars(found)] == [True, True]
    kinds.append(storm_row("commands of one host", ["ModuleNotFoundError"]))
    assert [bar.met for bar in storm.bars(found)] == [False, False]
    assert all("1 failed" in str(bar.figure) for bar in storm.bars(found))


def test_every_part_has_its_bars_when_nothing_was_measured_and_says_why() -> None:
    parts = {part.name: {"reason": "no torch here"} for part in PARTS}
    bars = all_bars({"rows": [], "counts": {}, "facts": {}, "parts": parts})
    of_parts = [bar for bar in bars if bar.figure]
    assert {bar.figure for bar in of_parts} == {"not measured: no torch here"}
    for begin in ("storm of 50", "use on 10,000", "publish torch", "%load_ext", "a completion", "ordinary code"):
        assert bar_of(of_parts, begin).met is None
