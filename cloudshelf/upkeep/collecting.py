"""Collecting garbage: what publishes left behind that did not end. See docs/format.md, "collecting".

Order is everything here. List; see what any head ever named; write a head with the next epoch (the fence); then delete.
A publisher in flight loses its commit to the fence and uploads again under the new epoch, so nothing that is deleted,
however late, can be named by a head after it: the new keys have another epoch.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from ..chains.chain import HeadStore, Signer
from ..chains.commit import Change, change_head
from ..codecs.names import COLLECT
from ..errors import ObjectInvalid, ObjectMissing, ProjectMissing, UsageError
from ..model import Head
from ..parallel import map_parallel
from ..stores.protocols import Delete, Listing, PutNew, Stored
from ..visible import brief
from .garbage import Garbage, find_garbage, find_named, list_projects

PARALLEL = 16
GRACE = "7d"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Progress = Callable[[str, int, int, str], None]  # stage, done, of how many, what


class ClockStore(PutNew, Listing, Delete, Protocol):
    """What reading the store's clock needs of it."""


class CollectStore(HeadStore, Listing, Delete, Protocol):
    """What collecting needs of a store."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found of one project; ``objects`` and ``bytes`` were deleted, or would be."""

    project: str
    objects: int
    bytes: int
    younger: int  # objects that stay for now: the grace period is not over
    problem: str = ""  # why nothing of it was deleted


@dataclass(slots=True)
class CollectReport:
    """What a collection did; only projects of which there is something to tell."""

    projects: list[Collected] = field(default_factory=list)
    looked: int = 0

    @property
    def bytes(self) -> int:
        return sum(row.bytes for row in self.projects)


def parse_grace(text: str) -> timedelta:
    """The time that ``text`` says: 7d, 36h, 90m; 0 is none. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,6})([smhdw])|0", text.strip(), re.ASCII)
    if found is None:
        raise UsageError(
            f"--grace takes a number and a unit, such as 7d, 36h or 0 (s, m, h, d, w), not {brief(text)!r}."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found[2] else timedelta(0)


def collect(
    store: CollectStore,
    projects: Iterable[str] = (),
    *,
    grace: timedelta,
    by: str,
    dry_run: bool = False,
    progress: Progress = lambda *_: None,
    signer: Signer | None = None,
) -> CollectReport:
    """Delete the garbage of ``projects`` (default: all) that is older than ``grace`` by the store's own clock.

    A project of which it cannot be read what its heads name is left alone, and said so. An interrupted collection is
    run again. Raises ProjectMissing for a name that has no objects, and what the store raises.
    """
    names, report = list(projects), CollectReport()
    for name in names:  # a grant for one project lets nobody list the others
        if next(iter(store.list(f"projects/{name}/")), None) is None:
            raise ProjectMissing(name, ())
    names = names or list_projects(store)
    latest = store_time(store) - grace.total_seconds()
    for number, name in enumerate(names):
        progress("collecting", number, len(names), name)
        report.looked += 1
        try:
            found = _collect(store, name, latest, by, dry_run=dry_run, signer=signer)
        except (ObjectInvalid, ObjectMissing) as error:
            found = Collected(name, 0, 0, 0, str(error))
        if found.objects or found.younger or found.problem:
            report.projects.append(found)
    return report


def store_time(store: ClockStore) -> float:
    """What time it is by the clock of ``store``: when an object that is written now was written. Ours may be wrong."""
    key = f"{COLLECT}{uuid.uuid4().hex}"
    store.put_new(key, b"")
    try:
        listed = {stored.key: stored.modified for stored in store.list(COLLECT)}
    finally:
        store.delete(key)
    for other, modified in listed.items():
        if modified < listed[key] - 86_400:  # of a collector that was killed
            store.delete(other)
    return listed[key]


def delete_all(store: Delete, keys: Sequence[str]) -> None:
    """Delete ``keys`` in parallel. Raises what the store raises."""
    map_parallel(store.delete, keys, PARALLEL)


def _collect(
    store: CollectStore, project: str, latest: float, by: str, *, dry_run: bool, signer: Signer | None
) -> Collected:
    garbage = find_garbage(store, project)
    old = [stored for stored in garbage.objects if stored.modified <= latest]
    if old and not dry_run:
        old = fence(store, garbage, old, by=by, signer=signer)
        delete_all(store, [stored.key for stored in old])
    younger = sum(stored.modified > latest for stored in garbage.objects)
    return Collected(project, len(old), sum(stored.size for stored in old), younger)


def fence(
    store: CollectStore, garbage: Garbage, objects: Sequence[Stored], *, by: str, signer: Signer | None = None
) -> list[Stored]:
    """Begin a new epoch; those of ``objects``, which are in ``garbage``, that are garbage for good from now on.

    They were listed before the epoch began, so they are of an earlier one, and who was about to name them is refused.
    What was named between the look and the fence is none.
    """

    def begin(present: Head | None) -> Change:
        return Change(epoch=(present.epoch if present else 0) + 1)

    change_head(store, garbage.project, begin, by=by, action="collect", signer=signer)
    _, named = find_named(store, garbage.project, since=garbage.seq)
    return [stored for stored in objects if stored.key not in named]
