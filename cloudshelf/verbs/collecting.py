"""Verbs that delete: collect, purge."""

from __future__ import annotations

from ..catalog import project_facts, update_catalog
from ..errors import ShelfError, UsageError, VersionPurged
from ..shelf import Shelf, check_project, split_pin
from ..upkeep.collecting import GRACE, parse_grace
from ..upkeep.collecting import collect as collect_garbage
from ..upkeep.purging import find_breaks
from ..upkeep.purging import purge as purge_version
from .common import Args, Progress, Result, person, plain, shelf_of, signing_shelf_of

LONGEST_REASON = 500


def collect(args: Args, progress: Progress) -> Result:
    """Delete what no head of ``projects`` (default: all) ever named and is older than ``grace``; not with ``dry_run``.

    ``exit_code`` is 4 when a project could not be looked at because something of it is damaged.
    """
    shelf = shelf_of(args) if args.get("dry_run") else signing_shelf_of(args)
    grace = GRACE if args.get("grace") is None else str(args["grace"])
    shelf.info()
    report = collect_garbage(
        shelf.store,
        [check_project(str(name)) for name in args.get("projects") or ()],
        grace=parse_grace(grace),
        by=person(),
        dry_run=bool(args.get("dry_run")),
        progress=lambda stage, done, total, what: progress(
            {"stage": stage, "done": done, "total": total, "unit": "projects", "what": what}
        ),
        signer=shelf.signer,
    )
    return plain(report) | {
        "shelf": shelf.url,
        "grace": grace,
        "dry_run": bool(args.get("dry_run")),
        "bytes": report.bytes,
        "exit_code": 4 if any(row.problem for row in report.projects) else 0,
    }


def purge(args: Args, progress: Progress) -> Result:
    """Take the version ``project`` off the shelf for good; ``reason`` is told to who has it pinned.

    Raises UsageError without ``yes``, unless ``dry_run`` only asks what that would break.
    """
    shelf = signing_shelf_of(args) if args.get("yes") and not args.get("dry_run") else shelf_of(args)
    project, version = split_pin(str(args["project"]))
    reason = " ".join(str(args.get("reason") or "").split())
    if version is None:
        raise UsageError(f"Which version? Write it like {project}==1.2.3; see: cloudshelf ls {project}")
    if not reason or len(reason) > LONGEST_REASON:
        raise UsageError(
            f"purge needs a --reason, of at most {LONGEST_REASON} characters: who has the version pinned is told."
        )
    store, repository = shelf.store, shelf.repository.holder(project)
    try:
        version = shelf.find_version(project, version)
    except VersionPurged:  # once more: what an interrupted purge left goes now
        return _finish(shelf, args, project, version, reason)
    breaks = find_breaks(store, repository, project, version)
    result = plain(breaks) | {"shelf": shelf.url, "reason": reason, "purged": False, "notes": []}
    result["notes"] += [f"It was not found out, for want of a grant, {what}." for what in breaks.unseen]
    if args.get("dry_run"):
        return result
    if not args.get("yes"):
        raise UsageError(
            f"purge takes {project}=={version} away for good, from everybody, and does so only with --yes. Nothing was "
            f"changed. What it would break: cloudshelf purge {project}=={version} --reason … --dry-run"
        )
    progress({"stage": "purging", "done": 0, "total": breaks.objects, "unit": "objects", "what": project})
    head, deleted = purge_version(store, repository, project, version, reason=reason, by=person(), signer=shelf.signer)
    return result | {
        "purged": True,
        "seq": head.seq,
        "objects": deleted,
        "notes": [*result["notes"], *_refresh(shelf, project)],
    }


def _finish(shelf: Shelf, args: Args, project: str, version: str, reason: str) -> Result:
    done = {"shelf": shelf.url, "project": project, "version": version, "reason": reason}
    repository = shelf.repository.holder(project)
    if args.get("dry_run"):
        return done | {"purged": True, "again": True, "objects": 0, "notes": []}
    signer = shelf.signer
    head, deleted = purge_version(shelf.store, repository, project, version, reason=reason, by=person(), signer=signer)
    again = {"purged": True, "again": True, "seq": head.seq, "objects": deleted}
    return done | again | {"notes": _refresh(shelf, project)}


def _refresh(shelf: Shelf, project: str) -> list[str]:
    """The catalog is derived: the purge holds even if it cannot follow."""
    shelf.repository.forget(project)
    try:
        update_catalog(shelf.store, [project_facts(shelf.repository.holder(project), project)])
    except ShelfError as error:
        return [f"It is purged, but the catalog does not show it yet: {error}"]
    return []
