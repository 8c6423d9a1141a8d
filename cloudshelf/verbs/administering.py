"""Verbs of a shelf's administrator: settings, usage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from ..errors import ProjectMissing, UsageError
from ..shelf import Shelf, check_project
from ..shelf_settings import SETTINGS, change_settings, check_setting, find_setting
from ..stores.opening import open_store
from ..usage import ProjectUsage, Tally, project_sizes, read_logs, read_reports, sum_usage
from ..usage_place import usage_place
from ..visible import brief
from .common import Args, Progress, Result, person, plain, shelf_of

DAYS = 90


def settings(args: Args, progress: Progress) -> Result:
    """What the shelf's settings are; ``name`` with ``value`` sets one, with ``unset`` takes it away.

    Of ``publish-policy`` the value is the text of a policy, or "off".
    """
    shelf, name, value = shelf_of(args), args.get("name"), args.get("value")
    if (name, value) == ("publish-policy", "off"):
        args, value = {**args, "unset": True}, None
    message = ""
    if name and (value is not None or args.get("unset")):
        if value is not None and args.get("unset"):
            raise UsageError(f"settings {name} takes a value or --unset, not both.")
        checked = None if value is None else check_setting(str(name), str(value))
        known = change_settings(shelf.store, {find_setting(str(name)).field: checked}, by=person())
        message = f"{name} is not set any more." if checked is None else f"{name} is now {checked}"
    elif args.get("unset"):
        raise UsageError("Which setting? settings NAME --unset")
    else:
        known = dict(shelf.repository.info().settings)
    shown = [str(name)] if name else list(SETTINGS)
    rows = [
        {"setting": each, "value": known.get(find_setting(each).field), "meaning": find_setting(each).meaning}
        for each in shown
    ]
    return {"shelf": shelf.url, "settings": rows, "message": message}


def usage(args: Args, progress: Progress) -> Result:
    """Size and uses of every project, or of ``projects``, since the day ``since``; versions that nobody has used.

    Uses come from what fetchers reported, or with ``logs`` (a URL) from S3's access logs in that place.
    """
    shelf, since = shelf_of(args), _day(args.get("since"))
    shelf.info()
    store, repository = shelf.store, shelf.repository.holder("")  # there is one, since ``store`` raises for several
    progress({"stage": "listing", "done": 0, "total": 0, "unit": "projects", "what": ""})
    sizes = project_sizes(store)
    projects = [check_project(str(name)) for name in args.get("projects") or ()]
    for name in projects:
        if name not in sizes:
            raise ProjectMissing(name, repository.suggest(name))
    progress({"stage": "counting", "done": 0, "total": 0, "unit": "reports", "what": ""})
    place, tally = _tally(shelf, args, since)
    rows = sum_usage(repository, sizes, tally, projects)
    return {
        "shelf": shelf.url,
        "since": since,
        "from": place,
        "logs": bool(args.get("logs")),
        "sources": tally.sources,
        "projects": [plain(row) for row in rows],
        "total": sum(row.size for row in rows),
        "notes": _usage_notes(shelf, place, tally, rows),
    }


def _tally(shelf: Shelf, args: Args, since: str) -> tuple[str | None, Tally]:
    """Where uses are told, and what is told there."""
    if args.get("logs"):
        if not shelf.url.startswith("s3://"):
            raise UsageError(f"--logs reads the access logs of S3, and {shelf.url} is a folder.")
        return str(args["logs"]), read_logs(open_store(str(args["logs"])), shelf.repository.holder(""), since)
    place = usage_place(shelf.url, shelf.repository.info().settings)
    return place, read_reports(open_store(place), since) if place else Tally()


def _day(text: object) -> str:
    if not text:
        return (datetime.now(UTC).date() - timedelta(days=DAYS)).isoformat()
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(text)):
            raise ValueError
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise UsageError(f"--since takes a day such as 2026-11-01, not {brief(str(text))}.") from None


def _usage_notes(shelf: Shelf, place: str | None, tally: Tally, rows: Sequence[ProjectUsage]) -> list[str]:
    notes = []
    if place is None:
        notes.append(
            "Nobody tells what is used. Have fetchers report it: cloudshelf settings usage-reports usage "
            f"(readers need the right to create objects below {shelf.url}/usage/), "
            "or read S3's access logs: cloudshelf usage --logs s3://LOG-BUCKET/PREFIX"
        )
    elif not tally.sources:
        notes.append(f"There is nothing in {place} since that day; a fetcher reports when it ends, or once a day.")
    if tally.skipped:
        notes.append(f"{tally.skipped} in {place} could not be read and do not count.")
    return notes
