"""Results for people: a table, a JSON file, a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import COLD, LOCKED, Bar, against_peers, judge
from benchmarks.links import LINKS
from benchmarks.parts import PARTS
from benchmarks.plot import plot

_HOW = {"resolved": "resolved", "locked": "locked", "with background": "locked, background on"}


def write(folder: Path, name: str, results: Mapping[str, Any]) -> str:
    """Write NAME.json, NAME.md and NAME.png into ``folder``; returns the text of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    bars = all_bars(results)
    text = "\n".join(
        [
            *_races(results),
            *_reasons(results),
            *_against_peers(results),
            *_counts(results["counts"]),
            *_parts(results["parts"]),
            *_bars(bars),
        ]
    )
    shown = {**results, "bars": [{"what": b.what, "bar": b.bar, "figure": b.figure, "met": b.met} for b in bars]}
    (folder / f"{name}.json").write_text(json.dumps(shown, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    plot(folder / f"{name}.png", results["rows"])
    return text


def all_bars(results: Mapping[str, Any]) -> list[Bar]:
    """Every bar of the issue's table; those of a part that could not be measured say why."""
    bars = judge(results["rows"], results["counts"], results["facts"])
    for part in PARTS:
        found = results["parts"].get(part.name, {})
        reason = found.get("reason")
        judged = part.bars(None if reason or not found else found)
        bars += [Bar(b.what, b.bar, f"not measured: {reason}", None) for b in judged] if reason else judged
    return bars


def _races(results: Mapping[str, Any]) -> list[str]:
    lines = ["Seconds of whole fresh processes: median (least – most); fewer runs than five are said.", ""]
    for link in LINKS:
        rows = [row for row in results["rows"] if row["link"] == link.name]
        if not rows:
            continue
        workloads = list(dict.fromkeys(row["workload"] for row in rows))
        body = []
        for contestant in dict.fromkeys(row["contestant"] for row in rows):
            cells = {r["workload"]: _cell(r) for r in rows if r["contestant"] == contestant}
            body.append([contestant, *(cells.get(w, "") for w in workloads)])
        lines += [f"### {link.name}", "", *tables.table(["", *workloads], body)]
    return lines


def _cell(row: Mapping[str, Any]) -> str:
    return tables.spread(row["seconds"]) if row["seconds"] or row["reason"] else ""


def _reasons(results: Mapping[str, Any]) -> list[str]:
    """Why there is no figure, and what else one has to know to read the tables."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for row in results["rows"]:
        if row["reason"]:
            where = reasons.setdefault(row["reason"], {}).setdefault(row["contestant"], [])
            where += [row["workload"]] if row["workload"] not in where else []
    lines = []
    for why, found in reasons.items():
        lines.append(f"- no figure: {'; '.join(f'{w} ({len(found[w])} workloads)' for w in found)}: {why}")
    lines.append(f"- versions: {', '.join(dict.fromkeys(results['versions'].values()))}")
    lines.append(f"- load before: {results['load before']} on {results['machine']['cores']} cores")
    lines += [f"- {what}: {figure}" for what, figure in results["own cost"].items()]
    states = dict.fromkeys(results["measured"].values())
    lines.append(f"- measured: {', '.join(states)}")
    return [*lines, ""]


def _against_peers(results: Mapping[str, Any]) -> list[str]:
    """Of each peer and link, how many times faster ours is, and how many times it could be."""
    body = []
    for how, ours in (("without", COLD), ("with a lock", LOCKED)):
        for peer, link, ratio, possible, count in against_peers(results["rows"], results["facts"], ours):
            share = f"{ratio / possible:.2f}"
            body.append([peer, link, how, f"{ratio:.2f}", f"{possible:.2f}", share, count])
    if not body:
        return []
    head = ["cold, against", "link", "lock", "times faster", "possible", "share", "workloads"]
    return ["### What bytes, link and a warm import allow", "", *tables.table(head, body)]


def _counts(counts: Mapping[str, Any]) -> list[str]:
    requests, calls = [], []
    for workload, counted in counts.items():
        for how, shown in _HOW.items():
            if how in counted:
                c = counted[how]
                kinds = ", ".join(f"{n} {kind}" for kind, n in c["kinds"].items())
                requests.append([workload, shown, c["requests"], c["bytes"], c["connections"], c["sequence"], kinds])
        for who, c in counted.get("calls", {}).items():
            calls.append([workload, who, c["opened"], c["not found"], c["stat"]])
        if "reason" in counted:
            calls.append([workload, f"not counted: {counted['reason']}", "", "", ""])
    if not requests and not calls:
        return []
    head = ["", "how", "requests", "bytes", "connections", "in sequence", "kinds"]
    return [
        *("### Counts", "", *tables.table(head, requests)),
        *tables.table(["", "who", "opened", "not found", "stat"], calls),
    ]


def _parts(parts: Mapping[str, Any]) -> list[str]:
    lines = []
    for part in PARTS:
        if part.name in parts:
            found = parts[part.name]
            shown = [f"Not measured: {found['reason']}", ""] if "reason" in found else part.table(found)
            lines += [f"### {part.about.capitalize()}", "", *shown]
    return lines


def _bars(bars: Sequence[Bar]) -> list[str]:
    body = [[b.what, b.bar, b.figure or "not measured", _word(b.met)] for b in bars]
    return ["### Bars", "", *tables.table(["what", "bar", "figure", ""], body)]


def _word(met: bool | None) -> str:
    return {True: "met", False: "**not met**", None: ""}[met]
