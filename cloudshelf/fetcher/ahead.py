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
_LIBRARIES = (
    "cloudshelf.config",
    "cloudshelf.repository",
    "cloudshelf.verbs.looking",
    "cloudshelf.verbs.completing",
    "packaging.version",
    "cloudshelf.answers",
    "cloudshelf.ordering",
    "packaging.requirements",
    "packaging.tags",
    "cloudshelf.fitting",
    "resolvelib",
    "cloudshelf.resolver",
    "cloudshelf.importing.client",
    "cloudshelf.environment.build",
    "cloudshelf.environment.interpreter",
    "cloudshelf.verbs.pinning",
)
_FOR_A_TAB = 7  # of them, as many are needed by the first Tab


def get_ready(url: str, pause: Callable[[], object]) -> dict[str, Any]:
    """Load what verbs need, and the names of the shelf at ``url`` ("" for none), which are the answer.

    ``pause`` returns when it is time for the next piece. Raises what opening and reading a shelf raises.
    """
    time.sleep(SETTLE)
    _load(_LIBRARIES[:_FOR_A_TAB], pause)
    try:
        return _read_names(url, pause) if url else {}
    finally:  # a shelf that cannot be read is no reason to be slow with the next one
        _load(_LIBRARIES[_FOR_A_TAB:], pause)


def _load(libraries: tuple[str, ...], pause: Callable[[], object]) -> None:
    for library in libraries:
        pause()
        importlib.import_module(library)


def _read_names(url: str, pause: Callable[[], object]) -> dict[str, Any]:
    pause()
    common = importlib.import_module("cloudshelf.verbs.common")
    completing = importlib.import_module("cloudshelf.verbs.completing")
    return dict(completing.read_names(common.shelf_of({"shelf": url}), pause))
