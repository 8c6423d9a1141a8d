"""How long a run will take, so that one knows before it begins."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.links import Link
from benchmarks.measuring import runs_of

_COUNTING = 15.0  # seconds a workload: counts, and caches that are made warm
_USUAL = {"rclone": 20.0, "s3fs": 40.0, "pip": 6.0}  # seconds of a run that nobody has seen yet
_ELSE = 2.0


def race_seconds(
    names: Iterable[tuple[str, bool]],
    workloads: Sequence[str],
    links: Sequence[Link],
    runs: int,
    known: Iterable[Mapping[str, Any]],
) -> float:
    """Of all races. ``names``: (contestant, whether a link makes a difference); ``known``: rows of an earlier run."""
    seen = {(r["contestant"], r["workload"], r["link"]): statistics.median(r["seconds"]) for r in known if r["seconds"]}
    total = _COUNTING * len(workloads)
    for name, on_links in names:
        usual = next((seconds for begin, seconds in _USUAL.items() if name.startswith(begin)), _ELSE)
        for workload in workloads:
            for link in links if on_links else links[:1]:
                one = seen.get((name, workload, link.name), usual)
                total += one * runs_of(one, runs)
    return total
