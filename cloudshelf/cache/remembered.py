"""Names of shelves in text files of the cache, one a line: what a Tab in a shell reads without a network or a library.

Written where names were read anyway. Nobody relies on them.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

FOLDER = "completion"
FRESH = 300.0  # seconds after which names are asked for again, in the background
ASKING = 30.0  # seconds for which nobody asks again


def remember(cache: Path, url: str, names: Iterable[str], project: str = "") -> None:
    """The projects of the shelf at ``url``, or the versions of ``project``. A cache that cannot be written is none."""
    file = _place(cache, url, project)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text("".join(f"{name}\n" for name in names), "utf-8")
        temporary.replace(file)


def recall(cache: Path, url: str, project: str = "") -> tuple[list[str], bool]:
    """The names, and whether somebody should ask for them anew: who is told so is the only one for a while."""
    file = _place(cache, url, project)
    try:
        names = file.read_text("utf-8").split()
        old = time.time() - file.stat().st_mtime > FRESH
    except (OSError, UnicodeDecodeError):
        names, old = [], True
    return names, old and _is_first(file.with_name(f"{file.name}.asked"))


def _is_first(stamp: Path) -> bool:
    try:
        if time.time() - stamp.stat().st_mtime < ASKING:
            return False
    except OSError:  # nobody ever asked
        pass
    try:
        stamp.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp.touch(0o600)
    except OSError:
        return False
    return True


def _place(cache: Path, url: str, project: str) -> Path:
    return cache / FOLDER / _digest(url) / (_digest(re.sub(r"[-_.]+", "-", project).lower()) if project else "projects")


def _digest(text: str) -> str:
    from _blake2 import blake2b  # not hashlib: that loads OpenSSL

    return str(blake2b(text.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest())
