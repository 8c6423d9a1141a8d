"""The bars of the benchmark: what was measured, what it has to be, and whether it is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.links import LINKS, Link

Rows = Sequence[Mapping[str, Any]]
COLD, LOCKED, WARM, FILLED = "ours, cold", "ours, cold with a lock", "ours, warm", "ours, filled"
SITE, FLOOR = "site-packages", "floor"
HUGE = {"polars", "polars.LazyFrame", "torch", "torch.nn"}  # one huge library each


@dataclass(frozen=True, slots=True)
class Bar:
    """``figure`` is None where nothing was measured; ``met`` is None then."""

    what: str
    bar: str
    figure: str | None
    met: bool | None


class Medians:
    """Median seconds by contestant, workload and link; what no link changes counts for all links."""

    def __init__(self, rows: Rows, field: str = "seconds") -> None:
        self._values = {
            (r["contestant"], r["workload"], r["link"]): statistics.median(r[field]) for r in rows if r[field]
        }
        self.workloads = list(dict.fromkeys(r["workload"] for r in rows))

    def get(self, contestant: str, workload: str, link: str) -> float | None:
        return self._values.get((contestant, workload, link))

    def anywhere(self, contestant: str, workload: str) -> float | None:
        return self.get(contestant, workload, LINKS[0].name)

    def ratios(self, above: str, below: str, links: Iterable[Link]) -> dict[tuple[str, str], float]:
        """(workload, link) → how many times longer ``above`` takes than ``below``."""
        found = {}
        for link in links:
            for workload in self.workloads:
                a, b = self.get(above, workload, link.name), self.get(below, workload, link.name)
                if a and b:
                    found[workload, link.name] = a / b
        return found


def judge(rows: Rows, counts: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Bar]:
    """Every bar of the issue's table. ``facts``: of each workload, what it opens; ``counts``: see counts.py."""
    seconds = Medians(rows)
    two = LINKS[:2]
    floors = seconds.ratios(LOCKED, FLOOR, two)
    warm = seconds.ratios(WARM, SITE, LINKS[:1])
    return [
        _at_least("cold, against uv with an empty cache", seconds.ratios("uv, empty cache", COLD, two), 5, 2),
        _at_least("the same with a lock of ours", seconds.ratios("uv, empty cache", LOCKED, two), 5, 2),
        _at_least("cold, against pip", seconds.ratios("pip, empty cache", COLD, two), 15, None),
        _against_mounts(seconds),
        _against_what_is_possible(seconds, counts, facts),
        _at_most("cold with a lock, against the floor", floors, 1.2, 1.5),
        _at_most("warm cache, new process, against site-packages", warm, 0.95, 1.05),
        _at_most("after fill, against site-packages", seconds.ratios(FILLED, SITE, LINKS[:1]), 1.02, None),
        _sequence(counts, "locked", 2),
        _sequence(counts, "resolved", 4),
        _requests(counts, facts),
        _bytes(counts, facts),
        _memory(rows),
        *(Bar(what, bar, None, None) for what, bar in NOT_YET),
    ]


NOT_YET = (
    ("storm of 50 on one host", "bytes 1.05 × one's; slowest 3 × one alone, per core"),
    ("use on 10,000 projects against 10; publish to 3,000 releases against 3", "at most 1.2"),
    ("%load_ext; a completion; a finder miss", "150 ms; 50 ms; 2 µs"),
    ("ordinary code while the extension is loaded", "at most 1.02"),
    ("publish torch, against zstd alone", "at most 2"),
)


