"""What is blocked in the environments that are being filled: a program that runs already gets no file of it any more.

The files of recall/machine.py say it; where one is too old it is renewed in the background.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..importing.blocklist import AGAIN, Pins, blocked_error, place, read_known, read_pins

if TYPE_CHECKING:
    from .environments import Environment

Stamp = tuple[tuple[int, int], ...]


class _Looked(NamedTuple):
    """What was found in an environment, and the files that said so."""

    pins: Pins
    stamp: Stamp
    found: dict[str, tuple[tuple[tuple[str, str, str], str], str]]  # project → (part, row), shelf
    due: float  # when the first of those files is too old


class Recalled:
    """The blocks of environments in ``cache``. Any thread."""

    def __init__(self, cache: Path, renew: Callable[[str], None]) -> None:
        """``renew`` has the file about a shelf renewed if it is too old; it may take its time."""
        self._cache, self._renew = str(cache), renew
        self._looked: dict[Path, _Looked] = {}
        self._asked: dict[str, float] = {}

    def refuse(self, environment: Environment, numbers: Iterable[int] | None = None) -> None:
        """Raises Blocked for a file of what is blocked; None: for anything in ``environment``."""
        found = self._look(environment.path).found
        if not found:
            return
        for project in found if numbers is None else map(environment.project_of, numbers):
            if project in found:
                row, shelf = found[project]
                raise blocked_error([row], shelf)

    def blocked(self, path: Path) -> frozenset[str]:
        """The projects of which something is blocked in the environment at ``path``."""
        return frozenset(self._look(path).found)

    def _look(self, path: Path) -> _Looked:
        looked = self._looked.get(path)
        pins = looked.pins if looked else read_pins(str(path)) or Pins((), ())
        stamp = tuple(map(self._stamp, pins.shelves))
        if looked is None or looked.stamp != stamp:
            self._looked[path] = looked = self._find(pins, stamp)
        if looked.due < time.time():
            for shelf in pins.shelves:
                self._ask(shelf)
        return looked

    def _stamp(self, shelf: str) -> tuple[int, int]:
        """Changes when the file about ``shelf`` does: it is always another file then."""
        try:
            status = os.stat(place(self._cache, shelf))  # noqa: PTH116  (at every file that is waited for)
        except OSError:
            return 0, 0
        return status.st_ino, status.st_mtime_ns

    def _find(self, pins: Pins, stamp: Stamp) -> _Looked:
        looked = _Looked(pins, stamp, {}, float("inf"))
        for shelf in pins.shelves:
            known = read_known(self._cache, shelf)
            looked.found.update({row[0][0]: (row, shelf) for row in (pins.find(known) if known else ())})
            looked = looked._replace(due=min(looked.due, known.checked + known.age if known else 0.0))
        return looked

    def _ask(self, shelf: str) -> None:
        now = time.monotonic()
        if now - self._asked.get(shelf, -AGAIN) >= AGAIN:
            self._asked[shelf] = now
            threading.Thread(target=self._renew, args=(shelf,), daemon=True).start()
