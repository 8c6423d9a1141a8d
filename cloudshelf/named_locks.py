"""Named locks: locks that live on the shelf, such as team/2026q4. See docs/format.md, "named locks".

The text of each is immutable and named by its digest; a head moves from one to the next as a project's does (chain.py),
so that its history says who changed it when, and every earlier state can be had: team/2026q4@3.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from .chains.chain import Chain, HeadStore, Signer, Stamp, move_head, put_immutable, read_link, walk_chain
from .chains.skips import find_seq
from .codecs.lock import format_lock
from .codecs.named_lock import (
    LOCKS,
    LockFacts,
    LockHead,
    facts_of,
    format_lock_head,
    parse_lock_head,
    parse_locks,
)
from .codecs.names import (
    FILE_ENDINGS,
    is_lock_name,
    lock_content_key,
    lock_head_key,
    lock_history_key,
    sha256,
)
from .errors import AccessDenied, LockMissing, LockRemoved, ObjectInvalid, ObjectMissing, ShelfError, UsageError
from .model import Lock
from .repository import Repository
from .stores.protocols import Get
from .visible import brief


class Named(NamedTuple):  # a run of a named lock makes it: no dataclass, see model.py
    """A lock as it was named: ``head`` says by whom and when, ``written`` whether this call did it."""

    head: LockHead
    written: bool
    notes: tuple[str, ...] = ()


class NamedLocks:
    """The named locks of a shelf; ``repository`` is that of the same store, and remembers which heads were seen.

    ``signer`` signs what is written.
    """

    def __init__(self, store: HeadStore, repository: Repository, signer: Signer | None = None) -> None:
        self._signer = signer
        self._store = store
        self._repository = repository

    def write(self, name: str, lock: Lock, *, by: str) -> Named:
        """Let ``name`` be ``lock`` from now on; a name that says so already is left alone.

        Raises UsageError for what is no name, AccessDenied, Conflict and OutcomeUnknown.
        """
        check_name(name)
        self._repository.info()
        data = format_lock(lock).encode()
        digest = sha256(data)
        written: list[bool] = [False]

        def step(present: LockHead | None, stamp: Stamp) -> LockHead | None:
            written[0] = present is None or present.removed or present.lock != digest
            return _next_head(name, lock, digest, stamp) if written[0] else None

        try:
            put_immutable(self._store, lock_content_key(name, digest), data)
            head = self._move(name, step, by, f"lock {len(lock.pins)} pins")
        except AccessDenied:
            raise AccessDenied(f"locks/{name}/ (to write the lock {name})", self._store.url) from None
        return Named(head, written[0], self._refresh_list(head))

    def remove(self, name: str, *, by: str) -> Named:
        """Nobody gets ``name`` from now on, until it is written again; every state so far stays.

        Raises as ``head``, and as ``write``.
        """
        self.head(name)

        def step(present: LockHead | None, stamp: Stamp) -> LockHead | None:
            return None if present is None or present.removed else present._replace(**stamp.fields(), removed=True)

        try:
            head = self._move(name, step, by, "remove")
        except AccessDenied:
            raise AccessDenied(f"locks/{name}/ (to remove the lock {name})", self._store.url) from None
        return Named(head, True, self._refresh_list(head))

    def _move(
        self, name: str, step: Callable[[LockHead | None, Stamp], LockHead | None], by: str, action: str
    ) -> LockHead:
        return move_head(self._store, lock_chain(name), step, by=by, action=action, signer=self._signer)

    def head(self, name: str) -> LockHead:
        """The head of ``name``.

        Raises LockMissing, LockRemoved, ObjectInvalid, HeadReplayed, and UsageError for what is no name.
        """
        return self._there(self.last(name))

    def _there(self, head: LockHead) -> LockHead:
        if head.removed:
            raise LockRemoved(head.name, self._store.url, head.by, head.time, head.seq - 1)
        return head

    def last(self, name: str) -> LockHead:
        """The head of ``name``, even if it says that the lock was removed. Raises as ``stored``."""
        return self.stored(name)[0]

    def stored(self, name: str) -> tuple[LockHead, bytes]:
        """``last``, and its bytes as they are stored. Raises LockMissing, ObjectInvalid, HeadReplayed, UsageError."""
        key = lock_head_key(check_name(name))
        try:
            data = self._store.get(key)
        except ObjectMissing:
            self._repository.info()  # no shelf at all is another error
            raise LockMissing(name, self._store.url, self._near(name)) from None
        return accept_head(self._repository, name, data), data

    def read(self, text: str) -> tuple[LockHead, str]:
        """The lock "NAME", or "NAME@STATE" as it was; its head and its text. Raises as ``head``."""
        name, _, state = text.partition("@")
        head = self.last(name)
        if state:
            found = find_seq(head, int(state), partial(read_link, self._store, lock_chain(name)))
            if found is None:
                raise UsageError(f"{name} has no state {state}; it is at {head.seq}. See: cloudshelf locks {name}")
            head = found
        self._there(head)
        try:
            return head, read_content(self._store, head).decode()
        except UnicodeDecodeError:
            raise ObjectInvalid(lock_content_key(name, head.lock), "it is not text") from None

    def history(self, name: str) -> Iterator[LockHead]:
        """Every state of ``name``, newest first, of a removed one, too. Raises as ``head``."""
        return walk_chain(self._store, lock_chain(name), self.last(name))

    def list(self) -> tuple[LockFacts, ...]:
        """What the catalog tells of every named lock, by name. One request."""
        return tuple(row for row in self.rows() if row.tag)

    def rows(self) -> tuple[LockFacts, ...]:
        """``list``, with those that were removed, which have no ``tag``."""
        self._repository.info()
        try:
            rows = parse_locks(self._store.get(LOCKS))
        except ObjectMissing:
            return ()
        return tuple(rows[name] for name in sorted(rows))

    def _near(self, name: str) -> tuple[str, ...]:
        try:
            known = [row.name for row in self.list()]
        except ShelfError:
            return ()
        return tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.6))

    def _refresh_list(self, head: LockHead) -> tuple[str, ...]:
        """The list is derived: the lock holds even if the list cannot follow. What it shows already is not written."""
        from .catalog import update_locks

        try:
            update_locks(self._store, [facts_of(head)])
        except ShelfError as error:
            return (f"That is written, but cloudshelf locks does not show it yet: {error}",)
        return ()


def check_name(name: str) -> str:
    """``name`` itself. Raises UsageError, which says what a name is."""
    if is_lock_name(name):
        return name
    if name.lower().endswith(FILE_ENDINGS):
        raise UsageError(f"{name} is a file's name. A lock on a shelf has one without an ending, such as team/2026q4.")
    raise UsageError(
        f"{brief(name)!r} cannot be the name of a lock: letters, digits and . _ - in parts with / between them, "
        "such as team/2026q4; each part begins with a letter or a digit, and 128 characters are the most."
    )


def lock_chain(name: str) -> Chain[LockHead]:
    """The chain of a named lock's heads."""
    return Chain(
        key=lock_head_key(name),
        history_key=partial(lock_history_key, name),
        format=format_lock_head,
        parse=lambda data, key: parse_lock_head(data, name, key),
    )


def accept_head(repository: Repository, name: str, data: bytes) -> LockHead:
    """The head of ``name`` in ``data``. Raises ObjectInvalid, and as ``Repository.accept``."""
    head = parse_lock_head(data, name, lock_head_key(name))
    repository.accept(f"lock:{name.replace('/', ':')}", lock_head_key(name), head.seq, data)
    return head


def read_content(store: Get, head: LockHead) -> bytes:
    """The text of a state. Raises ObjectMissing, ObjectInvalid."""
    key = lock_content_key(head.name, head.lock)
    data = store.get(key)
    if sha256(data) != head.lock:
        raise ObjectInvalid(key, "its bytes are not those that its name says")
    return data


def _next_head(name: str, lock: Lock, digest: str, stamp: Stamp) -> LockHead:
    return LockHead(
        name=name,
        lock=digest,
        pins=len(lock.pins),
        tag=lock.tag,
        requirements=lock.requirements,
        **stamp.fields(),
    )
