"""The projects of a shelf, a page at a time, and one of them."""

from __future__ import annotations

from cloudshelf.codecs.catalog import ProjectFacts
from cloudshelf.errors import AccessDenied
from cloudshelf.ordering import version_order

from .. import wire
from ..shelves import OpenShelf
from ..work import Job


def list_projects(job: Job, shelf: OpenShelf, q: str, offset: int, limit: int) -> wire.Projects:
    """A page of all by name, or of those that hold the words ``q``, the best first."""
    listing = shelf.listing(job)
    if q.strip():
        found = listing.index.search(q)
        rows = [wire.ProjectRow(**_row(facts), why=why) for facts, why in found[offset : offset + limit]]
        return wire.Projects(total=len(found), offset=offset, projects=rows)
    names = [*listing.projects][offset : offset + limit]
    page = [_row(listing.projects[name]) for name in names]
    return wire.Projects(total=len(listing.projects), offset=offset, projects=page)


def show_project(job: Job, shelf: OpenShelf, project: str) -> wire.Project:
    """Its versions, newest first, as its head has them now."""
    opened = shelf.open()
    versions = opened.versions(project)
    head = opened.repository.head(project)
    offered = [each.version for each in versions if each.yanked is None]
    facts = _listed(job, shelf, project)
    return wire.Project(
        project=project,
        summary=facts.summary if facts else "",
        default=head.default,
        latest=max(offered, key=version_order, default=None),
        changed=head.time,
        changed_by=head.by,
        versions=[
            wire.VersionRow(version=v.version, default=v.default, yanked=v.yanked, blocked=v.blocked) for v in versions
        ],
        modules=list(facts.modules) if facts else [],
    )


def _listed(job: Job, shelf: OpenShelf, project: str) -> ProjectFacts | None:
    """What the catalog tells; who may read a project need not be allowed to read that of all."""
    try:
        return shelf.listing(job).projects.get(project)
    except AccessDenied:
        return None


def _row(facts: ProjectFacts) -> wire.ProjectRow:
    return wire.ProjectRow(
        project=facts.project,
        summary=facts.summary,
        default=facts.default,
        latest=facts.latest,
        versions=facts.versions,
        modules=list(facts.modules),
    )
