"""What this fetcher tells a shelf that asks for it: which versions were used and how much was fetched, once a day.

A shelf asks by its settings (``usage-reports``); the user's and the machine's settings may forbid it. Nothing depends
on a report: what fails is a line in the log.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..codecs.lock import parse_lock
from ..codecs.usage import Count, Report, format_report, report_key
from ..errors import ShelfError
from ..repository import Repository
from ..stores.protocols import Store
from ..urls import split_urls
from ..usage_place import usage_place

log = logging.getLogger(__name__)

Numbers = Mapping[str, Mapping[str, Any]]  # of statistics.py: environment → totals


class UsageReports:
    """Any thread. ``open_store`` leads from a URL to a store."""

    def __init__(self, open_store: Callable[[str], Store]) -> None:
        self._open_store = open_store
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._told: dict[str, dict[str, tuple[int, int]]] = {}

    def note(self, environment: str) -> None:
        """Somebody uses this environment, even if nothing has to be fetched for it."""
        with self._lock:
            self._noted.add(environment)

    def send(self, numbers: Numbers) -> None:
        """One report for each shelf that wants one, of what was used since the last; ``numbers`` are all so far."""
        for shelf, counts in self._collect(numbers).items():
            try:
                self._send(shelf, counts)
            except ShelfError as error:
                log.info("no usage report for %s: %s", shelf, error)

    def _send(self, shelf: str, counts: Mapping[tuple[str, str], Count]) -> None:
        settings = Repository(self._open_store(shelf)).info().settings
        place = usage_place(shelf, settings)
        if place is None:
            return
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        data = format_report(Report(day, counts))
        self._open_store(place).put_new(report_key(day, uuid.uuid4().hex), data)

    def _collect(self, numbers: Numbers) -> dict[str, dict[tuple[str, str], Count]]:
        """What is new, by shelf. An environment counts once a report, and only when something happened with it."""
        found: dict[str, dict[tuple[str, str], Count]] = {}
        with self._lock:
            noted, self._noted = self._noted, set()
        for path in sorted(noted | numbers.keys()):
            rows = {
                name: (int(row["requests"]), int(row["bytes"]))
                for name, row in numbers.get(path, {}).get("projects", {}).items()
            }
            before = self._told.get(path)
            if path not in noted and rows == before:
                continue
            self._told[path] = rows
            for shelf, project, version in _pins(path):
                requests, received = rows.get(project, (0, 0))
                requests_before, received_before = (before or {}).get(project, (0, 0))
                counts = found.setdefault(shelf, {})
                more = Count(1, max(0, requests - requests_before), max(0, received - received_before))
                counts[project, version] = counts.get((project, version), Count()) + more
        return found


def _pins(environment: str) -> list[tuple[str, str, str]]:
    """(shelf, project, version) of what an environment has; nothing for one that was pruned meanwhile."""
    try:
        lock = parse_lock(Path(environment, ".cloudshelf", "lock.toml").read_text("utf-8"), environment)
    except (OSError, ValueError, ShelfError):
        return []
    shelves = split_urls(lock.shelf)
    return [(pin.shelf or shelves[0], pin.project, pin.version) for pin in lock.pins]
