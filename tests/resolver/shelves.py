"""A repository in memory, from plain dictionaries: what resolver cases are written in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cloudshelf.codecs.names import sha256
from cloudshelf.errors import ProjectMissing
from cloudshelf.model import Entry, Head, Release, Tree, Wheel


class FakeRepository:
    """``shelf``: project → {"default", "versions": {version: {"requires", "yanked", "extras", "python", "tag"}}}; a
    list of versions stands for versions that need nothing."""

    url = "memory:"

    def __init__(self, shelf: dict[str, Any]) -> None:
        self.shelf = {name: self._plain(spec) for name, spec in shelf.items()}
        self.read: list[tuple[str, str]] = []  # releases, as they were asked for

    @staticmethod
    def _plain(spec: Any) -> dict[str, Any]:
        versions = {version: {} for version in spec} if isinstance(spec, list) else spec["versions"]
        return {"default": None if isinstance(spec, list) else spec.get("default"), "versions": versions}

    def head(self, project: str) -> Head:
        if project not in self.shelf:
            raise ProjectMissing(project, tuple(name for name in self.shelf if name[:3] == project[:3]))
        versions = {
            version: Entry(sha256(f"{project} {version}".encode()), facts.get("yanked"))
            for version, facts in self.shelf[project]["versions"].items()
        }
        return Head(project, 1, 0, "w", None, "", "", "", self.shelf[project]["default"], versions)

    def shelf_of(self, project: str) -> str:
        return ""

    def versions(self, project: str) -> dict[str, Entry]:
        return dict(self.head(project).versions)

    def release(self, project: str, version: str) -> Release:
        self.read.append((project, version))
        facts = self.shelf[project]["versions"][version]
        return Release(
            project, version, "", "", tuple(_wheel(project, version, w) for w in facts.get("wheels", [facts]))
        )

    def prefetch(
        self,
        projects: Iterable[str],
        *,
        closure: bool = False,
        extras: Mapping[str, Collection[str]] | None = None,
        hints: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        """Nothing is far away here."""


def _wheel(project: str, version: str, facts: dict[str, Any]) -> Wheel:
    name = f"{project.replace('-', '_')}-{version}-{facts.get('tag', 'py3-none-any')}.whl"
    return Wheel(
        filename=name,
        sha256=sha256(name.encode()),
        size=1,
        origin="",
        requires_python=facts.get("python", ""),
        requires_dist=tuple(facts.get("requires", ())),
        extras=tuple(facts.get("extras", ())),
        modules=(),
        scripts=(),
        files=1,
        installed=1,
        trees={"": Tree(f"{sha256(name.encode())}.0", 1, 1)},
    )
