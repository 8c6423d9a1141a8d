"""The fetcher that ``run`` will ask, started before the libraries of the command itself are loaded: both take as long.

Only what this needs is imported here; the words are not understood yet.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..cache.turn import take_turn
from ..config import read_config, read_trust
from ..errors import ShelfError
from ..importing.blocklist import asking, read_known
from ..importing.client import reach
from ..importing.paths import private_folder
from ..urls import split_urls


def start_fetcher(words: Sequence[str]) -> None:
    """Where nothing is in the cache yet, and ``words``, the arguments of ``run``, name no shelf of their own.

    It is not waited for. What is wrong is told by who needs it.
    """
    own = words[: words.index("--")] if "--" in words else words
    if any(word in ("-h", "--help") or word.startswith("--shelf") for word in own):
        return
    try:
        config = read_config()
        if config.url and not (config.cache / "environments").exists():
            turn = _turn_to_ask(config.url, private_folder(str(config.cache)))
            reach(start=True, shelf=config.url, turn=turn)
            if turn is not None:
                os.close(turn)
    except (ShelfError, OSError):
        pass


def _turn_to_ask(shelf: str, cache: str) -> int | None:
    """The turn to ask a shelf what is blocked, for the fetcher; None where nobody need ask, or it is not to do so.

    Its first request opens a connection in any case, so one that somebody needs costs nothing. Whose signatures are
    required only the command knows.
    """
    if len(split_urls(shelf)) > 1 or read_trust()[0]:
        return None
    known = read_known(cache, shelf)
    if known is not None and known.is_fresh(time.time()):
        return None
    return take_turn(Path(asking(cache, shelf)))
