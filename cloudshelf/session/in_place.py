"""What of an environment is in place, and loaded by this process: from its index and presence, without a network."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CacheUnusable

Presence = Any  # one byte a file, which the fetcher writes: an mmap of it


def environment_rows(environment: str, activated: Iterable[str] = ()) -> list[dict[str, Any]]:
    """One row a pin of an environment: loaded or not, bytes in place of bytes in all. See ``InPlace``."""
    return InPlace(environment, activated).rows()


class InPlace:
    """An environment that is looked at again and again while it fills: its index is read once, its presence mapped."""

    def __init__(self, environment: str, activated: Iterable[str] = ()) -> None:
        """A file that is in place in one of ``activated``, the environments of this process, counts as in place, once.

        Raises CacheUnusable when the environment itself cannot be read; an earlier one that cannot counts nothing.
        """
        index, self._presence = _open(environment)
        self._places = list(dict.fromkeys([environment, *activated]))
        self._projects = [_Project(facts, index, self._presence) for facts in index["projects"]]
        self._versions = {environment: _versions(index)}
        for earlier in self._places[1:]:
            with contextlib.suppress(CacheUnusable):
                self._count_in(earlier, index, *_open(earlier))

    def is_complete(self) -> bool:
        """Whether every file is in place in the environment itself, so that nothing more will come."""
        return 0 not in self._presence[: max((project.files.stop for project in self._projects), default=0)]

    def rows(self) -> list[dict[str, Any]]:
        """One row a pin, as they are now; only the projects that got a file are counted again.

        ``loaded`` are the modules that this process imported from there or from an earlier environment, and
        ``loaded_version`` what they are of.
        """
        return [project.row() | self._loaded(project) for project in self._projects]

    def _loaded(self, project: _Project) -> dict[str, Any]:
        found = {name: place for name in project.modules if (place := _loaded_from(name, self._places))}
        versions = (self._versions.get(place, {}).get(project.name) for place in found.values())
        return {"loaded": list(found), "loaded_version": next(filter(None, versions), None)}

    def _count_in(self, earlier: str, index: Mapping[str, Any], other: Mapping[str, Any], presence: Presence) -> None:
        self._versions[earlier] = _versions(other)
        files = {facts["name"]: range(facts["start"], facts["stop"]) for facts in other["projects"]}
        for project in self._projects:
            if project.name in files:
                numbers = _same_files(index, project.files, other, files[project.name])
                project.places.append(_Place(presence, numbers))


class _Place(NamedTuple):
    """Where files may be in place: the number that each has there, -1 for one that is not the same."""

    presence: Presence
    numbers: Sequence[int]

    def present(self) -> bytes:
        """A byte for each file, not zero for one in place."""
        if isinstance(self.numbers, range):
            return bytes(self.presence[self.numbers.start : self.numbers.stop])
        return bytes(self.presence[number] if number >= 0 else 0 for number in self.numbers)


class _Project:
    """The files of one project, and what was counted of them last."""

    def __init__(self, facts: Mapping[str, Any], index: Mapping[str, Any], presence: Presence) -> None:
        self.name, self.version, self.modules = facts["name"], facts["version"], list(facts["modules"])
        self.files = range(facts["start"], facts["stop"])
        self.places = [_Place(presence, self.files)]
        self._sizes = index["sizes"][self.files.start : self.files.stop]
        self._bytes = sum(self._sizes)
        self._seen: list[bytes] = []
        self._counted = {"present": 0, "fetched": 0}

    def row(self) -> dict[str, Any]:
        seen = [place.present() for place in self.places]
        if seen != self._seen:
            self._seen = seen
            present = bytes(map(max, *seen)) if len(seen) > 1 else seen[0]
            number = len(present) - present.count(0)
            self._counted = {"present": number, "fetched": sum(compress(self._sizes, present))}
        return {
            "project": self.name,
            "version": self.version,
            "modules": self.modules,
            "files": len(self.files),
            "bytes": self._bytes,
            **self._counted,
        }


def _open(environment: str) -> tuple[dict[str, Any], Presence]:
    """The index and the presence of an environment. Raises CacheUnusable."""
    import marshal

    from ..importing.presence import map_presence

    try:
        index = marshal.loads(Path(environment, ".cloudshelf", "index").read_bytes())
        return index, map_presence(environment, len(index["sizes"]))
    except (OSError, ValueError, EOFError, TypeError, KeyError) as error:
        raise CacheUnusable(environment, f"its index cannot be read ({error})") from None


def _versions(index: Mapping[str, Any]) -> dict[str, str]:
    return {facts["name"]: facts["version"] for facts in index["projects"]}


def _same_files(index: Mapping[str, Any], files: range, other: Mapping[str, Any], others: range) -> Sequence[int]:
    """For each of ``files`` the number of the same file among ``others``: equal path, equal digest; -1 for none.

    Most often the project is the same wheel in both, and then the numbers are a range.
    """
    paths, there = index["paths"][files.start : files.stop], other["paths"][others.start : others.stop]
    digests, found = _digests(index, files), _digests(other, others)
    if digests == found and paths == there:
        return others
    numbers = {(path, found[32 * i : 32 * i + 32]): others.start + i for i, path in enumerate(there)}
    return [numbers.get((path, digests[32 * i : 32 * i + 32]), -1) for i, path in enumerate(paths)]


def _digests(index: Mapping[str, Any], files: range) -> bytes:
    return bytes(index["digests"][32 * files.start : 32 * files.stop])


def _loaded_from(module: str, environments: Iterable[str]) -> str | None:
    """The first of ``environments`` that a module of this process is from."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    origin = getattr(spec, "origin", None)
    places = [origin] if isinstance(origin, str) else list(getattr(spec, "submodule_search_locations", None) or ())
    roots = ((environment, environment + os.sep) for environment in environments)
    return next(
        (
            environment
            for environment, root in roots
            if any(place.startswith(root) for place in places if isinstance(place, str))
        ),
        None,
    )


def sum_statistics(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals of several environments: requests, bytes, files and seconds."""
    total: dict[str, Any] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, (int, float)):
                total[name] = total.get(name, 0) + value
    return total
