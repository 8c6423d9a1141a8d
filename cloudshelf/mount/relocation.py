"""Files that name their environment's place, as they have to read where it is mounted."""

from __future__ import annotations

import os

from ..environment.scripts import shebang


def relocated(content: bytes, before: str, after: str) -> bytes:
    """A script or an ``activate`` of the environment at ``before``, for use at ``after``."""
    python = os.fsencode(f"#!{before}/bin/python")
    first, newline, rest = content.partition(b"\n")
    if newline and (first == python or first.startswith(python + b" ")):
        content = shebang(f"{after}/bin/python", first[len(python) :].strip().decode()) + rest
    return content.replace(os.fsencode(before), os.fsencode(after))
