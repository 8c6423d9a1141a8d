"""``--as-of``: a shelf as it was at a moment, by the times that its heads have. Standard library only.

These are the clocks of those who published, and clocks run backwards. So a state counts from the moment at which it
and all states before it were there: a head of which an earlier one is of a later time is as late as that one. What is
asked for is then one place in the chain, which a binary search finds (skips.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ..errors import UsageError
from ..visible import brief

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def parse_moment(text: str, now: datetime | None = None) -> str:
    """The moment that a person wrote, as heads write theirs: a day is meant to its end, UTC unless it says otherwise.

    Of today, the end is now: the same words give the same lock only for what is over. Raises UsageError.
    """
    now = now or datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{brief(text)!r} is not a day or a time. "
            "Write it like 2026-11-01, or 2026-11-01T14:30 (UTC; +01:00 may follow)."
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        if is_day := re.fullmatch(r"\d{4}-?(\d\d-?\d\d|W\d\d-?\d)", text.strip()):
            moment += timedelta(days=1, seconds=-1)
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{brief(text)!r} is out of reach of every clock. Write it like 2026-11-01.") from None
    if moment > now:
        if not is_day or moment - timedelta(days=1) > now:
            raise UsageError(f"{text.strip()} has not come yet. Without --as-of the shelf is as it is now.")
        moment = now
    return moment.strftime(FORMAT)
