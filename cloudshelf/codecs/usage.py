"""Usage report: what one fetcher brought for one shelf since its last report. See docs/format.md, "Usage reports".

It says what was used and how much of it, never who used it: no name, no machine, no time but the day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ObjectInvalid
from .envelope import format_object, parse_object
from .names import is_normalized

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,99}")
_KEY = re.compile(r"\d{4}-\d{2}-\d{2}/[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Count:
    """``environments`` that had a version pinned, and what was asked and received for them."""

    environments: int = 0
    requests: int = 0
    bytes: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.environments + other.environments, self.requests + other.requests, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Report:
    """What was used on ``day``, "2026-11-26", UTC; ``counts`` by project and version."""

    day: str
    counts: Mapping[tuple[str, str], Count]


def report_key(day: str, identity: str) -> str:
    """Where a report is, below the place that the shelf's settings name; ``identity`` is random, 32 digits."""
    return f"{day}/{identity}"


def is_report_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None


def format_report(report: Report) -> bytes:
    projects: dict[str, dict[str, list[int]]] = {}
    for (project, version), count in report.counts.items():
        projects.setdefault(project, {})[version] = [count.environments, count.requests, count.bytes]
    return format_object("usage", {"day": report.day, "projects": projects})


def parse_report(data: bytes, key: str) -> Report:
    """Raises ObjectInvalid: everybody who reads the shelf may write these."""
    fields = parse_object(data, "usage", key)
    counts: dict[tuple[str, str], Count] = {}
    for project, versions in fields.mapping("projects").items():
        if not is_normalized(project) or not isinstance(versions, dict):
            raise ObjectInvalid(key, f"{project!r:.100} is not the name of a project, or has no versions")
        for version, row in versions.items():
            match row:
                case [int(environments), int(requests), int(received)] if min(
                    environments, requests, received
                ) >= 0 and _VERSION.fullmatch(version):
                    counts[project, version] = Count(environments, requests, received)
                case _:
                    raise ObjectInvalid(key, f"its counts of {project} are malformed")
    if not is_day(fields.text("day")):
        raise ObjectInvalid(key, "its day is none")
    return Report(fields.text("day"), counts)
