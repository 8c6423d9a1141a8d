"""What was really fetched: counted where it happens, never estimated."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

Numbers = dict[str, Any]
_KEPT_MARKS = 64


class _Counters:  # no dataclass, as in model.py
    __slots__ = ("fetched", "files", "packed", "placed", "projects", "requests", "seconds", "since", "under_way")

    def __init__(self) -> None:
        self.requests = 0
        self.fetched = 0  # bytes that came from the store
        self.files = 0  # files that were put in their place
        self.placed = 0  # their bytes
        self.seconds = 0.0  # during which at least one request was under way
        self.projects: dict[str, list[int]] = {}  # name → [requests, bytes fetched, files, bytes placed]
        self.packed: Mapping[str, int] = {}  # name → bytes of all its frames
        self.under_way = 0
        self.since = 0.0

    def of(self, project: str) -> list[int]:
        return self.projects.setdefault(project, [0, 0, 0, 0])

    def numbers(self, now: float) -> Numbers:
        return {
            "requests": self.requests,
            "bytes": self.fetched,
            "files": self.files,
            "placed": self.placed,
            "seconds": round(self.seconds + (now - self.since if self.under_way else 0.0), 6),
            "projects": {
                name: dict(zip(("requests", "bytes", "files", "placed"), self.projects[name], strict=True))
                | {"packed": self.packed.get(name, 0)}
                for name in sorted(self.projects)
            },
        }


class Statistics:
    """Counters per environment and project; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._environments: dict[str, _Counters] = {}
        self._marks: dict[int, dict[str, Numbers]] = {}
        self._last_mark = 0

    def opened(self, environment: str, packed: Mapping[str, int]) -> None:
        """From now on there are numbers for ``environment``; ``packed`` is what each project weighs in its packs."""
        with self._lock:
            counters = self._environments.setdefault(environment, _Counters())
            if counters.packed is packed:
                return
            counters.packed = packed
            for project in packed:
                counters.of(project)

    def request_begins(self, environment: str, project: str) -> None:
        with self._lock:
            counters = self._environments.setdefault(environment, _Counters())
            counters.requests += 1
            counters.of(project)[0] += 1
            if counters.under_way == 0:
                counters.since = time.monotonic()
            counters.under_way += 1

    def received(self, environment: str, project: str, size: int) -> None:
        """Bytes of a request have come. Called before anybody can use them, so that who was told finds them counted."""
        with self._lock:
            counters = self._environments[environment]
            counters.fetched += size
            counters.of(project)[1] += size

    def request_ends(self, environment: str) -> None:
        with self._lock:
            counters = self._environments[environment]
            counters.under_way -= 1
            if counters.under_way == 0:
                counters.seconds += time.monotonic() - counters.since

    def placed(self, environment: str, project: str, size: int) -> None:
        with self._lock:
            counters = self._environments.setdefault(environment, _Counters())
            counters.files += 1
            counters.placed += size
            row = counters.of(project)
            row[2] += 1
            row[3] += size

    def mark(self) -> int:
        """Remember what is counted now; ``numbers(since=…)`` tells what was added. The last 64 marks are kept."""
        numbers = self._all()
        with self._lock:
            self._last_mark += 1
            self._marks[self._last_mark] = numbers
            self._marks.pop(self._last_mark - _KEPT_MARKS, None)
            return self._last_mark

    def numbers(self, *, environment: str | None = None, since: int | None = None) -> dict[str, Numbers]:
        """JSON-able totals, per environment; an unknown mark counts from the start."""
        before = self._marks.get(since, {}) if since is not None else {}
        return {
            path: _difference(now, before[path]) if path in before else now
            for path, now in self._all().items()
            if environment in (None, path)
        }

    def _all(self) -> dict[str, Numbers]:
        now = time.monotonic()
        with self._lock:
            return {path: counters.numbers(now) for path, counters in self._environments.items()}


def _difference(now: Numbers, before: Numbers) -> Numbers:
    result: Numbers = {}
    for name, value in now.items():
        if isinstance(value, dict):
            result[name] = {
                key: _difference(inner, before.get(name, {}).get(key, {})) if isinstance(inner, dict) else inner
                for key, inner in value.items()
            }
        elif name == "packed":
            result[name] = value
        else:
            result[name] = value - before.get(name, 0)
    return result
