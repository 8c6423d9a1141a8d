"""The page of what is blocked."""

from __future__ import annotations

from .blocks import Block, Result, records


def blocks(result: Result) -> list[Block]:
    rows = result["blocks"]
    if not rows:
        return ["Nothing is blocked."]
    several = ("shelf",) if len({row["shelf"] for row in rows}) > 1 else ()
    return [records(rows, ("what", "reason", "use", "by", "time", *several))]