def geometric_mean(values: Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def _at_least(what: str, ratios: Mapping[Any, float], mean: float, each: float | None) -> Bar:
    bar = f"{mean:g} times or better" + (f"; none below {each:g}" if each else "")
    if not ratios:
        return Bar(what, bar, None, None)
    worst = min(ratios, key=lambda k: ratios[k])
    found = geometric_mean(ratios.values())
    met = found >= mean and (each is None or ratios[worst] >= each)
    return Bar(what, bar, f"{found:.2f} (least {ratios[worst]:.2f}: {', '.join(worst)})", met)


def _at_most(what: str, ratios: Mapping[Any, float], mean: float, each: float | None) -> Bar:
    bar = f"at most {mean:g}" + (f"; none above {each:g}" if each else "")
    if not ratios:
        return Bar(what, bar, None, None)
    worst = max(ratios, key=lambda k: ratios[k])
    found = geometric_mean(ratios.values())
    met = found <= mean and (each is None or ratios[worst] <= each)
    return Bar(what, bar, f"{found:.2f} (most {ratios[worst]:.2f}: {', '.join(worst)})", met)


def _against_mounts(seconds: Medians) -> Bar:
    """The best mount of each workload."""
    best: dict[tuple[str, str], float] = {}
    for mount in ("rclone mount, empty cache", "s3fs, empty cache"):
        for key, ratio in seconds.ratios(mount, COLD, LINKS[1:2]).items():
            best[key] = min(ratio, best.get(key, math.inf))
    usual = {key: ratio for key, ratio in best.items() if key[0] not in HUGE}
    huge = {key: ratio for key, ratio in best.items() if key[0] in HUGE}
    one = _at_least("cold, against the best mount, 20 ms", usual, 25, None)
    if not huge:
        return one
    other = _at_least("", huge, 3, None)
    return Bar(one.what, f"{one.bar}; huge 3", f"{one.figure}; huge {other.figure}", bool(one.met and other.met))


def possible_seconds(link: Link, packed: int, site: float, trips: int) -> float:
    """What bytes, link and a warm import allow: ``packed`` bytes at the link's rate, round trips, the import."""
    rate = link.mbit * 1e6 / 8 if link.mbit else math.inf
    return packed / rate + trips * link.round_trip / 1000 + site


def _against_what_is_possible(seconds: Medians, counts: Mapping[str, Any], facts: Mapping[str, Any]) -> Bar:
    """Ours ÷ possible is the same for all peers: (peer ÷ ours) ≥ 0.8 × (peer ÷ possible)."""
    shares = {}
    for link in LINKS:
        for workload in seconds.workloads:
            ours, site = seconds.get(LOCKED, workload, link.name), seconds.anywhere(SITE, workload)
            if ours and site and workload in facts:
                shares[workload, link.name] = possible_seconds(link, facts[workload]["packed"], site, 2) / ours
    bar = _at_least("cold with a lock, share of the ratio that bytes, link and warm import allow", shares, 0.8, None)
    least = min(shares.values(), default=0.0)
    return Bar(bar.what, "each at least 0.8", bar.figure, least >= 0.8 if shares else None)


def _sequence(counts: Mapping[str, Any], kind: str, most: int) -> Bar:
    found = {w: c[kind]["sequence"] for w, c in counts.items() if kind in c}
    what = f"round trips in sequence before the first module body, {'with a lock' if kind == 'locked' else 'without'}"
    if not found:
        return Bar(what, f"{most}", None, None)
    worst = max(found, key=lambda k: found[k])
    figures = f"{statistics.median(found.values()):g} (most {found[worst]}: {worst})"
    return Bar(what, f"at most {most}", figures, found[worst] <= most)


def _requests(counts: Mapping[str, Any], facts: Mapping[str, Any]) -> Bar:
    shares = {}
    for workload, counted in counts.items():
        if "locked" in counted and workload in facts:
            allowed = 3 * facts[workload]["projects"] + counted["locked"]["bytes"] / (8 << 20)
            shares[workload,] = counted["locked"]["requests"] / allowed
    bar = _at_most("requests, of those allowed (3 a project + 1 per 8 MiB)", shares, 1, 1)
    return Bar(bar.what, "each at most 1", bar.figure, bar.met)


def _bytes(counts: Mapping[str, Any], facts: Mapping[str, Any]) -> Bar:
    ratios = {
        (workload,): counted["locked"]["bytes"] / facts[workload]["packed"]
        for workload, counted in counts.items()
        if "locked" in counted and workload in facts and facts[workload]["packed"]
    }
    return _at_most("bytes until the import returns, against the frames of what was opened alone", ratios, 1.1, None)


def _memory(rows: Rows) -> Bar:
    memory = Medians(rows, "memory")
    return _at_most("memory of the importing process, cold", memory.ratios(LOCKED, SITE, LINKS[:1]), 1.1, None)
