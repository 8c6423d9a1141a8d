"""Words for what is known of a release: its age, and its vulnerabilities."""

from __future__ import annotations

from collections.abc import Sequence

from ..quantities import count
from .blocks import Result


def age_words(released: str, age: int | None) -> str:
    """ "2026-11-01, 25 days ago"; "not known" where nobody said it."""
    return "not known" if age is None else f"{released[:10]}, {count(age, 'day')} ago"


def severity_words(found: Sequence[Result] | None, unknown: str = "") -> str:
    """ "none known", or "2: GHSA-… (high), …"; "not known" with the reason."""
    if found is None:
        return f"not known: {unknown}" if unknown else "not known"
    if not found:
        return "none known"
    shown = ", ".join(f"{each['id']} ({each['severity']})" for each in found[:3])
    return f"{len(found)}: {shown}{', …' if len(found) > 3 else ''}"
