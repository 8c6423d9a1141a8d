"""Several shelves, in order, as one: the first that holds a project supplies all its versions.

So nobody who may write to a later shelf can slip a newer version of a project under one that an earlier shelf has. A
shelf that cannot be asked, or denies the answer, is no shelf that lacks the project: then nothing is taken from a later
one ("dependency confusion", A. Birsan 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import AccessDenied, ObjectMissing, ProjectMissing
from .model import Entry, Head, Manifest, Release
from .parallel import map_parallel
from .repository import PARALLEL, Repository, ShelfInfo
from .urls import join_urls

if TYPE_CHECKING:
    from .codecs.catalog import ProjectFacts, Row


class Layers:
    """Reads as a ``Repository`` does. May be used from several threads."""

    def __init__(self, repositories: Sequence[Repository]) -> None:
        self._repositories = repositories
        self._rows: dict[str, tuple[ProjectFacts, str]] | None = None

    @property
    def as_of(self) -> str:
        return self._repositories[0].as_of

    @property
    def url(self) -> str:
        return join_urls(repository.url for repository in self._repositories)

    @property
    def parts(self) -> tuple[Repository, ...]:
        """The repository of each shelf, in order."""
        return tuple(self._repositories)

    def info(self) -> ShelfInfo:
        """What the first says; raises ShelfMissing when one of them is not there."""
        return self.infos()[0]

    def infos(self) -> tuple[ShelfInfo, ...]:
        """``info`` of every shelf, in order. Raises ShelfMissing."""
        return tuple(map_parallel(Repository.info, self._repositories, PARALLEL))

    def holder(self, project: str) -> Repository:
        """The repository that supplies ``project``.

        Raises ProjectMissing, ProjectMissingThen, AccessDenied, StoreUnreachable.
        """
        for repository in self._repositories:
            if repository.find_head(project) is not None:
                return repository
        for repository in self._repositories:
            if repository.came_later(project):
                repository.head(project)  # raises: it says since when
        near = [name for repository in self._repositories for name in repository.suggest(project)]
        raise ProjectMissing(project, tuple(dict.fromkeys(near))[:3])

    def shelf_of(self, project: str) -> str:
        """The shelf to record with a pin of ``project``."""
        return self.holder(project).url

    def head(self, project: str) -> Head:
        """As ``Repository.head``."""
        return self.holder(project).head(project)

    def versions(self, project: str) -> dict[str, Entry]:
        """As ``Repository.versions``."""
        return self.holder(project).versions(project)

    def versions_of(self, head: Head) -> dict[str, Entry]:
        """As ``Repository.versions_of``."""
        return self.holder(head.project).versions_of(head)

    def release(self, project: str, version: str) -> Release:
        """As ``Repository.release``."""
        return self.holder(project).release(project, version)

    def release_at(self, project: str, version: str, digest: str) -> Release:
        """By its digest, from whichever shelf has it: the digest says that it is the right one."""
        for repository in self._repositories[:-1]:
            try:
                return repository.release_at(project, version, digest)
            except ObjectMissing:
                pass
        return self._repositories[-1].release_at(project, version, digest)

    def manifest(self, project: str, part: str) -> Manifest:
        """By its digest, as ``release_at``."""
        return self.find_manifest(project, part)[0]

    def find_manifest(self, project: str, part: str, url: str = "") -> tuple[Manifest, str]:
        """A manifest, and the shelf that has it: ``url`` if it is one of these, else the first that does."""
        ordered = sorted(self._repositories, key=lambda repository: repository.url != url)
        for repository in ordered[:-1]:
            try:
                return repository.manifest(project, part), repository.url
            except ObjectMissing:
                pass
        return ordered[-1].manifest(project, part), ordered[-1].url

    def prefetch(
        self,
        projects: Iterable[str],
        *,
        closure: bool = False,
        extras: Mapping[str, Collection[str]] | None = None,
        hints: Iterable[Row] = (),
    ) -> None:
        """Ask all shelves at once, so that several wait no longer than one. As ``Repository.prefetch``."""
        names, rows = list(projects), list(hints)

        def read(repository: Repository) -> None:
            repository.prefetch(names, closure=closure, extras=extras, hints=rows)

        map_parallel(read, self._repositories, PARALLEL)

    def project_of(self, module: str) -> str | None:
        """The project that brings ``module``, on the first shelf where one does."""
        owners = map_parallel(lambda repository: repository.project_of(module), self._repositories, PARALLEL)
        return next((owner for owner in owners if owner is not None), None)

    def parts_of(self, namespace: str) -> tuple[str, ...]:
        """As ``Repository.parts_of``, of all shelves."""
        return tuple(sorted({part for repository in self._repositories for part in repository.parts_of(namespace)}))

    def listing(self, pause: Callable[[], object] = lambda: None) -> tuple[ProjectFacts, ...]:
        """Every project, by name, as the first shelf that holds it has it; ``pause`` as in ``Repository.listing``."""
        return tuple(facts for facts, _ in self._listed(pause).values())

    def listed_on(self, project: str) -> str:
        """``shelf_of`` by the catalogs alone: no head is read. "" for a project of none."""
        return self._listed().get(project, (None, ""))[1]

    def _listed(self, pause: Callable[[], object] = lambda: None) -> dict[str, tuple[ProjectFacts, str]]:
        """Each project with its shelf, by name."""
        if self._rows is None:
            found: dict[str, tuple[ProjectFacts, str]] = {}
            listings = _readable(self._repositories, lambda repository: repository.listing(pause))
            for repository, listing in listings:
                found = {facts.project: (facts, repository.url) for facts in listing} | found
            self._rows = {name: found[name] for name in sorted(found)}
        return self._rows

    def forget(self, project: str | None = None) -> None:
        """As ``Repository.forget``."""
        self._rows = None
        for repository in self._repositories:
            repository.forget(project)


def _readable(
    repositories: Sequence[Repository], read: Callable[[Repository], tuple[ProjectFacts, ...]]
) -> list[tuple[Repository, tuple[ProjectFacts, ...]]]:
    """What those tell whose catalog one may read. Raises AccessDenied when there is none.

    Only for showing: who pins a project asks for its head, and a shelf that denies that is not skipped.
    """
    denied: list[AccessDenied] = []

    def ask(repository: Repository) -> tuple[ProjectFacts, ...] | None:
        try:
            return read(repository)
        except AccessDenied as error:
            denied.append(error)
            return None

    answers = zip(repositories, map_parallel(ask, repositories, PARALLEL), strict=True)
    found = [(repository, listing) for repository, listing in answers if listing is not None]
    if not found:
        raise denied[0]
    return found
