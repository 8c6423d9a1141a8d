"""Where a wheel came from, as releases and locks may tell everybody."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def public_origin(url: str) -> str:
    """``url`` without user, password, query and fragment (they may be secrets); "" for a local file."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
