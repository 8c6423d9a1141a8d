"""Races: everybody runs each workload over each link, in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import mounted, ours, peers
from benchmarks.counts import count_calls, count_requests
from benchmarks.links import LINKS, Link
from benchmarks.measuring import runs_of
from benchmarks.peers import Contestant
from benchmarks.shelf_facts import ShelfFacts
from benchmarks.stage import CannotRun, Stage, fresh_case
from benchmarks.workloads import WORKLOADS, Workload

RUNS = 5
LEFT_OUT = "left out of the quick run: make bench"
# A quick run has these on each of its workloads, and those that take long on its first, once.
QUICK = (
    "site-packages",
    "uv, empty cache",
    "ours, cold",
    "ours, cold with a lock",
    "ours, warm",
    "ours, filled",
    "floor",
)
QUICK_ONCE = ("pip, empty cache", "rclone mount, empty cache")
TOO_LONG = 60.0  # seconds of a run: no bar is about how slow something is on a link that is slower still


@dataclass(frozen=True, slots=True)
class Entry:
    """A contestant who may run; ``reason`` says why not, if not."""

    contestant: Contestant
    reason: str


def contestants(stage: Stage, facts: ShelfFacts) -> list[Contestant]:
    return [
        peers.SitePackages(),
        peers.Pip(stage),
        peers.Uv(stage, warm=False),
        peers.Uv(stage, warm=True),
        peers.Rclone(stage, warm=False),
        peers.Rclone(stage, warm=True),
        peers.S3fs(stage, warm=False),
        peers.S3fs(stage, warm=True),
        peers.ZipImport(),
        *ours.contestants(stage, facts),
        *mounted.contestants(stage, facts),
    ]


def choose(everybody: Sequence[Contestant], only: Sequence[str], versions: dict[str, str]) -> list[Entry]:
    """Who runs: all whose names begin as ``only`` says and whom this machine can run. Versions are noted."""
    chosen = []
    for each in everybody:
        reason = ""
        try:
            versions[each.name] = each.version()
        except CannotRun as error:
            reason = str(error)
        if only and not each.name.startswith(tuple(only)):
            reason = reason or "not asked for"
        chosen.append(Entry(each, reason))
    return chosen


def quick_entries(entries: Iterable[Entry], workload: Workload) -> list[Entry]:
    """The same for a quick run of ``workload``."""
    first = next(w for w in WORKLOADS if w.quick)
    names = (*QUICK, *QUICK_ONCE) if workload == first else QUICK
    return [Entry(e.contestant, e.reason or ("" if e.contestant.name in names else LEFT_OUT)) for e in entries]


def runs_for(contestant: str, runs: int, *, quick: bool) -> int:
    """How many runs are meant for a contestant, as long as it is not too slow for them."""
    return 1 if quick and contestant in QUICK_ONCE else runs


def race(workload: Workload, link: Link, entries: Sequence[Entry], runs: int, *, quick: bool) -> list[dict[str, Any]]:
    """A row a contestant. A B C, A B C …; who fails once is asked no more, and the reason stands in its row.

    Who takes long runs fewer times (measuring.FEWER).
    """
    here = [entry for entry in entries if entry.contestant.on_links or link is LINKS[0]]
    rows = {entry.contestant.name: row_of(workload, link, entry.contestant.name, entry.reason) for entry in here}
    expected = ""
    for number in range(runs):
        for entry in here:
            row, name = rows[entry.contestant.name], entry.contestant.name
            most = runs_of(max(row["seconds"], default=0.0), runs_for(name, runs, quick=quick))
            if row["reason"] or number >= most:
                continue
            try:
                with fresh_case(workload, link) as case:
                    sample = entry.contestant.run(case)
            except CannotRun as error:
                row["reason"] = str(error)
                continue
            expected = expected or sample.said
            if sample.said != expected:
                row["reason"] = f"printed {sample.said[:80]!r}, not {expected[:80]!r}"
            row["seconds"].append(round(sample.seconds, 4))
            row["script"].append(round(sample.script, 4))
            row["memory"].append(sample.memory)
    return list(rows.values())


def without_slow(entries: Iterable[Entry], rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """``entries`` for the next, slower link: who took TOO_LONG over this one, which ``rows`` are of, is left out."""
    slow = {r["contestant"]: r["link"] for r in rows if r["seconds"] and min(r["seconds"]) > TOO_LONG}
    return [
        Entry(e.contestant, e.reason or f"took more than {TOO_LONG:.0f} s over {slow[e.contestant.name]} already")
        if e.contestant.name in slow
        else e
        for e in entries
    ]


def rows_of_missing(
    missing: Mapping[str, str], workloads: Iterable[Workload], links: Sequence[Link], everybody: Sequence[Contestant]
) -> list[dict[str, Any]]:
    """Rows of the workloads that cannot be measured here."""
    gone = [w for w in workloads if w.name in missing]
    return [row_of(w, link, each.name, missing[w.name]) for w in gone for link in links for each in everybody]


def row_of(workload: Workload, link: Link, contestant: str, reason: str) -> dict[str, Any]:
    return {
        "workload": workload.name,
        "recorded": workload.recorded,
        "link": link.name,
        "contestant": contestant,
        "reason": reason,
        "seconds": [],
        "script": [],  # seconds from the script's first line to its last
        "memory": [],  # KiB
    }


def count(everybody: Sequence[Contestant], workload: Workload, *, quick: bool) -> dict[str, Any]:
    """Requests of cold starts, and system calls; see counts.py."""
    one = next(each for each in everybody if isinstance(each, ours.Ours))
    counted: dict[str, Any] = {}
    try:
        counted["resolved"] = count_requests(one, workload, locked=False)
        counted["locked"] = count_requests(one, workload, locked=True)
        if not quick:
            counted["with background"] = count_requests(one, workload, locked=True, background=True)
        states = ("settled", "filled") if quick else ("begun", "settled", "filled")
        counted["calls"] = count_calls(one, workload, states=states)
    except CannotRun as error:
        counted["reason"] = str(error)
    return counted
