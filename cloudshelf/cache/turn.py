"""One builder at a time: of many commands that start at once, one reads manifests and builds, and the others have it.

Only to spare work. Two builders at once do no harm, so nobody waits for one that may never end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 30.0  # seconds for another builder: as long as a slow line takes for manifests
_LOOK_AGAIN = 0.002, 0.05  # seconds, at first and at last; flock(2) knows no timeout


@contextlib.contextmanager
def turn(lock: Path, is_built: Callable[[], bool], patience: float | None = None) -> Iterator[None]:
    """Hold the file ``lock``; or return without it when ``is_built``, or when its holder takes too long (``patience``).

    Not a lock that anything relies on: where the file cannot be made, everybody's turn is now.
    """
    descriptor = _open(lock)
    if descriptor is None:
        yield
        return
    try:
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        nap, longest = _LOOK_AGAIN
        while not _take(descriptor) and not is_built() and time.monotonic() < deadline:
            time.sleep(nap)
            nap = min(1.2 * nap, longest)
        yield
    finally:
        os.close(descriptor)


def take_turn(lock: Path) -> int | None:
    """A descriptor that holds the file ``lock`` until it is closed, here and wherever it was passed on; None where
    somebody else holds it, or it cannot be made."""
    descriptor = _open(lock)
    if descriptor is not None and not _take(descriptor):
        os.close(descriptor)
        return None
    return descriptor


def _open(lock: Path) -> int | None:
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody has it, or the file system has no locks
        return False
    return True
