"""Comparing an environment with its lock: which of its files are not those any more that were put there."""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .index import LAYOUT, PRIVATE
from .seal import alterations


def examine(path: Path) -> list[str]:
    """What something else did to the environment at ``path``: distributions first, then single files.

    A file counts as changed by its size and time, so nothing is read. Nothing for what is no environment of this
    version. New files beside ours are nobody's fault: programs cache things there.
    """
    try:
        index: Any = marshal.loads((path / PRIVATE / "index").read_bytes())
        presence = (path / PRIVATE / "presence").read_bytes()
        if index["layout"] != LAYOUT:
            return []
    except (OSError, ValueError, EOFError, TypeError, KeyError):
        return []
    return [*alterations(path), *_changed_files(path, index, presence)]


def _changed_files(path: Path, index: Any, presence: bytes) -> Iterator[str]:
    owned = {number for names in index["folders"].values() for number in names.values()}
    for number, (place, size, time) in enumerate(zip(index["paths"], index["sizes"], index["mtimes"], strict=True)):
        if not presence[number] or number not in owned:
            continue
        name = place.removeprefix(f"{index['site']}/")
        try:
            status = os.lstat(f"{path}/{place}")
        except OSError:
            yield f"{name} removed"
            continue
        is_shared = status.st_nlink > 1  # with the cache, whose time it has: another wheel may have brought it
        is_rewritten = place.startswith("bin/")  # a script got its first line when the environment was built
        if (status.st_size != size and not is_rewritten) or (int(status.st_mtime) != time and not is_shared):
            yield f"{name} changed"
