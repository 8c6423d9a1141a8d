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
MOUNT, MOUNT_WARM = "ours, mount, empty cache", "ours, mount, warm cache"
PEER_MOUNTS = ("rclone mount, empty cache", "s3fs, empty cache")
TRIPS = {LOCKED: 2, COLD: 4, FLOOR: 2}  # round trips in sequence that the bars grant
HUGE = {"polars", "polars.LazyFrame", "torch", "torch.nn"}  # one huge library each


@dataclass(frozen=True, slots=True)
class Bar:
    """``figure`` is None where nothing was measured; ``met`` is None then."""

    what: str
    bar: str
    figure: str | None
    met: bool | None


class Medians:
    """Median seconds by contestant, workload and link."""

    def __init__(self, rows: Rows, field: str = "seconds") -> None:
        self._values = {
            (r["contestant"], r["workload"], r["link"]): statistics.median(r[field]) for r in rows if r[field]
        }
        self.workloads = list(dict.fromkeys(r["workload"] for r in rows))

    def get(self, contestant: str, workload: str, link: str) -> float | None:
        return self._values.get((contestant, workload, link))

    def site(self, workload: str, link: str) -> float | None:
        """Of the warm import beside the others; of the first link where older results lack it."""
        return self.get(SITE, workload, link) or self.get(SITE, workload, LINKS[0].name)

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
    """The bars of the races. ``facts``: of each workload, what it opens; ``counts``: see counts.py."""
    seconds = Medians(rows)
    two = LINKS[:2]
    floors = seconds.ratios(LOCKED, FLOOR, two)
    warm = seconds.ratios(WARM, SITE, LINKS[:1])
    return [
        _at_least("cold, against uv with an empty cache", seconds.ratios("uv, empty cache", COLD, two), 5, 2),
        _at_least("the same with a lock of ours", seconds.ratios("uv, empty cache", LOCKED, two), 5, 2),
        _reported("the same of the floor, which has nothing of ours", seconds.ratios("uv, empty cache", FLOOR, two)),
        _at_least("cold, against pip", seconds.ratios("pip, empty cache", COLD, two), 15, None),
        _against_mounts(seconds),
        _against_what_is_possible(seconds, facts, LOCKED, "with a lock"),
        _against_what_is_possible(seconds, facts, COLD, "without"),
        _reported("the same of the floor, which has nothing of ours", shares_of_the_possible(seconds, facts, FLOOR)),
        _at_most("cold with a lock, against the floor", floors, 1.2, 1.5),
        _at_most("warm cache, new process, against site-packages", warm, 0.95, 1.05),
        _at_most("after fill, against site-packages", seconds.ratios(FILLED, SITE, LINKS[:1]), 1.02, None),
        _sequence(counts, "locked", 2),
        _sequence(counts, "resolved", 4),
        _requests(counts, facts),
        *_bytes(counts, facts),
        _memory(rows),
        *_drive(seconds),
    ]


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
    return Bar(what, bar, f"{found:.2f} (least {ratios[worst]:.2f}: {', '.join(worst)}; of {len(ratios)})", met)


def _at_most(what: str, ratios: Mapping[Any, float], mean: float, each: float | None) -> Bar:
    bar = f"at most {mean:g}" + (f"; none above {each:g}" if each else "")
    if not ratios:
        return Bar(what, bar, None, None)
    worst = max(ratios, key=lambda k: ratios[k])
    found = geometric_mean(ratios.values())
    met = found <= mean and (each is None or ratios[worst] <= each)
    return Bar(what, bar, f"{found:.2f} (most {ratios[worst]:.2f}: {', '.join(worst)}; of {len(ratios)})", met)


def _reported(what: str, ratios: Mapping[Any, float]) -> Bar:
    return Bar(what, "reported", _at_least(what, ratios, 0, None).figure, None)


def _against_mounts(seconds: Medians) -> Bar:
    """The best mount of each workload."""
    best: dict[tuple[str, str], float] = {}
    for mount in PEER_MOUNTS:
        for key, ratio in seconds.ratios(mount, COLD, LINKS[1:2]).items():
            best[key] = min(ratio, best.get(key, math.inf))
    usual = {key: ratio for key, ratio in best.items() if key[0] not in HUGE}
    huge = {key: ratio for key, ratio in best.items() if key[0] in HUGE}
    one = _at_least("cold, against the best mount, 20 ms", usual, 25, None)
    if not huge:
        return one
    other = _at_least("", huge, 3, None)
    return Bar(one.what, f"{one.bar}; huge 3", f"{one.figure}; huge {other.figure}", bool(one.met and other.met))


