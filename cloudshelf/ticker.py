"""Progress that goes on where nothing reports: the last event is shown again every second, from a thread.

Short work shows nothing and starts no display. Standard library only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

EVERY = 1.0  # seconds


class Ticker:
    """Hands events to ``show``, not before ``delay`` seconds have passed; used until ``close``, and after it anew.

    ``show`` is called from one thread at a time. What it raises in the thread ends the showing, never the work.
    """

    def __init__(self, show: Callable[[Mapping[str, Any]], None], *, delay: float) -> None:
        self._show, self._delay = show, delay
        self._guard = threading.RLock()
        self._last: Mapping[str, Any] | None = None
        self._begun = time.monotonic()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, event: Mapping[str, Any]) -> None:
        with self._guard:
            self._last = event
            if self._thread is None:
                self._ended = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._ended,), daemon=True)
                self._thread.start()
            if time.monotonic() - self._begun >= self._delay:
                self._show(event)

    def close(self) -> None:
        """From here on nothing is shown by itself."""
        self._ended.set()
        with self._guard:
            self._last, self._thread = None, None

    def _run(self, ended: threading.Event) -> None:
        wait = max(0.0, self._delay - (time.monotonic() - self._begun))
        while not ended.wait(wait):
            with self._guard:
                if ended.is_set() or self._last is None:
                    return
                try:
                    self._show(self._last)
                except Exception:  # a closed terminal
                    return
            wait = EVERY
