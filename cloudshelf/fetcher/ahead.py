"""What is loaded before anybody waits for it: the libraries of verbs, and a shelf's names, which the first Tab wants.

The fetcher has one interpreter lock, for which an import would wait. So this is done in pieces of some milliseconds,
and each begins only when nobody waits for an answer and no import has asked for a second.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

SETTLE = 0.25  # seconds: an import in the cell that loaded the extension has asked by then
_FOR_A_TAB = (
    "cloudshelf.config",
    "cloudshelf.repository",
    "cloudshelf.codecs.catalog",
    "concurrent.futures.thread",
    "cloudshelf.verbs.looking",
    "cloudshelf.verbs.completing",
)
_FOR_MORE = (
    "packaging.version",
    "cloudshelf.answers",
    "cloudshelf.ordering",
    "packaging.requirements",
    "packaging.tags",
    "cloudshelf.resolving.fitting",
    "resolvelib",
    "cloudshelf.resolving.resolver",
    "cloudshelf.importing.client",
    "cloudshelf.environment.build",
    "cloudshelf.environment.interpreter",
    "cloudshelf.environment.trees",
    "cloudshelf.recall.checking",
    "cloudshelf.codecs.recall",
    "cloudshelf.verbs.pinning",
    "cloudshelf.verbs.restoring",
)


def names_of(url: str, pause: Callable[[], object]) -> dict[str, Any]:
    """The names of the shelf at ``url`` ("" for none), and what a Tab needs is loaded.

    ``pause`` returns when it is time for the next piece. Raises what opening and reading a shelf raises.
    """
    time.sleep(SETTLE)
    _load(_FOR_A_TAB, pause)
    if not url:
        return {}
    pause()
    common = importlib.import_module("cloudshelf.verbs.common")
    completing = importlib.import_module("cloudshelf.verbs.completing")
    return dict(completing.read_names(common.shelf_of({"shelf": url}), pause))


def load_more(pause: Callable[[], object]) -> None:
    """What the other verbs of a notebook need."""
    _load(_FOR_MORE, pause)


def _load(libraries: tuple[str, ...], pause: Callable[[], object]) -> None:
    for library in libraries:
        pause()
        importlib.import_module(library)
