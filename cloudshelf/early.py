"""The fetcher that ``run`` will ask, started before the libraries of the command itself are loaded: both take as long.

Only what this needs is imported here; the words are not understood yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from .config import read_config
from .errors import ShelfError
from .importing.client import reach


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
            reach(start=True, shelf=config.url)
    except (ShelfError, OSError):
        pass
