"""Which projects and versions a drive offers: what the catalog and the heads said within the last hour.

A version that was offered once stays for as long as the drive is mounted, whatever becomes of it: programs use it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from ..codecs.names import is_normalized
from ..errors import AccessDenied, ShelfError
from ..layers import Layers
from ..repository import Repository

AGAIN = 3600.0  # seconds after which the shelf is asked again what it offers: the kernel remembers names for as long

log = logging.getLogger(__name__)


class _Known(NamedTuple):
    versions: Mapping[str, str]  # version → digest of its release; none for a project that is not there
    shelf: str  # that supplies it
    asked: float


class Offers:
    """Any thread."""

    def __init__(self, repository: Repository | Layers, clock: Callable[[], float] = time.monotonic) -> None:
        self._repository = repository
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._names: tuple[frozenset[str], float] | None = None

    def projects(self) -> Iterable[str]:
        """Every name that one may see. Raises AccessDenied for who may see none, and what reading the catalog does."""
        if self._names is None or self._is_old(self._names[1]):
            try:
                self._names = self._read_names(), self._clock()
            except ShelfError as error:
                if self._names is None or isinstance(error, AccessDenied):
                    raise
                log.warning("%s", error)
                self._names = self._names[0], self._clock()
        return sorted(self._names[0] | {name for name, known in self._known.items() if known.versions})

    def has(self, project: str) -> bool:
        """Whether there is such a folder; a name that the catalog has needs no request. Raises as ``versions``."""
        known = self._known.get(project)
        if (known is not None and known.versions) or (self._names is not None and project in self._names[0]):
            return True
        try:
            return bool(self.versions(project))
        except AccessDenied:  # so says S3 of what is not there, too
            if self._is_unlisted(project):
                return False
            raise

    def versions(self, project: str) -> Mapping[str, str]:
        """version → digest of its release. Nothing for what is not there; yanked versions are not offered.

        Raises NoGrant, StoreError, and what a damaged head does; a shelf that does not answer is no reason to forget.
        """
        if not is_normalized(project):
            return {}
        known = self._known.get(project)
        if known is not None and known.versions and not self._is_old(known.asked):
            return known.versions
        before, shelf = (known.versions, known.shelf) if known is not None else ({}, "")
        try:
            found, holder = self._read_versions(project)
        except ShelfError as error:
            if not before:
                raise
            log.warning("%s", error)
            found, holder = {}, shelf
        if holder in (shelf, ""):
            found, holder = {**before, **found}, shelf or holder
        if found:
            known = self._known[project] = _Known(found, holder, self._clock())
        return known.versions if known is not None else {}

    def shelf_of(self, project: str) -> str:
        """The URL of the shelf that supplies a project whose ``versions`` were asked for."""
        return self._known[project].shelf

    def _read_versions(self, project: str) -> tuple[dict[str, str], str]:
        for repository in self._repository.parts:  # the first that holds it supplies all versions (layers.py)
            try:
                head = repository.find_head(project)
                if head is not None:
                    entries = repository.versions_of(head)
                    offered = {v: e.release for v, e in entries.items() if e.yanked is None and _is_name(v)}
                    return offered, repository.url
            finally:
                repository.forget_read(project)
        return {}, ""

    def _read_names(self) -> frozenset[str]:
        if self._names is not None:
            self._repository.forget()
        return frozenset(facts.project for facts in self._repository.listing() if is_normalized(facts.project))

    def _is_unlisted(self, project: str) -> bool:
        """Whether the catalog, if one may read it, does not have a project."""
        try:
            return project not in self.projects()
        except ShelfError:
            return False

    def _is_old(self, asked: float) -> bool:
        return self._clock() - asked > AGAIN


def _is_name(version: str) -> bool:
    """Whether it is a version, and so the name of a folder: whoever writes a head writes its versions."""
    try:
        Version(version)
    except InvalidVersion:
        return False
    return version == version.strip()
