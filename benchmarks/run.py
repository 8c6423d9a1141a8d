"""make bench: Cloudshelf and the systems that it has to beat, side by side, in one run.

    python -m benchmarks.run [--quick] [--resume] [--workload NAME…] [--part NAME…] [--link NAME…] [--only TEXT…]

For each workload and link, everybody runs once, then everybody again: whole fresh processes, interleaved. Then come the
parts that measure something else. Results are written after each workload and each part into benchmarks/results/;
--resume goes on with those, and measures anew only what is named. A full run takes hours, most of them in mounts; a
quick one less than five minutes, once wheels and shelf are there.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import ours, publishing, races, report, results
from benchmarks.estimate import race_seconds, seconds_seen
from benchmarks.links import LINKS, Link
from benchmarks.own_cost import measure_links
from benchmarks.parts import PARTS, Part
from benchmarks.shelf_facts import ShelfFacts
from benchmarks.stage import WORK, CannotRun, Stage, download_wheels, publish_shelf, set_stage
from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    name = "quick" if options.quick else "bench"
    workloads = _workloads(options)
    parts = [part for part in PARTS if part.name in options.part or not (options.part or options.workload)]
    links = [link for link in LINKS[: 2 if options.quick else 3] if not options.link or link.name in options.link]
    started = time.monotonic()
    missing = download_wheels(workloads, publishing.wheels_wanted(options.quick))
    publish_shelf()
    with set_stage(workloads) as stage:
        run = _Run(options, stage, links, started)
        run.found = results.begin(RESULTS / f"{name}.json", resume=options.resume, facts=_facts_of_run(stage, links))
        run.go(name, workloads, parts, missing)
    ours.forget_caches()
    shutil.rmtree(WORK, ignore_errors=True)
    print(report.write(RESULTS, name, run.found))
    print(f"Took {time.monotonic() - started:.0f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return 0


class _Run:
    """One run: what was found so far, and who takes part."""

    def __init__(self, options: argparse.Namespace, stage: Stage, links: Sequence[Link], started: float) -> None:
        self._options, self._stage, self._links, self._started = options, stage, links, started
        self._facts = ShelfFacts(stage)
        self._everybody = races.contestants(stage, self._facts)
        self._seen = seconds_seen(results.earlier_rows(RESULTS))
        self.found: dict[str, Any] = {}

    def go(self, file: str, workloads: Sequence[Workload], parts: Sequence[Part], missing: dict[str, str]) -> None:
        """Measure, and write after each piece."""
        entries = races.choose(self._everybody, self._options.only, self.found["versions"])
        workloads = [w for w in workloads if self._is_wanted(w.name, w.name in self._options.workload)]
        parts = [part for part in parts if self._is_wanted(part.name, part.name in self._options.part)]
        self._announce(entries, [w for w in workloads if w.name not in missing], parts)
        links = [link.name for link in self._links]
        for workload in workloads:
            results.forget(self.found, workload.name, links)
            if workload.name in missing:
                self.found["rows"] += races.rows_of_missing(missing, [workload], self._links, self._everybody)
            else:
                self._say(workload.name)
                self._race(workload, entries)
                results.note(self.found, workload.name, whole=not (self._options.only or self._options.link))
                report.write(RESULTS, file, self.found)
        for part in parts:
            self._say(part.name)
            results.forget(self.found, part.name, links)
            self.found["parts"][part.name] = self._measure(part)
            results.note(self.found, part.name)
            report.write(RESULTS, file, self.found)

    def _is_wanted(self, piece: str, named: bool) -> bool:
        return named or not self._options.resume or not results.is_complete(self.found, piece)

    def _announce(self, entries: Sequence[races.Entry], workloads: Sequence[Workload], parts: Sequence[Part]) -> None:
        quick = self._options.quick
        seconds = sum(part.minutes[0 if quick else 1] * 60 for part in parts)
        for workload in workloads:
            taking = races.quick_entries(entries, workload) if quick else entries
            seconds += race_seconds(
                workload.name,
                self._links,
                [
                    (name, e.contestant.on_links, races.runs_for(name, self._options.runs, quick=quick))
                    for e in taking
                    if not e.reason and (name := e.contestant.name)
                ],
                self._seen,
            )
        print(
            f"{len(workloads)} workloads, {len(self._links)} links, {len(parts)} other parts: about "
            f"{seconds / 60:.0f} minutes from here.",
            flush=True,
        )

    def _say(self, piece: str) -> None:
        print(f"{time.monotonic() - self._started:6.0f} s  {piece}", flush=True)

    def _race(self, workload: Workload, entries: Sequence[races.Entry]) -> None:
        quick = self._options.quick
        taking = races.quick_entries(entries, workload) if quick else list(entries)
        self.found["facts"][workload.name] = dataclasses.asdict(self._facts.opened(workload))
        for link in self._links:
            rows = races.race(workload, link, taking, self._options.runs, quick=quick)
            taking = races.without_slow(taking, rows)
            self.found["rows"] += rows
        self.found["counts"][workload.name] = races.count(self._everybody, workload, quick=quick)

    def _measure(self, part: Part) -> dict[str, Any]:
        try:
            return part.measure(self._stage, self._options.quick)
        except CannotRun as error:
            return {"reason": str(error)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few workloads, two links, small variants of all parts")
    parser.add_argument("--resume", action="store_true", help="go on with the results that are there")
    parser.add_argument("--workload", nargs="*", default=[], choices=[w.name for w in WORKLOADS])
    parser.add_argument("--part", nargs="*", default=[], choices=[part.name for part in PARTS])
    parser.add_argument("--link", nargs="*", default=[], choices=[link.name for link in LINKS])
    parser.add_argument("--only", nargs="*", default=[], metavar="TEXT", help="contestants whose names begin so")
    parser.add_argument("--runs", type=int, default=races.RUNS)
    return parser


def _workloads(options: argparse.Namespace) -> list[Workload]:
    """Those that are named; without names all, or the quick ones, unless parts are named."""
    if options.workload:
        return [w for w in WORKLOADS if w.name in options.workload]
    return [w for w in WORKLOADS if w.quick >= options.quick and not options.part]


def _facts_of_run(stage: Stage, links: Sequence[Link]) -> dict[str, Any]:
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": ".".join(map(str, sys.version_info[:3])),
        },
        "load before": round(os.getloadavg()[0], 1),
        "links": [dataclasses.asdict(link) for link in LINKS],
        "own cost": measure_links(stage, links),
    }


if __name__ == "__main__":
    raise SystemExit(main())
