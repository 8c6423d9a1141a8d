"""Whether the process that a temporary file is named after still lives."""

from __future__ import annotations

from pathlib import Path


def is_gone(owner: str) -> bool:
    """Whether ``owner`` is the number of a process that ended; False for what is no number.

    One that was killed has an entry in /proc until its parent asks for its status, which the first process of many
    containers never does: proc(5) shows such a one as a zombie (Z) or dead (X).
    """
    if not owner.isdecimal():
        return False
    try:
        status = Path("/proc", owner, "stat").read_bytes()
    except OSError:
        return not Path("/proc", owner).exists()
    return status.rpartition(b")")[2].split()[0] in (b"Z", b"X")
