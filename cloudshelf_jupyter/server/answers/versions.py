"""One version of a project: all that a details page shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from cloudshelf.codecs.names import named_project
from cloudshelf.content import read_content
from cloudshelf.errors import AccessDenied, ObjectInvalid, ObjectMissing
from cloudshelf.model import Head
from cloudshelf.published import find_published
from cloudshelf.shelf import Shelf

from .. import wire
from ..listing import Listing
from ..metadata import find_metadata, parse_metadata, parse_readme
from ..shelves import OpenShelf, chosen_wheel
from ..work import Job

_UNKNOWN = "The catalog of this shelf does not say what needs what. A curator adds it with: cloudshelf verify --repair"


def show_version(job: Job, shelf: OpenShelf, project: str, version: str) -> wire.Version:
    """Facts of the release, metadata and README of the wheel that fits this server, what needs what."""
    opened = shelf.open()
    shown = opened.show(f"{project}=={version}")
    release = opened.repository.release(project, shown.version)
    wheel = chosen_wheel(release)
    job.pause()
    data = _metadata(job, shelf, opened, project, shown.version)
    published = _published(opened, project, shown.version)
    job.pause()
    listing = _listing(job, shelf)
    dependents = listing.dependents if listing else None
    return wire.Version(
        **cast(wire.Shown, asdict(shown)),
        requires_python=wheel.requires_python,
        size=wheel.size,
        installed=wheel.installed,
        packed=max(tree.packed for tree in wheel.trees.values()),
        files=wheel.files,
        published=published.time if published else None,
        published_by=published.by if published else None,
        metadata=parse_metadata(data),
        readme=parse_readme(data),
        dependencies=[_dependency(line, listing) for line in shown.requires],
        dependents=None if dependents is None else dependents.get(project, []),
        dependents_note=_UNKNOWN if dependents is None else None,
    )


def _metadata(job: Job, shelf: OpenShelf, opened: Shelf, project: str, version: str) -> bytes:
    """The METADATA file; nothing where a tree has none."""
    tree = shelf.tree(opened, opened.repository.release(project, version))
    file = find_metadata(tree)
    return b"" if file is None else read_content(shelf.store, tree.manifest, file, 0, file.size, job.pause)


def _published(opened: Shelf, project: str, version: str) -> Head | None:
    """A history that is damaged, or that one may not read, is no reason to show nothing."""
    repository = opened.repository.holder(project)
    try:
        return find_published(repository, repository.head(project), version)
    except (ObjectInvalid, ObjectMissing, AccessDenied):
        return None


def _listing(job: Job, shelf: OpenShelf) -> Listing | None:
    """None for who may not read the catalog."""
    try:
        return shelf.listing(job)
    except AccessDenied:
        return None


def _dependency(line: str, listing: Listing | None) -> wire.Dependency:
    project = named_project(line)
    known = listing.projects if listing else {}
    return wire.Dependency(requirement=line, project=project, on_shelf=project in known)
