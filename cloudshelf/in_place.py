"""What of an environment is in place, and loaded by this process: from its index and presence, without a network."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import CacheUnusable

FileKey = tuple[str, str, bytes]


def environment_rows(environment: str, activated: Iterable[str] = ()) -> list[dict[str, Any]]:
    """One row a pin of an environment: loaded or not, bytes in place of bytes in all; read from indexes on disk.

    A file that is in place in one of ``activated``, the environments of this process, counts as in place, once.
    Raises CacheUnusable when the environment itself cannot be read; an earlier one that cannot counts nothing.
    """
    index, presence = _read_index(environment)
    places = list(dict.fromkeys([environment, *activated]))
    elsewhere: set[FileKey] = set()
    for earlier in places[1:]:
        with contextlib.suppress(CacheUnusable):
            elsewhere |= _files_in_place(*_read_index(earlier))
    present = bytearray(presence)
    if elsewhere:
        for number, key in _files(index):
            present[number] = present[number] or key in elsewhere
    sizes = index["sizes"]
    rows = []
    for project in index["projects"]:
        numbers = range(project["start"], project["stop"])
        modules = [name for name in project["modules"] if any(_loaded_from(name, e) for e in places)]
        rows.append(
            {
                "project": project["name"],
                "version": project["version"],
                "loaded": modules,
                "files": len(numbers),
                "present": sum(present[i] for i in numbers),
                "bytes": sum(sizes[i] for i in numbers),
                "fetched": sum(sizes[i] for i in numbers if present[i]),
            }
        )
    return rows


def _read_index(environment: str) -> tuple[dict[str, Any], bytes]:
    """The index and the presence of an environment. Raises CacheUnusable."""
    import marshal

    folder = Path(environment, ".cloudshelf")
    try:
        return marshal.loads((folder / "index").read_bytes()), (folder / "presence").read_bytes()
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise CacheUnusable(environment, f"its index cannot be read ({error})") from None


def _files(index: Mapping[str, Any]) -> Iterator[tuple[int, FileKey]]:
    """Number, and what a file is in any environment: its project, its path and its digest."""
    paths, digests = index["paths"], index["digests"]
    for project in index["projects"]:
        for i in range(project["start"], project["stop"]):
            yield i, (project["name"], paths[i], digests[32 * i : 32 * i + 32])


def _files_in_place(index: Mapping[str, Any], present: bytes) -> set[FileKey]:
    return {key for number, key in _files(index) if present[number]}


def _loaded_from(module: str, environment: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    origin = getattr(spec, "origin", None)
    places = [origin] if isinstance(origin, str) else list(getattr(spec, "submodule_search_locations", None) or ())
    return any(place.startswith(environment + os.sep) for place in places if isinstance(place, str))


def sum_statistics(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals of several environments: requests, bytes, files and seconds."""
    total: dict[str, Any] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, (int, float)):
                total[name] = total.get(name, 0) + value
    return total
