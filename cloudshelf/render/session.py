"""Pages of what a process has pinned, what it fetched, and what its imports took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..quantities import count, seconds, size
from .blocks import Block, Picture, Result, Table, records
from .formats import table_text


def list_(result: Result) -> list[Block]:
    """The pins of a notebook, as pip lists what is installed."""
    rows = [row | {"asked for": "yes" if row["asked"] else ""} for row in result.get("pins", ())]
    if not rows:
        return ["Nothing is pinned yet. Begin with: %shelf use pandas. What the shelf has: %shelf ls"]
    return [records(rows, ("project", "version", "asked for"))]


def status(result: Result) -> list[Block]:
    blocks: list[Block] = [f"Shelf: {result.get('shelf') or 'none (type %shelf connect URL, or set CLOUDSHELF_URL)'}"]
    rows = result.get("pins", ())
    if not rows:
        return [*blocks, "Nothing is pinned yet. Begin with: %shelf use pandas"]
    cells = tuple(
        (
            r["project"],
            r["version"],
            "yes" if r["loaded"] else "",
            "shelf" if r["loaded"] else "",
            f"{size(r['fetched'])} of {size(r['bytes'])}",
        )
        for r in rows
    )
    blocks.append(Table(("project", "version", "loaded", "from", "in place"), cells, frozenset({"in place"})))
    fetched, total = sum(r["fetched"] for r in rows), sum(r["bytes"] for r in rows)
    blocks.append(f"{count(len(rows), 'pin')}; {size(fetched)} of {size(total)} in place.")
    if result.get("provided"):
        provided = ", ".join(f"{project} {version}" for project, version in sorted(result["provided"].items()))
        blocks.append(f"Provided by this kernel: {provided}.")
    counts = result.get("statistics") or {}
    if counts.get("requests"):
        blocks.append(_received(counts))
    if result.get("note"):
        blocks.append(str(result["note"]))
    return blocks


def profile(result: Result) -> list[Block]:
    """The last imports of a process; the bars say which waited for files, and the words whose those were."""
    from .waterfall import RUNNING, WAITING, draw_bars, draw_svg, worth_showing

    rows = result["imports"]
    if not rows:
        return [str(result.get("note") or "Nothing was imported yet.")]
    shown = worth_showing(rows)
    cells = tuple(
        (f"{'  ' * row['depth']}{row['module']}", seconds(row["seconds"]), _waited(row), row["source"], drawn)
        for row, drawn in zip(shown, draw_bars(shown), strict=True)
    )
    table = Table(("import", "took", "waited", "from", ""), cells, frozenset({"took", "waited"}))
    notes = [f"{seconds(row['seconds'])} {row['source']}" for row in shown]
    facts = [f"{r['module']}: {seconds(r['seconds'])}, {_waited(r) or 'no'} wait, {r['source']}" for r in shown]
    outermost = [row for row in rows if not row["depth"]]
    waited = sum(row["waited"] for row in outermost)
    said = f"{count(len(outermost), 'import')} of {count(len(rows), 'module')} took {seconds(result['seconds'])}"
    said += f", {seconds(waited)} of it waiting for {count(sum(r['files'] for r in outermost), 'file')}."
    fetched = sum(row["source"] == "fetched" for row in rows)
    blocks: list[Block] = [
        f"{said} {count(fetched, 'module')} fetched, {len(rows) - fetched} there before.",
        Picture(f"{table_text(table)}\n{WAITING} waited for files, {RUNNING} ran", draw_svg(shown, notes, facts)),
    ]
    if len(shown) < len(rows):
        blocks.append(f"{len(rows) - len(shown)} shorter ones are left out, which --json shows.")
    counts = result.get("statistics") or {}
    if counts.get("requests"):
        blocks.append(_received(counts))
    return [*blocks, *map(str, result.get("notes", ()))]


def _waited(row: Result) -> str:
    return seconds(row["waited"]) if row["waited"] >= 0.0005 else ""


def _received(counts: Result) -> str:
    took = f" in {seconds(counts['seconds'])}" if counts.get("seconds") else ""
    return f"Received {size(counts.get('bytes', 0))} with {count(_requests(counts['requests']), 'request')}{took}."


def _requests(count: Any) -> int:
    return sum(count.values()) if isinstance(count, Mapping) else int(count)
