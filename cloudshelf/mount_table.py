"""What is mounted on this machine, as this process sees it. Standard library only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_TABLE = Path("/proc/self/mountinfo")


class MountRow(NamedTuple):
    """One mount: the folder, the type of its file system, and what was mounted."""

    directory: str
    kind: str
    source: str


def read_mounts() -> list[MountRow]:
    """All mounts, in the order of the kernel: of two on one folder the later one is seen. Raises OSError.

    proc(5): "36 35 98:0 /root /mount/point options [tags] - type source super-options". A line ends with a newline;
    other characters that end lines elsewhere may stand in a folder's name.
    """
    rows = []
    for line in _TABLE.read_text("utf-8", "surrogateescape").split("\n")[:-1]:
        place, _, rest = line.partition(" - ")
        kind, source = rest.split(" ")[:2]
        rows.append(MountRow(_unescaped(place.split(" ")[4]), kind, _unescaped(source)))
    return rows


def _unescaped(text: str) -> str:
    """Spaces, tabs, newlines and backslashes are three octal digits there; any other white space is as it is."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
