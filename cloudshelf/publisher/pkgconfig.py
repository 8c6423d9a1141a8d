"""Files of pkg-config that work wherever the tree lies: their prefix becomes relative to the file's own folder.

``pcfiledir`` is the folder of the file that pkg-config reads (pkg-config(1), "PKG-CONFIG DERIVED VARIABLES").
"""

from __future__ import annotations

import re

_PREFIX = re.compile(r"^(\s*prefix\s*=\s*)([\"']?)(/[^\"'\n]*?)/*\2[ \t]*$", re.MULTILINE)
_VARIABLE = re.compile(r"^\s*\w+\s*=")
_OF_THE_SYSTEM = ("", "/usr", "/usr/local")  # what lies below may be another's
_BEGINS = r"(?:(?<![\w./}-])|(?<=-[LI]))"  # not in the middle of another path
_ENDS = r"(?=[/\s\"']|$)"


def relocatable(content: bytes, path: str) -> bytes | None:
    """``content`` of the .pc file at ``path`` of a tree, with a prefix that moves with it; None where it stays.

    What else begins with the old prefix is said by the new one; of a system's prefix only where variables say it.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    found = _PREFIX.search(text)
    if found is None:
        return None
    up = "/".join([".."] * path.count("/"))
    old = found[3]
    prefix = "${pcfiledir}" + (f"/{up}" if up else "")
    lines = []
    for line in text.split("\n"):
        if _PREFIX.fullmatch(line):
            line = f"{found[1].strip()}{prefix}"
        elif old and (old not in _OF_THE_SYSTEM or _VARIABLE.match(line)):
            line = re.sub(rf"{_BEGINS}{re.escape(old)}{_ENDS}", "${prefix}", line)
        lines.append(line)
    changed = "\n".join(lines).encode()
    return changed if changed != content else None
