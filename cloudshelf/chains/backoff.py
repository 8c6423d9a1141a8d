"""Waiting after a lost race for one object, so that many writers all get through."""

from __future__ import annotations

import random
import time

SHORTEST, LONGEST = 0.01, 10.0  # seconds


def pause(attempt: int, took: float) -> None:
    """Wait before the next try, after ``attempt`` others; ``took`` is how long one takes, in seconds (0: not known).

    Exponential with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015). It grows from the time of a try,
    since that is how long others may win: the slower the store, the longer everybody stands back. The object is read
    after this, not before: what was read before a pause is old.
    """
    time.sleep(random.uniform(0, min(LONGEST, max(took, SHORTEST) * 2 ** min(attempt + 1, 6))))
