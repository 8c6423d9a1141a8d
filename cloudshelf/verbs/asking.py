"""The verb request: ask a curator for what is not on the shelf."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from packaging.requirements import InvalidRequirement, Requirement

from ..codecs.names import normalize
from ..errors import NoGrant, ProjectMissing, RequirementInvalid, UsageError
from ..repository import ShelfInfo
from ..request_url import fill_template
from ..shelf import Shelf
from ..target import Target
from ..urls import split_urls
from .common import Args, Progress, Result, shelf_of, target_of


def request(args: Args, progress: Progress) -> Result:
    """Where to ask for ``project`` ("torch", "torch==2.1.2"), filled in with ``why``, Python and platform.

    ``url`` is what the shelf's settings name, None when they name nothing; ``text`` says the same in words, to be sent
    to a curator. What is on the shelf already is named in ``present``, and then there is no URL. Of several shelves
    the first that names a place is asked.
    """
    asked, shelf = _parse(str(args["project"])), shelf_of(args)
    infos = shelf.infos()
    present = _present(shelf, asked)
    target = target_of(args)
    values = request_values(
        normalize(asked.name), _version(asked), target, str(args.get("why") or ""), split_urls(shelf.url)[0]
    )
    url = None if present else request_url(infos, values)
    return values | {"present": present, "url": url, "text": _text(asked, values, args)}


def request_values(name: str, version: str, target: Target, why: str, shelf: str) -> dict[str, str]:
    """What a request says: the fields of request_url.py."""
    platform = next((tag for tag in target.platforms if tag.startswith("manylinux")), target.platforms[0])
    return {
        "name": name,
        "version": version,
        "python": target.python,
        "platform": platform,
        "why": why,
        "shelf": shelf,
    }


def request_url(infos: Iterable[ShelfInfo], values: Mapping[str, str]) -> str | None:
    """The URL that the first of the shelves with such a setting names, filled in; None where none does.

    Raises UsageError for a setting that may not be opened.
    """
    template = next((each.settings["request_url"] for each in infos if each.settings.get("request_url")), None)
    return fill_template(str(template), values) if template else None


def _parse(text: str) -> Requirement:
    try:
        asked = Requirement(text)
    except InvalidRequirement as error:
        raise RequirementInvalid(text, str(error).splitlines()[0]) from None
    if asked.url:
        raise UsageError(f"A shelf is asked by name; write {asked.name}, and why: --why {shlex.quote(asked.url)}")
    return asked


def _present(shelf: Shelf, asked: Requirement) -> list[str]:
    """The versions on the shelf that would do, newest first."""
    try:
        known = [facts.version for facts in shelf.versions(asked.name)]
    except (ProjectMissing, NoGrant):
        return []
    return [version for version in known if asked.specifier.contains(version, prereleases=True)]


def _version(asked: Requirement) -> str:
    """ "2.1.2" for ==2.1.2, else the whole specifier."""
    text = str(asked.specifier)
    return text.removeprefix("==") if text.startswith("==") and "," not in text and "*" not in text else text


def _text(asked: Requirement, values: dict[str, str], args: Args) -> str:
    """What a curator needs to know, with the command that does it."""
    words = [shlex.quote(f"{asked.name}{asked.specifier}")]
    words += [f"--python {args['python']}"] if args.get("python") else []
    words += [f"--platform {args['platform']}"] if args.get("platform") else []
    lines = [
        f"Please put {asked.name}{asked.specifier} on the shelf {values['shelf']}",
        f"Python {values['python']}, {values['platform']}",
    ]
    lines += [f"Why: {values['why']}"] if values["why"] else []
    return "\n".join([*lines, f"cloudshelf publish {' '.join(words)}"])
