"""make bench: Cloudshelf and the systems that it has to beat, side by side, in one run.

    python -m benchmarks.run [--quick] [--workload NAME…] [--link NAME…] [--only TEXT…] [--runs N]

For each workload and link, everybody runs once, then everybody again: whole fresh processes, interleaved. Results are
written after each workload into benchmarks/results/, so an interrupted run leaves what it has. A full run takes hours,
most of them in mounts; a quick one less than five minutes, once wheels and shelf are there.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import ours, peers, report
from benchmarks.bars import judge
from benchmarks.counts import count_calls, count_requests
from benchmarks.links import LINKS, Link, open_link
from benchmarks.peers import Contestant
from benchmarks.shelf_facts import ShelfFacts
from benchmarks.stage import FOLDER, WORK, CannotRun, Stage, download_wheels, fresh_case, publish_shelf, set_stage
from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"
RUNS = 5
LEFT_OUT = "left out of the quick run: make bench"
QUICK = ("site-packages", "uv, empty", "ours, cold", "ours, warm", "ours, filled", "floor")
NOT_QUICK = ("ours, warm, begun", "ours, warm, whole command")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    asked = set(options.workload or (w.name for w in WORKLOADS if w.quick >= options.quick))
    workloads = [w for w in WORKLOADS if w.name in asked]
    links = [link for link in LINKS[: 2 if options.quick else 3] if not options.link or link.name in options.link]
    started = time.monotonic()
    missing = download_wheels(workloads)
    publish_shelf()
    name, text = "quick" if options.quick else "bench", ""
    with set_stage(workloads) as stage:
        facts = ShelfFacts(stage)
        everybody = _contestants(stage, facts)
        results: dict[str, Any] = {
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "machine": _machine(),
            "load before": round(os.getloadavg()[0], 1),
            "links": [dataclasses.asdict(link) for link in LINKS],
            "own cost": measure_links(stage, links),
            "versions": {},
            "rows": _rows_of(missing, workloads, links, everybody),
            "facts": {},
            "counts": {},
        }
        chosen = _choose(everybody, options, results)
        for workload in workloads:
            if workload.name in missing:
                continue
            print(f"{time.monotonic() - started:6.0f} s  {workload.name}", flush=True)
            results["facts"][workload.name] = dataclasses.asdict(facts.opened(workload))
            for link in links:
                results["rows"] += _measure(workload, link, chosen, options.runs)
            results["counts"][workload.name] = _count(everybody, workload, calls=not options.quick)
            text = report.write(RESULTS, name, results, judge(results["rows"], results["counts"], results["facts"]))
        ours.forget_caches()
    shutil.rmtree(WORK, ignore_errors=True)
    print(text)
    print(f"Took {time.monotonic() - started:.0f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few workloads, two links, no pip and no mounts")
    parser.add_argument("--workload", nargs="*", default=[], choices=[w.name for w in WORKLOADS])
    parser.add_argument("--link", nargs="*", default=[], choices=[link.name for link in LINKS])
    parser.add_argument("--only", nargs="*", default=[], metavar="TEXT", help="contestants whose names begin so")
    parser.add_argument("--runs", type=int, default=RUNS)
    return parser


def _contestants(stage: Stage, facts: ShelfFacts) -> list[Contestant]:
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
    ]


def _choose(
    everybody: Sequence[Contestant], options: argparse.Namespace, results: dict[str, Any]
) -> list[tuple[Contestant, str]]:
    """Each contestant with why it does not run, or nothing; versions are noted."""
    chosen = []
    for each in everybody:
        reason = ""
        try:
            results["versions"][each.name] = each.version()
        except CannotRun as error:
            reason = str(error)
        if options.quick and (not each.name.startswith(QUICK) or each.name in NOT_QUICK):
            reason = reason or LEFT_OUT
        if options.only and not each.name.startswith(tuple(options.only)):
            reason = reason or "not asked for"
        chosen.append((each, reason))
    return chosen


def _measure(
    workload: Workload, link: Link, chosen: Sequence[tuple[Contestant, str]], runs: int
) -> list[dict[str, Any]]:
    """A row a contestant. A B C, A B C …; who fails once is asked no more, and the reason stands in its row."""
    here = [(each, reason) for each, reason in chosen if each.on_links or link is LINKS[0]]
    rows = {each.name: _row(workload, link, each.name, reason) for each, reason in here}
    expected = ""
    for _ in range(runs):
        for each, _ in here:
            row = rows[each.name]
            if row["reason"]:
                continue
            try:
                with fresh_case(workload, link) as case:
                    sample = each.run(case)
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


def _rows_of(
    missing: Mapping[str, str], workloads: Iterable[Workload], links: Sequence[Link], everybody: Sequence[Contestant]
) -> list[dict[str, Any]]:
    """Rows of the workloads that cannot be measured here."""
    gone = [w for w in workloads if w.name in missing]
    return [_row(w, link, each.name, missing[w.name]) for w in gone for link in links for each in everybody]


def _row(workload: Workload, link: Link, contestant: str, reason: str) -> dict[str, Any]:
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


def _count(everybody: Sequence[Contestant], workload: Workload, *, calls: bool) -> dict[str, Any]:
    one = next(each for each in everybody if isinstance(each, ours.Ours))
    counted: dict[str, Any] = {}
    try:
        counted["resolved"] = count_requests(one, workload, locked=False)
        counted["locked"] = count_requests(one, workload, locked=True)
        if calls:
            counted["calls"] = count_calls(one, workload)
    except CannotRun as error:
        counted["reason"] = str(error)
    return counted


def measure_links(stage: Stage, links: Sequence[Link]) -> dict[str, str]:
    """What the links cost by themselves: half a second's worth of a wheel, straight and through each; a first page."""
    largest = max((FOLDER / "wheels").glob("*.whl"), key=lambda path: path.stat().st_size)
    found = {"download, no link": _shown(stage.index_port, largest, 0)}
    for link in links:
        with open_link(stage.index_port, link) as port:
            found[f"download, {link.name}"] = _shown(port, largest, link.mbit)
    return found


def _shown(port: int, wheel: Path, mbit: float) -> str:
    size = int(min(wheel.stat().st_size, (mbit or 2000) * 1e6 / 8 / 2))
    rates, pages = [0.0], [1e9]
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        begun = time.monotonic()
        connection.request("GET", "/simple/")
        connection.getresponse().read()
        pages.append(time.monotonic() - begun)
        begun = time.monotonic()
        connection.request("GET", f"/files/{wheel.name}", headers={"Range": f"bytes=0-{size - 1}"})
        answer = connection.getresponse()
        first = time.monotonic()
        while answer.read(1 << 20):
            pass
        rates.append(size * 8 / 1e6 / (time.monotonic() - (first if mbit else begun)))
        connection.close()
    return f"{max(rates):.0f} Mbit/s, first page of a new connection {min(pages) * 1000:.1f} ms"


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "python": ".".join(map(str, sys.version_info[:3])),
    }


if __name__ == "__main__":
    raise SystemExit(main())
