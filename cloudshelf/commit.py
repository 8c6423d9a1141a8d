"""The commit: how a project's head, the only mutable object, moves. See docs/format.md, "commit".

History first, create-only; then the head, if nobody moved it. The reply of that last write decides nothing by itself:
when it is lost or says "conflict", the head is read again, and our ``write_id`` in the chain of heads says what
happened.
"""

from __future__ import annotations

import contextlib
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from .codecs.envelope import format_object
from .codecs.head import format_head, format_index, parse_head, parse_index
from .codecs.names import SHELF, head_key, history_key, index_key, sha256
from .errors import Conflict, ObjectInvalid, ObjectMissing, OutcomeUnknown, ShelfExists, StoreError
from .model import Entry, Head
from .ordering import version_order
from .stores.protocols import Get, GetTagged, PutNew, Replace

LIMIT = 128  # entries in a head, about 11 KB
KEPT = 32  # entries that stay in the head when it is folded: one publish in 96 rewrites the index
ATTEMPTS = 60  # conflicts in a row until a publisher gives up: 32 at once must all get through


class HeadStore(Get, GetTagged, PutNew, Replace, Protocol):
    """What a commit needs of a store."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the next head shall say.

    ``put`` adds or replaces entries; everything else stays. ``default`` and ``epoch`` None keep what was.
    ``base`` starts from an older head's list instead of the present one (rollback); its default counts then.
    """

    put: Mapping[str, Entry] = field(default_factory=dict)
    default: str | None = None
    epoch: int | None = None
    base: Head | None = None


def change_head(
    store: HeadStore,
    project: str,
    change: Callable[[Head | None], Change | None],
    *,
    by: str,
    action: str,
) -> Head:
    """Move the head of ``project`` by ``change``; the head that holds (ours, or the present one when nothing changes).

    ``change`` gets the present head, None for a new project, and may be called again after somebody else's commit; what
    it raises is raised here. None from it, or a change that says what the head already says, writes nothing.
    Raises Conflict after many lost races, OutcomeUnknown when the reply was lost and the head cannot be read.
    """
    key = head_key(project)
    write_id = uuid.uuid4().hex  # one for all attempts: only one of them can land, and we know it by this
    first_seq: int | None = None
    present, data, etag = _read(store, project)
    for attempt in range(ATTEMPTS):
        wanted = change(present)
        if wanted is None or (present is not None and _says_nothing_new(present, wanted)):
            if present is None:
                raise ValueError(f"{project} has no head, and the change makes none")
            return present
        head = _next_head(store, project, present, data, wanted)
        head = replace(head, write_id=write_id, by=by, action=action, time=_now())
        if first_seq is None:
            first_seq = head.seq
        content = format_head(head)
        put_immutable(store, history_key(project, head.seq, sha256(content)), content)
        try:
            store.replace(key, content, etag=etag)
            return head
        except (Conflict, OutcomeUnknown) as error:
            present, data, etag = _read_again(store, project, error)
        landed = _find_write(store, present, write_id, first_seq)
        if landed is not None:
            return landed
        time.sleep(random.uniform(0, min(2.0, 0.02 * 2 ** min(attempt, 7))))
    raise Conflict(key)


def init_shelf(store: PutNew, name: str, settings: Mapping[str, str] | None = None) -> str:
    """Create the shelf; its id. ``settings`` are fields of shelf_settings.py. Raises ShelfExists."""
    identity = str(uuid.uuid4())
    try:
        store.put_new(SHELF, format_object("shelf", {"id": identity, "name": name, "settings": dict(settings or {})}))
    except Conflict:
        raise ShelfExists(store.url) from None
    return identity


def put_immutable(store: PutNew, key: str, data: bytes) -> None:
    """Create an object whose key holds the digest of its bytes: if it is there already, that is as good."""
    with contextlib.suppress(Conflict):
        try:
            store.put_new(key, data)
        except OutcomeUnknown:
            store.put_new(key, data)


