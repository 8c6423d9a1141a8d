"""Noticing that something else than us installed into an environment, or removed or replaced what its lock pins.

Every installer writes the folder of a distribution's metadata (``.dist-info``, PEP 376), and some of them files that
``site`` runs (``.pth``). In an environment all of these are in place from the start, so what is there of them now,
beside what was there when it was built, tells; a look costs as much as listing one folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .index import PRIVATE

_KINDS = (".dist-info", ".egg-info", ".egg-link", ".pth")
_Facts = dict[str, list[int]]  # name → size and time


def seal(root: Path, site: str) -> str:
    """What is installed in the folder ``site`` of ``root``, for ``is_altered`` of later."""
    return json.dumps({"site": site, "installed": _installed(f"{root}/{site}")})


def is_altered(path: Path) -> bool:
    """Whether something else installed into the environment at ``path``; False where none is."""
    before, now = _compare(path)
    return before != now


def alterations(path: Path) -> list[str]:
    """What differs: "shelfone-1.0 removed"; nothing where no environment is."""
    before, now = _compare(path)
    found = []
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            what = "added" if name not in before else "removed" if name not in now else "replaced"
            found.append(f"{name.removesuffix('.dist-info')} {what}")
    return found


def _compare(path: Path) -> tuple[_Facts, _Facts]:
    """What was installed when the environment was built, and what is now; nothing and nothing where none is."""
    try:
        sealed = json.loads((path / PRIVATE / "seal").read_bytes())
        site, before = str(sealed["site"]), dict(sealed["installed"])
    except FileNotFoundError:
        return {}, {}
    except (OSError, ValueError, TypeError, KeyError):
        return {"the seal": []}, {}
    return before, _installed(f"{path}/{site}")


def _installed(site: str) -> _Facts:
    try:
        with os.scandir(site) as entries:
            return {entry.name: _state(entry) for entry in entries if entry.name.endswith(_KINDS)}
    except OSError:
        return {}


def _state(entry: os.DirEntry[str]) -> list[int]:
    """Of a folder, the size and time of its METADATA: a folder's own change when a file comes."""
    try:
        status = os.stat(f"{entry.path}/METADATA") if entry.is_dir() else entry.stat()  # noqa: PTH116  (each start)
    except OSError:
        return [0, 0]
    return [status.st_size, int(status.st_mtime)]
