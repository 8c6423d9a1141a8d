"""Work that takes time, one job after the other, in a thread that is there only while there is something to do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from traitlets.log import get_logger


class Worker:
    """``name`` is the thread's. An error of a job goes to the kernel's log, which is in no cell."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = False

    def do(self, job: Callable[[], None]) -> None:
        """Have ``job`` done after those before it. Returns at once; any thread."""
        with self._lock:
            self._jobs.put(job)
            if not self._running:
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
                self._running = True  # afterwards: Ctrl-C may come between the two

    def waiting(self) -> int:
        """How many jobs have not begun."""
        return self._jobs.qsize()

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._jobs.empty():
                    self._running = False
                    return
                job = self._jobs.get()
            try:
                job()
            except Exception:
                get_logger().exception("A job of %s failed", self._name)
