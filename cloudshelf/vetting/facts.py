"""What is known of one release before anybody decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from .vulnerabilities import Vulnerability


@dataclass(frozen=True, slots=True)
class Facts:
    """``source`` is "index", "local" or "url"; ``provenance`` whether there are attestations (PEP 740)."""

    project: str
    version: str
    license: str
    released: str  # when it was uploaded (RFC 3339); "" where the index does not say it
    age: int | None  # in whole days
    size: int | None  # bytes of the file
    vulnerabilities: tuple[Vulnerability, ...] | None  # None: not known
    source: str
    provenance: bool
    files: int | None = None  # in it; None where nobody looked
    unpacked: int | None = None  # their bytes


def days_since(moment: str) -> int | None:
    """Whole days since a time (RFC 3339), never negative; None for what is no time."""
    try:
        then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0, (datetime.now(UTC) - then).days)
