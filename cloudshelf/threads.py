"""Several things at once: threads that end with their block."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """One thread a core, or ``most``, started when needed. Leaving the block drops what has not begun and waits for
    the rest: after an error or Ctrl-C nothing runs on. Who wants results asks for them within the block."""

    def __init__(self, name: str, most: int | None = None) -> None:
        super().__init__(most or os.cpu_count() or 1, thread_name_prefix=name)

    def __exit__(self, *error: object) -> None:
        self.shutdown(cancel_futures=True)
