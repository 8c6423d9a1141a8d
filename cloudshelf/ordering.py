"""The order of versions, for lists and for messages."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version


def version_order(version: str) -> tuple[int, Version | str]:
    """A sort key by PEP 440; what is no version of it sorts first, as text."""
    try:
        return (1, Version(version))
    except InvalidVersion:
        return (0, version)
