"""Locks that wait in the cache for the command that puts them into a notebook (``%shelf lock --notebook``)."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

KEPT = 7 * 86400.0  # seconds; whoever was shown the command has typed it by then
_NAME = re.compile(r"[0-9a-f]{12}\.toml")


def kept_lock(cache: Path, digest: str) -> Path:
    """Where the lock with ``digest`` waits."""
    return cache / "locks" / f"{digest[:12]}.toml"


def prune_locks(cache: Path) -> None:
    """Remove those that have waited long enough; what else lies there is not ours."""
    for file in sorted((cache / "locks").glob("*.toml")):
        with contextlib.suppress(OSError):
            if _NAME.fullmatch(file.name) and time.time() - file.stat().st_mtime > KEPT:
                file.unlink()
