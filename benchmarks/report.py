"""Results for people: a table, a JSON file, a plot."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar
from benchmarks.links import LINKS

_COLORS = {
    "site-packages": "#b8b8b8",
    "pip, empty cache": "#d98c5f",
    "uv, empty cache": "#c9a227",
    "uv, warm cache": "#e3d08a",
    "rclone mount, empty cache": "#8f7fb8",
    "s3fs, empty cache": "#b59fc9",
    "ours, cold": "#2a6f97",
    "ours, cold with a lock": "#61a5c2",
    "ours, warm": "#a9d6e5",
    "floor": "#555555",
}


def write(folder: Path, name: str, results: Mapping[str, Any], bars: Sequence[Bar]) -> str:
    """Write NAME.json, NAME.md and NAME.png into ``folder``; returns the text of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _tables(results, bars)
    shown = {**results, "bars": [{"what": b.what, "bar": b.bar, "figure": b.figure, "met": b.met} for b in bars]}
    (folder / f"{name}.json").write_text(json.dumps(shown, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    _plot(folder / f"{name}.png", results["rows"])
    return text


def _tables(results: Mapping[str, Any], bars: Sequence[Bar]) -> str:
    lines = ["Seconds of whole fresh processes: median (least – most)", ""]
    for link in LINKS:
        rows = [row for row in results["rows"] if row["link"] == link.name]
        workloads = list(dict.fromkeys(row["workload"] for row in rows))
        if not rows:
            continue
        lines += [f"### {link.name}", "", _line(["", *workloads]), _line(["---"] * (len(workloads) + 1))]
        for contestant in dict.fromkeys(row["contestant"] for row in rows):
            cells = {r["workload"]: _cell(r) for r in rows if r["contestant"] == contestant}
            lines.append(_line([contestant, *(cells.get(w, "") for w in workloads)]))
        lines.append("")
    reasons: dict[str, dict[str, list[str]]] = {}
    for row in results["rows"]:
        if row["reason"]:
            where = reasons.setdefault(row["reason"], {}).setdefault(row["contestant"], [])
            where += [row["workload"]] if row["workload"] not in where else []
    for why, found in reasons.items():
        lines.append(f"- no figure: {'; '.join(f'{w} ({len(found[w])} workloads)' for w in found)}: {why}")
    lines.append(f"- versions: {', '.join(dict.fromkeys(results['versions'].values()))}")
    lines.append(f"- load before: {results['load before']} on {results['machine']['cores']} cores")
    lines += [f"- {what}: {figure}" for what, figure in results["own cost"].items()]
    lines += ["", "### Counts", "", _line(["", "how", "requests", "bytes", "connections", "in sequence", "kinds"])]
    lines.append(_line(["---"] * 7))
    for workload, counted in results["counts"].items():
        for how in ("resolved", "locked"):
            if how in counted:
                c = counted[how]
                kinds = ", ".join(f"{n} {kind}" for kind, n in c["kinds"].items())
                lines.append(_line([workload, how, c["requests"], c["bytes"], c["connections"], c["sequence"], kinds]))
    lines += ["", _line(["", "who", "opened", "not found", "stat"]), _line(["---"] * 5)]
    for workload, counted in results["counts"].items():
        for who, c in counted.get("calls", {}).items():
            lines.append(_line([workload, who, c["opened"], c["not found"], c["stat"]]))
    lines += ["", "### Bars", "", _line(["what", "bar", "figure", ""]), _line(["---"] * 4)]
    lines += [_line([b.what, b.bar, b.figure or "not measured", _word(b.met)]) for b in bars]
    return "\n".join(lines) + "\n"


def _word(met: bool | None) -> str:
    return {True: "met", False: "**not met**", None: ""}[met]


def _cell(row: Mapping[str, Any]) -> str:
    if not row["seconds"]:
        return "–" if row["reason"] else ""
    s = row["seconds"]
    return f"{statistics.median(s):.2f} ({min(s):.2f} – {max(s):.2f})"


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _plot(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """One panel a link: a group of bars a workload, seconds on a logarithmic axis, whiskers from least to most."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    links = [link.name for link in LINKS if any(r["link"] == link.name and r["seconds"] for r in rows)]
    if not links:
        return
    workloads = list(dict.fromkeys(r["workload"] for r in rows))
    shown = [c for c in _COLORS if any(r["contestant"] == c and r["seconds"] for r in rows)]
    width = max(7.0, 1.6 * len(workloads))
    figure, axes = plt.subplots(len(links), 1, figsize=(width, 2.6 * len(links) + 0.8), squeeze=False, sharey=True)
    for axis, link in zip(axes[:, 0], links, strict=True):
        for number, contestant in enumerate(shown):
            found = [r for r in rows if r["contestant"] == contestant and r["link"] == link and r["seconds"]]
            shift = (number - len(shown) / 2 + 0.5) * 0.8 / len(shown)
            places = [workloads.index(r["workload"]) + shift for r in found]
            middle = [statistics.median(r["seconds"]) for r in found]
            below = [m - min(r["seconds"]) for m, r in zip(middle, found, strict=True)]
            above = [max(r["seconds"]) - m for m, r in zip(middle, found, strict=True)]
            axis.bar(places, middle, 0.8 / len(shown), color=_COLORS[contestant], label=contestant)
            axis.errorbar(places, middle, [below, above], fmt="none", ecolor="#333333", elinewidth=0.6)
        axis.set_yscale("log")
        axis.set_ylabel("seconds")
        axis.set_title(link, fontsize=10, loc="left")
        axis.set_xticks(range(len(workloads)), workloads, fontsize=8, rotation=0 if len(workloads) < 8 else 20)
        axis.grid(axis="y", color="#e5e5e5", linewidth=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=min(5, len(shown)), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.5 / figure.get_figheight()))
    figure.savefig(path, dpi=110)
    plt.close(figure)
