"""The Range header (RFC 9110, section 14): one range of bytes; several, or another unit, mean the whole."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """No byte of the range is there: 416."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Where to begin and where to end before, of ``size`` bytes; None for all of it. Raises Unsatisfiable."""
    match = _RANGE.fullmatch(header or "")
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last so many
        start, stop = max(size - int(match[2]), 0), size
    else:
        start, stop = int(match[1]), min(int(match[2] or size) + 1, size)
        if match[2] and int(match[2]) < start:
            return None  # malformed: to be ignored
    if start >= stop:
        raise Unsatisfiable
    return start, stop
