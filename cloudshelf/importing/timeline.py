"""When modules were imported, and what they waited for: two readings of a clock a module, nothing else.

Only imports from environments that are still filling are seen, because nothing of ours takes part in any other;
``recording`` sees every import, when somebody asks for it. What it looks like to people: render/waterfall.py.
"""

from __future__ import annotations

import sys
from _collections import deque  # type: ignore[import-not-found]  # collections takes a millisecond to load
from _thread import get_ident
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .state import Environment

KEPT = 20_000  # of either kind; torch imports 2,000 modules

_Span = tuple[int, str, float, float, "Environment | None", int]
_Wait = tuple[int, float, float, int]
spans: deque[_Span] = deque(maxlen=KEPT)  # thread, module, begin, end, environment, number of its file
waits: deque[_Wait] = deque(maxlen=KEPT)  # thread, begin, end, files that somebody needed


def imported(module: str, begun: float, environment: Environment | None, number: int) -> None:
    """The import of ``module``, file ``number`` of the environment, ends now; also when it failed."""
    spans.append((get_ident(), module, begun, perf_counter(), environment, number))


def waited(begun: float, files: int) -> None:
    """This thread waited for the fetcher, until now."""
    waits.append((get_ident(), begun, perf_counter(), files))


def facts(environments: Iterable[str], since: float = 0.0) -> dict[str, list[list[Any]]]:
    """What was seen, as JSON: ``spans`` of [thread, module, begin, end, source, number of the file], ``waits``.

    ``environments`` are the folders of those that this process uses, or has used.

    The source is "fetched" for a file that was not in place when this process opened its environment, "cached" for one
    that was, "installed" for what is of no environment, "failed" for what could not be imported.
    """
    roots = tuple(f"{path}/" for path in environments)
    return {
        "spans": [
            [thread, module, begun, ended, _source(module, environment, number, roots), number]
            for thread, module, begun, ended, environment, number in list(spans)
            if begun >= since
        ],
        "waits": [list(wait) for wait in list(waits) if wait[1] >= since],
    }


def _source(module: str, environment: Environment | None, number: int, roots: tuple[str, ...]) -> str:
    if environment is not None:
        return "cached" if environment.was_in_place(number) else "fetched"
    if module not in sys.modules:
        return "failed"
    file = getattr(getattr(sys.modules[module], "__spec__", None), "origin", None)
    return "cached" if isinstance(file, str) and file.startswith(roots) else "installed"
