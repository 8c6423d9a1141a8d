"""Amounts in words that people read at a glance. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def size(amount: float) -> str:
    """Bytes for people: 12 B, 3.4 kB, 120 MB (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            return f"{amount:.0f} {unit}" if amount >= 99.5 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def seconds(value: float) -> str:
    """Seconds for people: 12 ms, 3.4 s, 2 min 5 s."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def count(number: int, what: str) -> str:
    """1 pin, 2 pins."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def filled_line(done: Mapping[str, Any]) -> str:
    """What a fill did, in one line."""
    if not done.get("files"):
        return "Everything was in place already."
    return f"Brought {done['files']} files, {size(done.get('bytes', 0))}; the environment needs no network now."
