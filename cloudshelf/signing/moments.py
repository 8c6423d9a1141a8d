"""Moments as heads and root documents write them: UTC, to the second, in a form that sorts as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ..errors import UsageError
from ..visible import brief

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def now() -> str:
    return datetime.now(UTC).strftime(FORMAT)


def parse_end(text: str, begin: str) -> str:
    """The moment that a person means by "1y", "90d", "6m", "2w" (from ``begin`` on) or "2027-11-01" (to its end).

    Raises UsageError, also for one that is over.
    """
    match = re.fullmatch(r"(\d{1,4})([dwmy])", text.strip().lower(), re.ASCII)
    start = datetime.strptime(begin, FORMAT).replace(tzinfo=UTC)
    try:
        if match:
            end = start + timedelta(days=int(match[1]) * _DAYS[match[2]])
        else:
            end = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    except (ValueError, OverflowError):
        raise UsageError(f"{brief(text)!r} is no time to end at: 90d, 6m, 1y, or a day such as 2027-11-01.") from None
    if end <= start:
        raise UsageError(f"{text} is over already.")
    return end.strftime(FORMAT)
