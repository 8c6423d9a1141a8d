"""The commit: how a project's head, the only mutable object, moves. See docs/format.md, "commit", and chain.py."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ..codecs.head import format_head, format_index, parse_head, parse_index
from ..codecs.names import SHELF, head_key, history_key, index_key, sha256
from ..codecs.shelf import ShelfState, format_shelf
from ..errors import Conflict, ObjectInvalid, ShelfExists
from ..model import Entry, Head, Purge, without_purged
from ..ordering import version_order
from ..stores.protocols import Get, PutNew
from .chain import Chain, HeadStore, Signer, Stamp, move_head, next_stamp, put_immutable, walk_chain

__all__ = ["Change", "HeadStore", "change_head", "init_shelf", "project_chain", "put_immutable", "walk_history"]

LIMIT = 128  # entries in a head, about 11 KB
KEPT = 32  # entries that stay in the head when it is folded: one publish in 96 rewrites the index


@dataclass(frozen=True, slots=True)
class Change:
    """What the next head shall say.

    ``put`` adds or replaces entries; everything else stays. ``default`` and ``epoch`` None keep what was.
    ``base`` starts from an older head's list instead of the present one (rollback); its default counts then.
    ``purge`` takes versions away for good: no rollback brings them back.
    """

    put: Mapping[str, Entry] = field(default_factory=dict)
    default: str | None = None
    epoch: int | None = None
    base: Head | None = None
    purge: Mapping[str, Purge] = field(default_factory=dict)


def change_head(
    store: HeadStore,
    project: str,
    change: Callable[[Head | None], Change | None],
    *,
    by: str,
    action: str,
    signer: Signer | None = None,
) -> Head:
    """Move the head of ``project`` by ``change``; the head that holds (ours, or the present one when nothing changes).

    ``change`` gets the present head, None for a new project, and may be called again after somebody else's commit; what
    it raises is raised here. None from it, or a change that says what the head already says, writes nothing.
    ``signer`` signs it. Raises as ``move_head``.
    """

    def step(present: Head | None, stamp: Stamp) -> Head | None:
        wanted = change(present)
        if wanted is None or (present is not None and _says_nothing_new(present, wanted)):
            return None
        return _next_head(store, project, present, wanted, stamp)

    return move_head(store, project_chain(project), step, by=by, action=action, signer=signer)


def project_chain(project: str) -> Chain[Head]:
    """The chain of a project's heads."""
    return Chain(
        key=head_key(project),
        history_key=partial(history_key, project),
        format=format_head,
        parse=lambda data, key: parse_head(data, project, key),
    )


def init_shelf(store: PutNew, name: str, settings: Mapping[str, str] | None = None, *, by: str = "") -> str:
    """Create the shelf; its id. ``settings`` are fields of shelf_settings.py. Raises ShelfExists."""
    identity = str(uuid.uuid4())
    stamp = next_stamp(None, b"", uuid.uuid4().hex, by, "init")
    state = ShelfState(dict(settings or {}), {"id": identity, "name": name}, **stamp.fields())
    try:
        store.put_new(SHELF, format_shelf(state))
    except Conflict:
        raise ShelfExists(store.url) from None
    return identity


def walk_history(store: Get, head: Head) -> Iterator[Head]:
    """``head``, then every head of its project before it, newest first; see ``chain.walk_chain``."""
    return walk_chain(store, project_chain(head.project), head)


def _next_head(store: HeadStore, project: str, present: Head | None, wanted: Change, stamp: Stamp) -> Head:
    base = wanted.base or present
    versions = dict(base.versions if base else {}) | dict(wanted.put)
    default = wanted.default if wanted.default is not None else (base.default if base else None)
    older = base.older if base else None
    purged = dict(present.purged if present else {}) | dict(wanted.purge)
    if wanted.purge or wanted.base:
        versions = without_purged(versions, purged)
        default = None if default in purged and default not in versions else default
    if len(versions) > LIMIT:
        versions, older = _fold(store, project, versions, older, default)
    epoch = present.epoch if present else 0
    return Head(
        project=project,
        epoch=epoch if wanted.epoch is None else wanted.epoch,
        default=default,
        versions=versions,
        older=older,
        purged=purged,
        **stamp.fields(),
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
        and all(present.purged.get(version) == purge for version, purge in wanted.purge.items())
    )
