"""What requirements and the text of a lock say, by the standard library alone: no version is compared here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


def normalize(name: str) -> str:
    """The normalized form of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_of(requirement: str) -> str:
    """The normalized project of a requirement (PEP 508: it begins with the name); "" when it has none."""
    match = re.match(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", requirement)
    return normalize(match[1]) if match else ""


def merge_requirements(earlier: Sequence[str], later: Sequence[str]) -> list[str]:
    """``later`` replaces what ``earlier`` asked of the same projects."""
    replaced = {project_of(r) for r in later}
    return [r for r in earlier if project_of(r) not in replaced] + list(dict.fromkeys(later))


def lock_requirements(text: str) -> list[str]:
    """What was asked for, of a lock's text."""
    import tomllib

    tool = tomllib.loads(text).get("tool", {}).get("cloudshelf", {})
    return [str(r) for r in tool.get("requirements", [])]


def lock_as_of(text: str | None) -> str | None:
    """The moment that a lock's text was resolved as of; None for none."""
    import tomllib

    found = tomllib.loads(text or "").get("tool", {}).get("cloudshelf", {}).get("as-of")
    return str(found) if found else None


def lock_pins(text: str) -> list[dict[str, Any]]:
    """Project and version of every pin of a lock's text (PEP 751)."""
    import tomllib

    packages = tomllib.loads(text).get("packages", [])
    return [{"project": str(p["name"]), "version": str(p.get("version", ""))} for p in packages]
