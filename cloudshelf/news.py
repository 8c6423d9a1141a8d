"""What happened on a shelf: who did what to any project and any named lock, to its settings, to whom it trusts and to
what it blocks, newest first, whoever signed it.

Each chain is read as far back as it is asked for, so a page costs one request for every project and a few for what is
on it. The order is that of ``latest`` (docs/format.md, "head"), which never falls along a chain.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .chains.chain import Chain, walk_chain
from .chains.commit import project_chain
from .chains.skips import latest_of
from .codecs.envelope import is_signed
from .codecs.names import TRUST_HEAD, trust_history_key
from .codecs.trust import format_root, parse_root
from .errors import AccessDenied, LockMissing, ObjectMissing
from .named_locks import NamedLocks, lock_chain
from .parallel import map_parallel
from .recall.blocking import CHAIN as BLOCKS
from .repository import PARALLEL, Repository
from .shelf_settings import SETTINGS_CHAIN
from .stores.protocols import Get

PARTS: Mapping[str, Chain[Any]] = {
    "settings": SETTINGS_CHAIN,
    "trust": Chain(key=TRUST_HEAD, history_key=trust_history_key, format=format_root, parse=parse_root),
    "blocks": BLOCKS,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One commit; ``signed`` is the head as it is stored, where it has signatures.

    It is of a ``project``, of a named ``lock``, or of a ``part`` of the shelf: settings, trust, blocks. The other two
    are empty.
    """

    project: str
    lock: str
    part: str
    seq: int
    latest: str
    time: str
    by: str
    action: str
    default: str | None
    signed: bytes


@dataclass(frozen=True, slots=True)
class News:
    """A page; ``denied`` are projects, locks and parts that one may not read.

    ``more`` is the moment before which the next page is, "" where nothing is left.
    """

    events: tuple[Event, ...]
    denied: tuple[str, ...]
    more: str


def read_news(repository: Repository, locks: NamedLocks, *, since: str, before: str, most: int) -> News:
    """What happened from the moment ``since`` on and earlier than ``before`` ("" for no limit), ``most`` of it as in
    ``cut_page``.

    What the shelf is asked for its own chains does not hang on what shelf.json says. Raises AccessDenied for who may
    not see the names of projects.
    """
    denied: list[str] = []
    names = [facts.project for facts in repository.listing_of_all()]

    def of_project(name: str) -> Iterator[Event] | None:
        try:
            head = repository.last_head(name)
        except AccessDenied:
            denied.append(name)
            return None
        signed = repository.signed_head(name) if head else b""
        chain = project_chain(name)
        return None if head is None else _events(repository.store, chain, head, signed, project=name)

    def of_lock(name: str) -> Iterator[Event] | None:
        try:
            head, data = locks.stored(name)
        except LockMissing:
            return None
        except AccessDenied:
            denied.append(f"the lock {name}")
            return None
        return _events(repository.store, lock_chain(name), head, data if is_signed(data) else b"", lock=name)

    def of_part(part: str) -> Iterator[Event] | None:
        try:
            return _events_of_part(repository, part)
        except AccessDenied:
            denied.append(f"the {part}")
            return None

    found = [
        *map_parallel(of_project, names, PARALLEL),
        *map_parallel(of_lock, _lock_names(locks, denied), PARALLEL),
        *map_parallel(of_part, tuple(PARTS), PARALLEL),
    ]
    merged = heapq.merge(*(each for each in found if each), key=lambda event: event.latest, reverse=True)
    events, more = cut_page(merged, since=since, before=before, most=most)
    return News(events, tuple(sorted(denied)), more)


def cut_page(events: Iterable[Event], *, since: str, before: str, most: int) -> tuple[tuple[Event, ...], str]:
    """``most`` of ``events`` (0: all), and those of the same second as the last, so that no page leaves out any; and
    ``News.more``.
    """
    wanted = _between(events, since, before)
    page = list(islice(wanted, most) if most else wanted)
    for event in wanted:
        if event.latest != page[-1].latest:
            return tuple(page), page[-1].latest
        page.append(event)
    return tuple(page), ""


def _events_of_part(repository: Repository, part: str) -> Iterator[Event] | None:
    """None for what the shelf does not have. Raises as the store, and where signatures are required as those do."""
    chain = PARTS[part]
    try:
        trust = repository.trust if part == "trust" else None
        data = trust.read().data if trust else repository.store.get(chain.key)
    except ObjectMissing:
        if part == "blocks":
            repository.recalled()  # raises where there was one
        return None
    head = chain.parse(data, chain.key)
    if part == "blocks":
        repository.accept("recall:", chain.key, head.seq, data)
    return _events(repository.store, chain, head, data if is_signed(data) else b"", part=part)


def _lock_names(locks: NamedLocks, denied: list[str]) -> list[str]:
    """Those that the list has, removed ones too; to who may not read it, none."""
    try:
        return [facts.name for facts in locks.rows()]
    except AccessDenied:
        denied.append("the named locks")
        return []


def _between(events: Iterable[Event], since: str, before: str) -> Iterator[Event]:
    for event in events:
        if event.latest < since:
            return
        if not before or event.latest < before:
            yield event


def _events(
    store: Get, chain: Chain[Any], head: Any, signed: bytes, *, project: str = "", lock: str = "", part: str = ""
) -> Iterator[Event]:
    """What happened to one chain, newest first; each head is verified by the next. Reads one more for each."""
    raw: dict[int, bytes] = {head.seq: signed}

    def parse(data: bytes, key: str) -> Any:
        earlier = chain.parse(data, key)
        raw[earlier.seq] = data if is_signed(data) else b""
        return earlier

    for each in walk_chain(store, chain._replace(parse=parse), head):
        if not each.seq:  # a shelf.json from before it said who wrote it
            return
        default = getattr(each, "default", None)
        data = raw.pop(each.seq)
        yield Event(project, lock, part, each.seq, latest_of(each), each.time, each.by, each.action, default, data)


def name_signers_of(repository: Repository, events: Iterable[Event]) -> Mapping[Event, str]:
    """Who signed what; one request, where anybody did."""
    signed = [event for event in events if event.signed]
    if not signed:
        return {}
    from .signing.telling import find_root, name_signers

    root = find_root(repository)
    return {event: name_signers(event.signed, root) for event in signed}


def project_history(repository: Repository, project: str) -> Iterator[Event]:
    """All that happened to ``project``, newest first. Raises as ``Repository.head``."""
    head = repository.head(project)
    return _events(repository.store, project_chain(project), head, repository.signed_head(project), project=project)