def walk_history(store: Get, head: Head) -> Iterator[Head]:
    """``head``, then every head before it, newest first; each is verified by the digest its successor recorded.

    Raises ObjectInvalid or ObjectMissing where the chain is broken.
    """
    yield head
    while head.prev is not None:
        if head.seq == 0:
            raise ObjectInvalid(head_key(head.project), "the first head names one before it")
        head = read_history(store, head.project, head.seq - 1, head.prev)
        yield head


def read_history(store: Get, project: str, seq: int, digest: str) -> Head:
    key = history_key(project, seq, digest)
    data = store.get(key)
    if sha256(data) != digest:
        raise ObjectInvalid(key, "its bytes are not those that its name says")
    head = parse_head(data, project, key)
    if head.seq != seq:
        raise ObjectInvalid(key, f"it says sequence {head.seq}")
    return head


def _read(store: HeadStore, project: str) -> tuple[Head | None, bytes, str | None]:
    key = head_key(project)
    try:
        data, etag = store.get_tagged(key)
    except ObjectMissing:
        return None, b"", None
    return parse_head(data, project, key), data, etag


def _read_again(
    store: HeadStore, project: str, error: Conflict | OutcomeUnknown
) -> tuple[Head | None, bytes, str | None]:
    """After a write whose fate is open: what cannot be read leaves it open."""
    try:
        return _read(store, project)
    except (StoreError, ObjectInvalid) as cause:
        raise OutcomeUnknown(head_key(project), str(cause)) from error


def _find_write(store: HeadStore, present: Head | None, write_id: str, first_seq: int) -> Head | None:
    """Our head, in the chain that ends in ``present`` and not below the sequence we first wrote."""
    if present is None:
        return None
    try:
        for head in walk_history(store, present):
            if head.seq < first_seq:
                return None
            if head.write_id == write_id:
                return head
    except StoreError as cause:
        raise OutcomeUnknown(head_key(present.project), str(cause)) from cause
    return None


def _next_head(store: HeadStore, project: str, present: Head | None, data: bytes, wanted: Change) -> Head:
    base = wanted.base or present
    versions = dict(base.versions if base else {}) | dict(wanted.put)
    default = wanted.default if wanted.default is not None else (base.default if base else None)
    older = base.older if base else None
    if len(versions) > LIMIT:
        versions, older = _fold(store, project, versions, older, default)
    epoch = present.epoch if present else 0
    return Head(
        project=project,
        seq=present.seq + 1 if present else 1,
        epoch=epoch if wanted.epoch is None else wanted.epoch,
        write_id="",
        prev=sha256(data) if present else None,
        time="",
        by="",
        action="",
        default=default,
        versions=versions,
        older=older,
    )


def _fold(
    store: HeadStore, project: str, versions: dict[str, Entry], older: str | None, default: str | None
) -> tuple[dict[str, Entry], str]:
    """Move all but the newest entries into a new index; what stays, and the index's digest."""
    newest = sorted(versions, key=version_order, reverse=True)[:KEPT]
    kept = {version: versions[version] for version in (*newest, default) if version in versions}
    folded = (read_index(store, project, older) if older else {}) | versions
    data = format_index(project, {version: entry for version, entry in folded.items() if version not in kept})
    put_immutable(store, index_key(project, sha256(data)), data)
    return kept, sha256(data)


def read_index(store: Get, project: str, digest: str) -> dict[str, Entry]:
    """The older part of a project's versions. Raises ObjectInvalid."""
    key = index_key(project, digest)
    data = store.get(key)
    if sha256(data) != digest:
        raise ObjectInvalid(key, "its bytes are not those that its name says")
    return parse_index(data, project, key)


def _says_nothing_new(present: Head, wanted: Change) -> bool:
    base = wanted.base or present
    return (
        all(present.versions.get(version) == entry for version, entry in wanted.put.items())
        and wanted.default in (None, present.default)
        and wanted.epoch in (None, present.epoch)
        and (base.versions, base.older) == (present.versions, present.older)
        and (wanted.default is not None or base.default == present.default)
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
