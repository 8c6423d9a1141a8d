"""Looks at what moves without anybody telling, a few times a second, in a thread that is there only while it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from traitlets.log import get_logger

OFTEN = 0.2  # seconds between two looks while something moves
SELDOM = 2.0  # the longest, while nothing does


class Watcher:
    """``look`` says whether something moved; ``wanted`` whether to look again."""

    def __init__(self, look: Callable[[], bool], wanted: Callable[[], bool]) -> None:
        self._look, self._wanted = look, wanted
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._running = False

    def wake(self) -> None:
        """Look soon, and often again for a while. Any thread; returns at once."""
        self._awake.set()
        with self._lock:
            if not self._running:
                threading.Thread(target=self._run, name="cloudshelf-panel-watch", daemon=True).start()
                self._running = True  # afterwards: Ctrl-C may come between the two

    def _run(self) -> None:
        pause = 0.0
        while True:
            woken = self._awake.wait(pause)
            self._awake.clear()
            moved = self._looked()
            time.sleep(OFTEN)
            with self._lock:
                if not self._awake.is_set() and not self._wanted():
                    self._running = False
                    return
            pause = 0.0 if moved or woken else min(2 * pause + OFTEN, SELDOM)

    def _looked(self) -> bool:
        try:
            return self._look()
        except Exception:  # the next look may find what this one could not
            get_logger().exception("The panels could not be told what changed")
            return False
