"""Verbs that look at a shelf: connect, ls, show, search, find-module, log, verify."""

from __future__ import annotations

import re
from itertools import count

from ..cache.remembered import remember
from ..config import read_config, read_osv
from ..errors import AccessDenied, UsageError
from ..shelf import Shelf, check_project, split_pin
from ..urls import split_urls
from .common import Args, Progress, Result, plain, shelf_of

NEWS = 50  # entries on a page


def connect(args: Args, progress: Progress) -> Result:
    """Whether there is a shelf at ``shelf``. Raises ShelfMissing and every store error."""
    shelf = shelf_of(args)
    names = [info.name for info in shelf.infos()]
    places = [f"{name or 'the shelf'} at {url}" for name, url in zip(names, split_urls(shelf.url), strict=True)]
    order = "; the first that holds a project supplies it" if len(places) > 1 else ""
    return {"shelf": shelf.url, "name": names[0], "message": f"Connected to {', then '.join(places)}{order}"}


def ls(args: Args, progress: Progress) -> Result:
    """Projects; versions of ``project``; or the wheels and files of a version, "torch==2.1.2"."""
    shelf = shelf_of(args)
    cache = read_config().cache
    if not args.get("project"):
        projects = [_of_shelf(shelf, facts._asdict()) for facts in shelf.projects()]
        remember(cache, shelf.url, [row["project"] for row in projects])
        return {"shelf": shelf.url, "projects": projects}
    project, version = split_pin(str(args["project"]))
    if version is None:
        shelf.info()
        versions = [plain(facts) for facts in shelf.versions(project)]
        remember(cache, shelf.url, [row["version"] for row in versions], project)
        return {"project": project, "versions": versions}
    found = shelf.find_version(project, version)
    wheels = [plain(wheel) for wheel in shelf.show(f"{project}=={found}").wheels]
    files = [plain(facts) for facts in shelf.files(project, found)]
    return {"project": project, "version": found, "wheels": wheels, "files": files}


def show(args: Args, progress: Progress) -> Result:
    """All about ``project``, or a version of it, with its age in days and known vulnerabilities (``osv``: where).

    ``vulnerabilities`` is None, and ``unknown`` says why, where they could not be looked up. A project that came from a
    file is named to no API.
    """
    from ..vetting.facts import days_since
    from ..vetting.osv import look_up

    shown = shelf_of(args).show(str(args["project"]))
    release = (shown.project, shown.version)
    private = [shown.project] if any(not wheel.origin for wheel in shown.wheels) else []
    found = look_up(str(args.get("osv") or read_osv()), [release], private=private)
    vulnerabilities = found.of.get(release)
    return plain(shown) | {
        "age": days_since(shown.released),
        "vulnerabilities": None if vulnerabilities is None else [plain(each) for each in vulnerabilities],
        "unknown": "it came from a file, so nobody is asked" if private and vulnerabilities is None else found.cause,
    }


def search(args: Args, progress: Progress) -> Result:
    """Projects that match all of ``words``, the best first."""
    words = args["words"]
    shelf = shelf_of(args)
    found = shelf.search(words if isinstance(words, str) else " ".join(words))
    return {"projects": [_of_shelf(shelf, plain(facts)) for facts in found]}


def log(args: Args, progress: Progress) -> Result:
    """The history of ``project``, newest first; without one, of the whole shelf, ``last`` of it.

    ``since`` and ``before`` are moments or days. ``denied`` names what may not be read; ``more`` is what to ask for
    ``before`` on the next page, None where nothing is left.
    """
    shelf, last = shelf_of(args), args.get("last")
    since, before = (_moment(args.get(name)) for name in ("since", "before"))
    project = check_project(str(args["project"])) if args.get("project") is not None else ""
    most = int(last) if last is not None else 0 if project else NEWS
    page = shelf.news(project, since=since, before=before, most=most)
    return {
        "project": project or None,
        "entries": [plain(entry) for entry in page.entries],
        "more": page.more or None,
        "denied": list(page.denied),
    }


def _moment(text: object) -> str:
    """The moment that a person wrote, as heads write theirs; a day is meant from its beginning. "" for none."""
    if not text:
        return ""
    from ..language.as_of import parse_moment

    words = str(text).strip()
    return parse_moment(f"{words}T00:00" if re.fullmatch(r"\d{4}-\d\d-\d\d", words) else words)


def verify(args: Args, progress: Progress) -> Result:
    """Read everything, or ``projects``, and compare every byte with its digest.

    ``exit_code`` is 4 for damage, else 3 where something could not be read for want of a grant (``unread``).

    With ``repair`` the catalog, which the heads imply, is written anew first; nothing else can be made again here.
    """
    shelf, projects = shelf_of(args), [check_project(str(p)) for p in args.get("projects") or ()]
    if args.get("repair"):
        if projects:
            raise UsageError("The catalog is of all projects: verify --repair, without a project.")
        progress({"stage": "writing the catalog", "done": 0, "total": 0, "unit": "projects", "what": ""})
        shelf.rebuild_catalog()
    done = count()
    report = shelf.verify(
        projects,
        progress=lambda what: progress(
            {"stage": "verifying", "done": next(done), "total": len(projects), "unit": "projects", "what": what}
        ),
    )
    repairable = any(damage.key.startswith("catalog/") for damage in report.damages)
    exit_code = 4 if not report.sound else 3 if report.unread else 0
    return plain(report) | {"repairable": repairable, "exit_code": exit_code}


def find_module(args: Args, progress: Progress) -> Result:
    """Which project's default brings ``module``: {"project", "version"}; else {"suggestions"}, {"namesake"} where a
    project of that name has no such module, and {"denied"} where one may not see which modules there are."""
    shelf, module = shelf_of(args), str(args["module"])
    try:
        project = shelf.repository.project_of(module)
    except AccessDenied:
        shelf.info()  # who may not read the shelf at all is told that
        return {"suggestions": [], "denied": True}
    if project is None:
        import difflib

        top = module.partition(".")[0]
        names = {name for facts in shelf.repository.listing() for name in (*facts.modules, facts.project)}
        near = difflib.get_close_matches(top, names - {top}, n=2, cutoff=0.75)
        return {"suggestions": near, **({"namesake": top} if top in names else {})}
    return {"project": project, "version": shelf.repository.head(project).default}


def _of_shelf(shelf: Shelf, row: Result) -> Result:
    """A row about a project, with the shelf that supplies it where there are several."""
    return row | {"shelf": place} if (place := shelf.listed_on(str(row["project"]))) else row
