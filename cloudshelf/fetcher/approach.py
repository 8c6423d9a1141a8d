"""The first request to a shelf, before anybody waits for one: it opens a connection."""

from __future__ import annotations

from pathlib import Path

from ..codecs.names import SHELF
from ..recall.machine import ask
from ..repository import Repository
from ..stores.opening import shared_store
from ..urls import normalize_url


def approach(url: str, cache: Path, *, asks: bool) -> None:
    """Connect to the shelf at ``url``: by asking what is blocked, if this process has the turn to, so that nobody else
    need ask (blocklist.asking); else by the smallest request that every shelf answers.

    Raises UsageError, ShelfForbidden, and what the store raises.
    """
    shelf = normalize_url(url)
    if asks:
        ask(cache, Repository(shared_store(shelf), cache=cache))
    elif shelf.startswith("s3:"):
        for _ in shared_store(shelf).stream_range(SHELF, start=0, length=1):
            pass
