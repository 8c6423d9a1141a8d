"""Verbs that look at a shelf: connect, ls, show, search, log, verify."""

from __future__ import annotations

from ..shelf import split_pin
from .common import Args, Progress, Result, plain, shelf_of


def connect(args: Args, progress: Progress) -> Result:
    """Whether there is a shelf at ``shelf``. Raises ShelfMissing and every store error."""
    shelf = shelf_of(args)
    info = shelf.info()
    return {"shelf": shelf.url, "name": info.name, "message": f"Connected to {info.name or 'the shelf'} at {shelf.url}"}


def ls(args: Args, progress: Progress) -> Result:
    """Projects; versions of ``project``; or the wheels and files of a version, "torch==2.1.2"."""
    shelf = shelf_of(args)
    if not args.get("project"):
        return {"shelf": shelf.url, "projects": [plain(facts) for facts in shelf.projects()]}
    project, version = split_pin(str(args["project"]))
    if version is None:
        shelf.info()
        return {"project": project, "versions": [plain(facts) for facts in shelf.versions(project)]}
    found = shelf.find_version(project, version)
    wheels = [plain(wheel) for wheel in shelf.show(f"{project}=={found}").wheels]
    files = [plain(facts) for facts in shelf.files(project, found)]
    return {"project": project, "version": found, "wheels": wheels, "files": files}


def show(args: Args, progress: Progress) -> Result:
    """All about ``project``, or a version of it."""
    return plain(shelf_of(args).show(str(args["project"])))


def search(args: Args, progress: Progress) -> Result:
    """Projects that match all of ``words``, the best first."""
    words = args["words"]
    found = shelf_of(args).search(words if isinstance(words, str) else " ".join(words))
    return {"projects": [plain(facts) for facts in found]}


def log(args: Args, progress: Progress) -> Result:
    """The history of ``project``, newest first."""
    return {"project": args["project"], "entries": [plain(entry) for entry in shelf_of(args).log(str(args["project"]))]}


def verify(args: Args, progress: Progress) -> Result:
    """Read everything, or ``projects``, and compare every byte with its digest; ``exit_code`` is 4 for damage."""
    report = shelf_of(args).verify(
        [str(p) for p in args.get("projects") or ()],
        progress=lambda what: progress({"stage": "verifying", "done": 0, "total": 0, "unit": "projects", "what": what}),
    )
    return plain(report) | {"exit_code": 0 if report.sound else 4}