def _drive(seconds: Medians) -> list[Bar]:
    """The bars of the mounted drive, for ``import pandas``."""

    def pandas(above: str, below: str, links: Sequence[Link]) -> dict[tuple[str, str], float]:
        return {key: ratio for key, ratio in seconds.ratios(above, below, links).items() if key[0] == "pandas"}

    peers = [(peer.partition(",")[0], pandas(peer, MOUNT, LINKS[1:2])) for peer in PEER_MOUNTS]
    return [
        *(
            _at_least(f"pandas through our mount, empty cache, against {peer}", found, 20, None)
            for peer, found in peers
        ),
        _at_most("the same, against our own importer", pandas(MOUNT, LOCKED, LINKS[:2]), 1.5, None),
        _at_most("the same, warm, against site-packages", pandas(MOUNT_WARM, SITE, LINKS[:1]), 1.2, None),
    ]


def possible_seconds(link: Link, packed: int, site: float, trips: int) -> float:
    """What bytes, link and a warm import allow: ``packed`` bytes at the link's rate, round trips, the import."""
    rate = link.mbit * 1e6 / 8 if link.mbit else math.inf
    return packed / rate + trips * link.round_trip / 1000 + site


def shares_of_the_possible(seconds: Medians, facts: Mapping[str, Any], ours: str) -> dict[tuple[str, str], float]:
    """(workload, link) → possible seconds ÷ our seconds.

    It is the same against every peer: (peer ÷ ours) ≥ 0.8 × (peer ÷ possible) is possible ÷ ours ≥ 0.8.
    """
    shares = {}
    for link in LINKS:
        for workload in seconds.workloads:
            took, site = seconds.get(ours, workload, link.name), seconds.site(workload, link.name)
            if took and site and workload in facts:
                possible = possible_seconds(link, facts[workload]["packed"], site, TRIPS[ours])
                shares[workload, link.name] = possible / took
    return shares


def against_peers(rows: Rows, facts: Mapping[str, Any], ours: str) -> list[tuple[str, str, float, float, int]]:
    """(peer, link, how many times faster ours is, how many times faster it could be, workloads): geometric means."""
    seconds, found = Medians(rows), []
    shares = shares_of_the_possible(seconds, facts, ours)
    peers = dict.fromkeys(r["contestant"] for r in rows if not r["contestant"].startswith(("ours", FLOOR, SITE)))
    for peer in peers:
        for link in LINKS:
            ratios = {k: v for k, v in seconds.ratios(peer, ours, [link]).items() if k in shares}
            if ratios:
                possible = geometric_mean(ratio / shares[key] for key, ratio in ratios.items())
                found.append((peer, link.name, geometric_mean(ratios.values()), possible, len(ratios)))
    return found


def _against_what_is_possible(seconds: Medians, facts: Mapping[str, Any], ours: str, how: str) -> Bar:
    shares = shares_of_the_possible(seconds, facts, ours)
    what = f"cold, any peer, any link: share of the ratio that bytes, link and warm import allow, {how}"
    bar = _at_least(what, shares, 0.8, 0.8)
    return Bar(what, "each at least 0.8", bar.figure, bar.met)


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


def _bytes(counts: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Bar]:
    """Against what the rules require, which has a bar; and against what was opened alone, which has none."""

    def ratios(below: str) -> dict[tuple[str], float]:
        return {
            (workload,): counted["locked"]["bytes"] / facts[workload][below]
            for workload, counted in counts.items()
            if "locked" in counted and workload in facts and facts[workload][below]
        }

    opened = _at_most("the same, of the frames of what was opened alone", ratios("packed"), math.inf, None)
    return [
        _at_most(
            "bytes until the import returns, of what was opened and the rules require", ratios("required"), 1.1, None
        ),
        Bar(opened.what, "reported", opened.figure, None),
    ]


def _memory(rows: Rows) -> Bar:
    memory = Medians(rows, "memory")
    return _at_most("memory of the importing process, cold", memory.ratios(LOCKED, SITE, LINKS[:1]), 1.1, None)
