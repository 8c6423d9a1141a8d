"""Text of others as people see it in a terminal: nothing in it moves the cursor, colours, hides or forges a line."""

from __future__ import annotations

_KEPT = "\n\t"


def visible(text: str, *, kept: str = _KEPT) -> str:
    """``text`` with an escape in the place of each control or invisible character, but those ``kept``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else _shown(c) for c in text)


def brief(text: str, most: int = 60) -> str:
    """What a message repeats of what somebody typed: on one line, and not more than it takes to know it again."""
    line = visible(text, kept="")
    return line if len(line) <= most else f"{line[:most]}…"


def _shown(character: str) -> str:
    import unicodedata  # seldom needed

    if unicodedata.category(character) == "Zs":  # a space of another width
        return " "
    return character.encode("unicode_escape").decode()
