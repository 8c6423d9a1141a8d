"""Every import of this process, on the timeline: what ``-X importtime`` sees, and only while somebody asks for it.

One function of importlib is replaced, the one that the interpreter itself times for ``-X importtime``.
"""

from __future__ import annotations

import _frozen_importlib
import os
from time import perf_counter

from .loader import disguised
from .timeline import imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

FOLDER = "CLOUDSHELF_PROFILE"  # where a process leaves its timeline when it ends; `cloudshelf run --profile` sets it

_bootstrap: Any = _frozen_importlib
_original: list[Callable[[str, Any], Any]] = []


@disguised
def _find_and_load(name: str, import_: Any) -> Any:
    """What it stands for has the same name and the same ``name``: whoever looks at frames finds what was there."""
    begun = perf_counter()
    try:
        return _original[0](name, import_)
    finally:
        imported(name, begun, None, -1)


def begin() -> None:
    """From now on every import is recorded; again: nothing happens."""
    if not _original:
        _original.append(_bootstrap._find_and_load)
        _bootstrap._find_and_load = _find_and_load


def end() -> None:
    """No longer."""
    if _original:
        _bootstrap._find_and_load = _original[0]
        _original.clear()


def record_until_exit(folder: str, environments: Callable[[], Iterable[str]]) -> None:
    """Record, and leave the timeline in ``folder`` when the process ends, in a file named by its process id.

    ``environments`` tells which ones the process has used by then.
    """
    import atexit

    begin()
    atexit.register(_leave, folder, os.getpid(), environments)


def _leave(folder: str, process: int, environments: Callable[[], Iterable[str]]) -> None:
    if os.getpid() != process:  # a forked child: its parent tells
        return
    import json

    from .timeline import facts

    try:
        with open(f"{folder}/{process}.json", "w", encoding="utf-8") as file:
            json.dump(facts(environments()), file)
    except OSError:  # who asked for it has gone
        pass
