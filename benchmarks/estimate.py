"""How long the races will take, so that one knows before they begin."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.links import Link
from benchmarks.measuring import runs_of

_USUAL = {"rclone": 10.0, "s3fs": 40.0, "pip": 4.0}  # seconds of a run that nobody has seen yet
_ELSE = 1.0
_OVERHEAD = 1.15  # folders that are made and removed
_COUNTING = 12.0  # seconds of a workload: counts, caches that are made warm

Seen = Mapping[tuple[str, str, str], float]


def seconds_seen(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], float]:
    """(contestant, workload, link) → median seconds, of earlier results."""
    return {(r["contestant"], r["workload"], r["link"]): statistics.median(r["seconds"]) for r in rows if r["seconds"]}


def race_seconds(workload: str, links: Sequence[Link], racers: Iterable[tuple[str, bool, int]], seen: Seen) -> float:
    """Of one workload. ``racers``: (contestant, whether a link makes a difference, runs)."""
    total = 0.0
    for name, on_links, runs in racers:
        usual = next((seconds for begin, seconds in _USUAL.items() if name.startswith(begin)), _ELSE)
        for link in links if on_links else links[:1]:
            one = seen.get((name, workload, link.name), usual)
            total += one * runs_of(one, runs)
    return total * _OVERHEAD + _COUNTING
