"""The shelves, and how they are: ``shelves`` and ``health``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cloudshelf.errors import ShelfError
from cloudshelf.verbs.endpoints import endpoint_checks
from cloudshelf.version import __version__

from .. import wire
from ..problems import problem_of
from ..shelves import OpenShelf, Shelves
from ..work import Job

T = TypeVar("T")


async def list_shelves(shelves: Shelves) -> wire.Shelves:
    """Every shelf with its state; one that is slow is as slow as its deadline, and holds up no other request."""
    shelves.configure()
    rows = await _of_each(shelves, _row)
    error = problem_of(shelves.problem) if shelves.problem else None
    return wire.Shelves(shelves=rows, origin=shelves.origin, error=error)


async def check_health(shelves: Shelves) -> wire.Health:
    """As ``doctor``, for the shelves of this server."""
    found = await _of_each(shelves, _health)
    well = shelves.problem is None and all(each["ok"] for each in found)
    return wire.Health(status="ok" if well else "error", version=__version__, shelves=found)


async def _of_each(shelves: Shelves, ask: Callable[[OpenShelf], Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*(ask(shelf) for shelf in shelves.all())))


async def _row(shelf: OpenShelf) -> wire.ShelfRow:
    error = None
    try:
        await shelf.workers.run(lambda job: shelf.read_info())
    except ShelfError as failure:
        error = problem_of(failure)
    info = shelf.known_info
    return wire.ShelfRow(
        id=shelf.id,
        url=shelf.url,
        name=shelf.name,
        state="ok" if error is None else "error",
        error=error,
        request_url=bool(info and info.settings.get("request_url")),
    )


async def _health(shelf: OpenShelf) -> wire.ShelfHealth:
    try:
        checks = await shelf.workers.run(_checks, shelf)
    except ShelfError as failure:
        checks = [wire.Check(check="shelf", ok=False, found=str(failure))]
    return wire.ShelfHealth(id=shelf.id, url=shelf.url, ok=all(each["ok"] for each in checks), checks=checks)


def _checks(job: Job, shelf: OpenShelf) -> list[wire.Check]:
    """Whether the shelf can be read; if not, how far one gets on the way there."""
    first = _check("shelf", lambda: f"{shelf.read_info().name or shelf.name} at {shelf.url}")
    if first["ok"]:
        return [first]
    found = [first]
    for name, look in endpoint_checks(shelf.url):
        job.pause()
        found.append(_check(name, look))
    return found


def _check(name: str, look: Callable[[], str]) -> wire.Check:
    try:
        return wire.Check(check=name, ok=True, found=look())
    except ShelfError as error:
        return wire.Check(check=name, ok=False, found=str(error))
