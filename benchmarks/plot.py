"""The plot: one panel a link, a group of bars a workload, ours in colour."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.links import LINKS

_INK, _GRID = "#222222", "#dddddd"
# From the top of a group to its bottom. What is ours has a colour; peers are greys, the slowest kind the lightest.
_BARS = {
    "s3fs, empty cache": "#dcdcdc",
    "rclone mount, empty cache": "#c6c6c6",
    "pip, empty cache": "#a9a9a9",
    "uv, empty cache": "#7d7d7d",
    "ours, cold": "#0b6fb8",
    "ours, cold with a lock": "#63b3e4",
}
_MARKS = {"floor": ("#d1495b", "floor: fetch, unpack, import"), "site-packages": (_INK, "site-packages, warm")}
_LEAST = 0.05  # seconds at which the axis begins
_BAR = 0.115  # inches of a bar's height
_PANEL = 4.6  # inches of a panel's width

Rows = Sequence[Mapping[str, Any]]


def plot(path: Path, rows: Rows) -> None:
    """Write a PNG of the medians; nothing where nothing was measured."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    links = [link.name for link in LINKS if any(r["link"] == link.name and r["seconds"] for r in rows)]
    shown = [name for name in _BARS if any(r["contestant"] == name and r["seconds"] for r in rows)]
    workloads = list(dict.fromkeys(r["workload"] for r in rows if r["seconds"]))
    if not links or not shown:
        return
    height = _BAR * (len(shown) + 1.6) * len(workloads) + 1.5
    figure, axes = plt.subplots(
        1, len(links), figsize=(1.4 + _PANEL * len(links), height), squeeze=False, sharey=True, facecolor="white"
    )
    for axis, link in zip(axes[0], links, strict=True):
        _draw_panel(axis, link, rows, workloads, shown)
    axes[0, 0].set_yticks(range(len(workloads)), workloads, fontsize=9, color=_INK)
    axes[0, 0].set_ylim(len(workloads) - 0.4, -0.6)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=4 if len(links) > 1 else 2, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.65 / height))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_panel(axis: Any, link: str, rows: Rows, workloads: Sequence[str], shown: Sequence[str]) -> None:
    step = 0.8 / len(shown)
    for number, name in enumerate(shown):
        found = medians(rows, name, link)
        places = [n - 0.4 + (number + 0.5) * step for n, w in enumerate(workloads) if w in found]
        values = [found[w] for w in workloads if w in found]
        axis.barh(places, values, step * 0.92, color=_BARS[name], label=name)
        for place, value in zip(places, values, strict=True):
            axis.text(value * 1.05, place, f"{value:.2g}", va="center", fontsize=6.5, color=_INK)
    for name, (colour, label) in _MARKS.items():
        found = medians(rows, name, link) or medians(rows, name, LINKS[0].name)
        rows_of = [n for n, w in enumerate(workloads) if w in found]
        axis.vlines(
            [found[workloads[n]] for n in rows_of],
            [n - 0.42 for n in rows_of],
            [n + 0.42 for n in rows_of],
            color=colour,
            linewidth=1.4,
            label=label,
        )
    axis.set_xscale("log", subs=())
    axis.set_xlim(_LEAST, 1.6 * max(max(r["seconds"]) for r in rows if r["contestant"] in shown and r["seconds"]))
    ticks = [mantissa * 10.0**power for power in range(-1, 3) for mantissa in (1, 2, 5)]
    axis.set_xticks([tick for tick in ticks if tick < axis.get_xlim()[1]])
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_xlabel("seconds, from the command to the script's end (logarithmic)", fontsize=8, color=_INK)
    axis.set_title(link, fontsize=11, loc="left", color=_INK)
    axis.grid(axis="x", color=_GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)


def medians(rows: Rows, contestant: str, link: str) -> dict[str, float]:
    """Workload → median seconds."""
    return {
        r["workload"]: statistics.median(r["seconds"])
        for r in rows
        if r["contestant"] == contestant and r["link"] == link and r["seconds"]
    }
