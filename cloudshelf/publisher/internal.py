"""Internal projects: those that were first published from a file. Their names are never taken from an index.

Anybody may publish a higher version under such a name where an index is public, and pip would take it ("dependency
confusion", A. Birsan 2021). So pip is shown the shelf's own versions, and builds nothing of such a name to look at it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from ..codecs.names import named_project, normalize
from ..codecs.wheel import parse_wheel_name
from ..errors import InternalName, PublishFailed, ShelfError
from ..internal import internal_patterns, is_internal, read_internal
from ..model import Wheel
from ..ordering import version_order
from ..repository import Repository
from .interpreter import Interpreter
from .pip import IndexOptions, may_find_files
from .plan import Planned, plan


class Names:
    """Which names are internal on a shelf, whatever ``allowed`` takes from an index all the same."""

    def __init__(self, repository: Repository, allowed: Collection[str]) -> None:
        self.repository = repository
        self._allowed = {normalize(name) for name in allowed}
        self._patterns = internal_patterns(str(repository.info().settings.get("internal", "")))
        self.listed = sorted(read_internal(repository.store) - self._allowed)

    def __contains__(self, name: object) -> bool:
        name = str(name)
        if name in self._allowed:
            return False
        return self.is_named(name) or is_internal(self.repository, name)

    def is_named(self, name: str) -> bool:
        """Whether the shelf's setting says so."""
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def impostors(self, items: Sequence[Planned]) -> list[Planned]:
        """Those of ``items`` that an index offers under an internal name. What a curator named by its URL is none."""
        return [i for i in items if i.origin and not (i.direct and i.requested) and i.project in self]


def plan_own_names(
    wanted: Sequence[str],
    requirement_files: Sequence[str],
    interpreter: Interpreter,
    options: IndexOptions,
    names: Names,
    *,
    constraint_files: Sequence[str] = (),
    no_deps: bool = False,
) -> tuple[Planned, ...]:
    """``plan``, in which internal projects are the curator's files or the shelf's versions (``shelved``).

    Raises InternalName for one that was asked for and could only come from an index; else as ``plan``.
    """
    for text in wanted:
        is_name = not re.search(r"[/@]|\.whl$|\.tar\.gz$|\.zip$", text)
        if is_name and named_project(text) in names and not may_find_files(options):
            raise InternalName(named_project(text), "an index")  # before one is asked for it
    with TemporaryDirectory(prefix="cloudshelf-internal-") as folder:
        stubs = _Stubs(names.repository, interpreter, Path(folder))
        while True:
            try:
                items = plan(
                    wanted,
                    requirement_files,
                    interpreter,
                    options,
                    constraint_files=(*constraint_files, *stubs.constraints()),
                    no_deps=no_deps,
                    only_wheels=names.listed,
                )
            except PublishFailed as error:
                wants = re.findall(r"requirement ([A-Za-z0-9._-]+[^\s;(]*)", str(error))
                if not stubs.add([name for name in map(named_project, wants) if name in names.listed], wants):
                    raise
                continue
            found = names.impostors(items)
            for item in found:
                if item.requested:
                    raise InternalName(item.project, item.origin)
            if not found:
                return tuple(stubs.shelved(item) for item in items)
            wants = [line for item in items if item not in found for line in item.lines]
            if not stubs.add([item.project for item in found], wants):
                raise InternalName(found[0].project, found[0].origin)


class _Stubs:
    """Wheels with the metadata of the shelf's own versions, for pip to resolve with."""

    def __init__(self, repository: Repository, interpreter: Interpreter, folder: Path) -> None:
        self._repository, self._interpreter, self._folder = repository, interpreter, folder
        self._wheels: dict[str, tuple[Path, Wheel]] = {}

    def constraints(self) -> list[str]:
        """A constraints file that lets each be only what the shelf has."""
        file = self._folder / "internal.txt"
        file.write_text("".join(f"{name} @ {path.as_uri()}\n" for name, (path, _) in self._wheels.items()))
        return [str(file)] if self._wheels else []

    def add(self, projects: Sequence[str], wants: Sequence[str]) -> bool:
        """Whether one more of ``projects`` is on the shelf; in a version that the requirements ``wants`` allow."""
        new = [name for name in dict.fromkeys(projects) if name not in self._wheels]
        for name in new:
            try:
                self._wheels[name] = self._write(name, _limits(name, wants))
            except ShelfError:
                return False
        return bool(new)

    def shelved(self, item: Planned) -> Planned:
        """``item``; where it is one of these, as the shelf has it."""
        path, wheel = self._wheels.get(item.project, (None, None))
        if wheel is None or item.path != path:
            return item
        return replace(item, filename=wheel.filename, url="", sha256=wheel.sha256, direct=False, shelved=True)

    def _write(self, project: str, limits: SpecifierSet) -> tuple[Path, Wheel]:
        head = self._repository.head(project)
        entries = self._repository.versions_of(head)
        offered = [version for version, entry in entries.items() if entry.yanked is None]
        ordered = sorted(offered, key=lambda v: (v == head.default, version_order(v)), reverse=True)
        version = next((v for v in ordered if limits.contains(v, prereleases=True)), (ordered or list(entries))[0])
        wheels = self._repository.release_at(project, version, entries[version].release).wheels
        fitting = [w for w in wheels if self._interpreter.supports(parse_wheel_name(w.filename).tags)]
        wheel = (fitting or list(wheels))[0]
        manifest = self._repository.manifest(project, next(iter(wheel.trees.values())).manifest)
        path = self._folder / wheel.filename
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in _metadata(manifest.inline).items():
                archive.writestr(name, content)
        return path, wheel


def _metadata(inline: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of dist-info that pip reads of a wheel."""
    found = {path.removeprefix("site/"): content for path, content in inline.items() if ".dist-info/" in path}
    folder = next(path.partition("/")[0] for path in found)
    wheel = b"Wheel-Version: 1.0\nGenerator: cloudshelf\nRoot-Is-Purelib: true\n"
    return {f"{folder}/WHEEL": wheel, f"{folder}/RECORD": b"", **found}


def _limits(project: str, wants: Sequence[str]) -> SpecifierSet:
    """What the requirements ``wants`` say of ``project``."""
    limits = SpecifierSet()
    for line in wants:
        try:
            requirement = Requirement(line)
            if normalize(requirement.name) == project and (not requirement.marker or requirement.marker.evaluate()):
                limits &= requirement.specifier
        except (InvalidRequirement, ValueError):
            continue
    return limits
