"""Text of others for a terminal: what moves a cursor, colours, or turns the order of letters is written out."""

from __future__ import annotations


def visible(text: str, *, keep: str = "") -> str:
    """``text``, with an escape in place of each character that has no width of its own, but for those to ``keep``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)
