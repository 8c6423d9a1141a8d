"""Many at once: 50 kernels of one host on one empty cache, 50 whole commands, 8 hosts that share nothing but the shelf.

The kernels are real processes of one environment without files, as notebooks are that restart together after a cache
was emptied; each does the same import. Everything passes one link, whose trace tells what was asked for. Bytes and
requests are those of imports: the background, which brings the rest in any case, is off while they are counted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.counts import QUIET, read_trace
from benchmarks.links import LINKS, open_link
from benchmarks.ours import Cold, ending_fetchers, environment_in
from benchmarks.shelf_facts import ShelfFacts
from benchmarks.stage import (
    CannotRun,
    Stage,
    check,
    clean_environ,
    fresh_case,
    install_site,
    last_line,
    write_script,
)
from benchmarks.workloads import WORKLOADS

NAME = "storm"
ABOUT = "many kernels and many hosts at once"
MINUTES = (0.4, 7.0)
KERNELS, HOSTS = 50, 8
WORKLOAD = "pandas"
_SOON_GONE = {"CLOUDSHELF_FETCHER_IDLE": "20"}  # seconds: of many fetchers that start at once, one may be overlooked
BYTES, SLOWEST = 1.05, 3.0  # the bars: of one kernel's; of one alone, per core


@dataclass(frozen=True, slots=True)
class _Kind:
    """``caches`` are shared in turn by those that run at once."""

    name: str
    count: int
    caches: int
    whole_command: bool  # cloudshelf run; else python in an environment that is built before the clock starts


def _kinds(kernels: int, hosts: int) -> tuple[_Kind, ...]:
    return (
        _Kind("kernels of one host", kernels, 1, False),
        _Kind("commands of one host", kernels, 1, True),
        _Kind("hosts", hosts, hosts, True),
    )


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """Of each kind: one alone and all at once, seconds of the slowest in each run, requests and bytes.

    A quick run has fewer of each, once, and takes seconds and bytes from the same run.
    """
    ours = Cold(stage, ShelfFacts(stage), locked=True)
    kernels, hosts = (12, 3) if quick else (KERNELS, HOSTS)
    runs = 1 if quick else 5
    found: dict[str, Any] = {
        "workload": WORKLOAD,
        "link": LINKS[1].name,
        "cores": os.cpu_count(),
        "kernels": kernels,
        "installed": [_installed(1) for _ in range(runs)],
        "installed, all": [_installed(kernels) for _ in range(runs)],
        "kinds": [],
    }
    for kind in _kinds(kernels, hosts):
        one, together = (_run(ours, kind, count, quiet=True) for count in (1, kind.count))
        row: dict[str, Any] = {"kind": kind.name, "count": kind.count, "one": one, "all": together}
        row |= {"alone": [one["slowest"]], "together": [together["slowest"]]}
        if not quick:
            samples = [[_run(ours, kind, n, quiet=False) for n in (1, kind.count)] for _ in range(runs)]
            row["alone"], row["together"] = ([each["slowest"] for each in runs] for runs in zip(*samples, strict=True))
            together["failed"] += [said for _, each in samples for said in each["failed"]]
        found["kinds"].append(row)
    return found


def _run(ours: Cold, kind: _Kind, count: int, *, quiet: bool) -> dict[str, Any]:
    """``count`` of ``kind`` at once on empty caches: seconds of the slowest, requests and bytes until all ended."""
    workload = next(w for w in WORKLOADS if w.name == WORKLOAD)
    with fresh_case(workload, LINKS[1]) as case:
        trace = case.folder / "trace"
        with open_link(int(ours.stage.s3.endpoint.rpartition(":")[2]), case.link, trace=trace) as port:
            caches = [case.folder / f"cache-{n}" for n in range(min(count, kind.caches))]
            command = ours.command(case, locked=True)
            commands, environs = [], []
            for number in range(count):
                cache = caches[number % len(caches)]
                more = {"BENCH_REPORT": str(case.folder / f"report-{number}"), **_SOON_GONE, **(QUIET if quiet else {})}
                environs.append(ours.environ(case, port=port, cache=cache) | more)
                commands.append(command)
            if not kind.whole_command:
                commands = _environments(caches, command, environs, commands)
            begun = time.monotonic()
            ends, failed = _together(commands, environs, case.folder)
            for cache in caches:
                with ending_fetchers(cache):
                    pass
            exchanges = [e for e in read_trace(trace) if e["start"] >= begun]
    return {
        "slowest": round(max(ends) - begun, 3),
        "median": round(statistics.median(ends) - begun, 3),
        "requests": len(exchanges),
        "bytes": sum(size for e in exchanges for _, size in e["pieces"]),
        "failed": failed,
    }


def _environments(
    caches: Sequence[Path], command: list[str], environs: Sequence[dict[str, str]], commands: Sequence[list[str]]
) -> list[list[str]]:
    """Build the environment of each cache, without a file of a distribution; the commands that run in them."""
    for number, cache in enumerate(caches):
        with ending_fetchers(cache):
            check([*command[: command.index("--") + 1], "true"], environs[number])
    pythons = [str(environment_in(cache) / "bin" / "python") for cache in caches]
    return [[pythons[number % len(caches)], command[-1]] for number, command in enumerate(commands)]


def _together(
    commands: Sequence[Sequence[str]], environs: Sequence[Mapping[str, str]], folder: Path
) -> tuple[list[float], list[str]]:
    """Start all at once; when each script ended, by CLOCK_MONOTONIC, and the last words of each that failed.

    Raises CannotRun when all failed.
    """
    processes = [
        subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for command, environ in zip(commands, environs, strict=True)
    ]
    ends, failed = [], []
    for process, environ in zip(processes, environs, strict=True):
        said = process.communicate()[1]
        if process.returncode:
            failed.append(last_line(said) or f"exit code {process.returncode}")
        else:
            ends.append(float(json.loads(Path(environ["BENCH_REPORT"]).read_text())["ended"]))
    if not ends:
        raise CannotRun(failed[0])
    return ends, failed


def _installed(count: int) -> float:
    """The slowest of ``count`` processes that import the same from an ordinary virtual environment, at once."""
    workload = next(w for w in WORKLOADS if w.name == WORKLOAD)
    python = str(install_site(workload))
    with fresh_case(workload, LINKS[0]) as case:
        script = str(write_script(case))
        environs = [clean_environ({"BENCH_REPORT": str(case.folder / f"report-{n}")}) for n in range(count)]
        begun = time.monotonic()
        ends, _ = _together([[python, script]] * count, environs, case.folder)
        return round(max(ends) - begun, 3)


def table(found: dict[str, Any]) -> list[str]:
    rows = []
    for row in found["kinds"]:
        one, together = row["one"], row["all"]
        rows.append(
            [
                f"{row['count']} {row['kind']}",
                tables.spread(row["alone"]),
                tables.spread(row["together"]),
                f"{per_core(row, found['cores']):.2f}",
                f"{one['requests']} / {together['requests']}",
                f"{tables.size(one['bytes'])} / {tables.size(together['bytes'])}",
                f"{together['bytes'] / one['bytes']:.3f}",
            ]
        )
    installed = [
        f"the same {found['kernels']} from site-packages",
        *(tables.spread(found[k]) for k in ("installed", "installed, all")),
    ]
    return [
        f"`import {found['workload']}`, {found['link']}, empty caches, {found['cores']} cores.",
        "",
        *tables.table(
            ["", "one alone, s", "slowest, s", "× alone, per core", "requests, one / all", "bytes, one / all", "ratio"],
            [*rows, [*installed, "", "", "", ""]],
        ),
        *(f"- {failures(row)}, {row['kind']}: {row['all']['failed'][0]}" for row in found["kinds"] if failures(row)),
        "",
    ]


def failures(row: Mapping[str, Any]) -> str:
    """How many of a kind failed, in words; nothing when none did."""
    failed = len(row["all"]["failed"])
    return f"{failed} failed" if failed else ""


def per_core(row: Mapping[str, Any], cores: int) -> float:
    """How many times longer the slowest took than one alone, where each core had its share of them to do."""
    share = max(1.0, row["count"] / cores)
    return float(statistics.median(row["together"]) / statistics.median(row["alone"]) / share)


def bars(found: dict[str, Any] | None) -> list[Bar]:
    count = KERNELS if found is None else found["kernels"]
    names = [f"storm of {count} on one host: {what}" for what in ("bytes, of one kernel's", "slowest, of one alone")]
    limits = (f"at most {BYTES:g}", f"at most {SLOWEST:g} per core")
    if found is None:
        return [Bar(name, limit, None, None) for name, limit in zip(names, limits, strict=True)]
    rows = [row for row in found["kinds"] if row["kind"] != "hosts"]
    bytes_ = {row["kind"]: row["all"]["bytes"] / row["one"]["bytes"] for row in rows}
    slowest = {row["kind"]: per_core(row, found["cores"]) for row in rows}
    failed = [f"{row['kind']}: {failures(row)}" for row in rows if failures(row)]
    return [
        Bar(
            name,
            limit,
            ", ".join([*(f"{v:.2f} ({k})" for k, v in values.items()), *failed]),
            max(values.values()) <= most and not failed,
        )
        for name, limit, values, most in zip(names, limits, (bytes_, slowest), (BYTES, SLOWEST), strict=True)
    ]
