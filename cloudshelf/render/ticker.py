"""Progress that goes on where nothing reports: the last event is shown again every second, from a thread.

Short work shows nothing and starts no display. Standard library only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

EVERY = 1.0  # seconds
PATIENCE = 5.0  # seconds that who works waits for who shows


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
        self._last = event
        is_time = time.monotonic() - self._begun >= self._delay
        if is_time and self._guard.acquire(blocking=False):  # else the thread is showing, and shows this one next
            try:
                self._show(event)
            finally:
                self._guard.release()
        if self._thread is None:
            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._ended,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """From here on nothing is shown by itself, unless the thread hangs in ``show``: that is not waited for."""
        self._ended.set()
        free = self._guard.acquire(timeout=PATIENCE)
        self._last, self._thread = None, None
        if free:
            self._guard.release()

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
