"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table and an empty one after it."""
    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows), ""]


def number(value: float) -> str:
    """12,345 or 1.23: as many digits as a reader can use."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def size(count: float) -> str:
    """Bytes with a unit of 1000."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median (least – most); how many runs, where they are fewer than five."""
    if not values:
        return "–"
    ordered = sorted(values)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    few = "" if len(values) >= 5 else f", {len(values)} run{'s' * (len(values) > 1)}"
    return f"{middle:.{digits}f} ({ordered[0]:.{digits}f} – {ordered[-1]:.{digits}f}{few})"
