"""What is blocked in the environments that are being filled: a program that runs already gets no file of it any more.

Looked up a little after it was looked up last, in the files of recall/machine.py; those are renewed in the background.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..importing.blocklist import Pins, blocked_error, read_known, read_pins

if TYPE_CHECKING:
    from .environments import Environment

AGAIN = 5.0  # seconds

Found = dict[str, tuple[tuple[tuple[str, str, str], str], str]]  # project → (part, row), shelf


class Recalled:
    """The blocks of environments in ``cache``. Any thread."""

    def __init__(self, cache: Path, renew: Callable[[str], None]) -> None:
        """``renew`` has the file about a shelf renewed if it is too old; it may take its time."""
        self._cache, self._renew = cache, renew
        self._lock = threading.Lock()
        self._looked: dict[Path, tuple[float, Found]] = {}

    def refuse(self, environment: Environment, numbers: Iterable[int] | None = None) -> None:
        """Raises Blocked for a file of what is blocked; None: for anything in ``environment``."""
        found = self._look(environment.path)
        if not found:
            return
        projects = found if numbers is None else map(environment.project_of, numbers)
        for project in projects:
            if project in found:
                row, shelf = found[project]
                raise blocked_error([row], shelf)

    def _look(self, path: Path) -> Found:
        now = time.monotonic()
        with self._lock:
            looked, found = self._looked.get(path, (-AGAIN, {}))
            if now - looked < AGAIN:
                return found
            self._looked[path] = now, found
        pins = read_pins(str(path))
        found = self._find(pins) if pins else {}
        with self._lock:
            self._looked[path] = now, found
        return found

    def _find(self, pins: Pins) -> Found:
        found: Found = {}
        for shelf in pins.shelves:
            known = read_known(str(self._cache), shelf)
            found |= {row[0][0]: (row, shelf) for row in (pins.find(known) if known else ())}
            if known is None or not known.is_fresh(time.time()):
                threading.Thread(target=self._renew, args=(shelf,), daemon=True).start()
        return found
