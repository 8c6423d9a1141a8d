"""When a fetcher reports what was used (usage.py): once a day, and at its end."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from .engine import Engine

if TYPE_CHECKING:
    from .usage import UsageReports

REPORT = 86400.0  # seconds between usage reports
PATIENCE = 5.0  # seconds for the last one

log = logging.getLogger(__name__)


class Reporting:
    """Any thread; nothing depends on it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._reports: UsageReports | None = None
        self._reported = time.monotonic()

    def note_use(self, environment: str) -> None:
        """Somebody uses ``environment``; a shelf may want to know (usage.py)."""
        self._usage_reports().note(environment)

    def report_daily(self) -> None:
        """Report if it is time for it; called once a second."""
        if time.monotonic() - self._reported > REPORT:
            self._reported = time.monotonic()
            threading.Thread(target=self._report, daemon=True).start()

    def report_last(self) -> None:
        """Nobody waits for this process any more; a shelf that does not answer gets no report."""
        reporting = threading.Thread(target=self._report, daemon=True)
        reporting.start()
        reporting.join(PATIENCE)

    def _usage_reports(self) -> UsageReports:
        from ..stores.opening import open_store
        from .usage import UsageReports

        with self._lock:
            if self._reports is None:
                self._reports = UsageReports(open_store)
            return self._reports

    def _report(self) -> None:
        """Tell the shelves that ask for it what was used; nothing depends on it."""
        numbers = self._engine.numbers()
        if (not numbers and self._reports is None) or not self._engine.flag("usage_reports"):
            return
        try:
            self._usage_reports().send(numbers)
        except Exception:
            log.exception("a usage report failed")
