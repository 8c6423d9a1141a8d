"""The root document of a shelf as far as a reader can trust it: read from the store, and led back to what was pinned.

The steps are those of TUF 1.0, §5.3 "Update the root role". Two differ. The chain is walked from the newest document
back by the digests in it, since keys in history have digests; it is verified forward all the same. And what was seen
last is remembered instead of shipped, so that the walk is mostly one request that finds nothing new.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ..codecs.names import TRUST_HEAD, sha256, trust_history_key
from ..codecs.trust import Root, parse_root
from ..errors import HeadReplayed, ObjectInvalid, ObjectMissing, TrustExpired, TrustMissing, TrustRefused
from ..stores.protocols import Get
from . import moments
from .checking import SignedBy, check_signed, check_successor, is_over
from .pins import Pins, format_fingerprint

MOST = 1000  # documents since the one that is known: a shelf that shows more is not asked for them all


class Stored(NamedTuple):
    """A root document and the bytes in which it is stored."""

    root: Root
    data: bytes


class Trust:
    """Whose signatures are taken on one shelf. From several threads.

    ``shelf_id`` reads the shelf's id, ``cache`` is the folder of the user's cache, None for none. Without ``pins`` the
    present document is taken as it is: enough to show who signed what, and for nothing else.
    """

    def __init__(
        self,
        store: Get,
        shelf_id: Callable[[], str],
        pins: Pins | None,
        *,
        cache: Path | None = None,
        now: Callable[[], str] = moments.now,
    ) -> None:
        self._store, self._shelf_id, self.pins, self._now = store, shelf_id, pins, now
        self._folder = cache / "trust" if cache else None
        self._lock = threading.Lock()
        self._found: Stored | None = None

    def root(self) -> Root:
        """The present root document; read once. Raises TrustMissing, TrustRefused, TrustExpired, HeadReplayed."""
        with self._lock:
            if self._found is None:
                self._found = self.read()
        if is_over(self._found.root.expires, self._now()):
            raise TrustExpired(self._store.url, self._found.root.expires)
        return self._found.root

    def renew(self) -> Root:
        """``root``, read anew: keys may have been taken away since."""
        with self._lock:
            self._found = None
        return self.root()

    def check(self, key: str, data: bytes) -> SignedBy:
        """Who signed the object ``key``. Raises as ``root`` and ``checking.check_signed``."""
        return check_signed(key, data, self.root(), self._store.url, self._now())

    def read(self) -> Stored:
        """The present document, even one that has expired: only its successor can say so. Raises as ``root``."""
        try:
            data = self._store.get(TRUST_HEAD)
        except ObjectMissing:
            raise TrustMissing(self._store.url) from None
        shelf, present = self._shelf_id(), Stored(parse_root(data, TRUST_HEAD), data)
        known = self._remembered(shelf)
        if known is not None and data == known.data:
            return known
        if known is not None and present.root.seq <= known.root.seq:
            raise HeadReplayed(TRUST_HEAD, present.root.seq, known.root.seq)
        chain = self._walk(present, known)
        for each in chain:
            if each.root.shelf != shelf:
                raise TrustRefused(self._store.url, "its root document is that of another shelf")
        oldest = chain[-1]
        check_successor(oldest.root, oldest.data, oldest.root, self._store.url)
        for new, old in pairwise(chain):
            check_successor(new.root, new.data, old.root, self._store.url)
        self._remember(shelf, present)
        return present

    def chain(self) -> Iterator[tuple[str, bytes]]:
        """Every root document by its key, from the present one back to the first. Raises as ``root``."""
        found = self.read()
        yield TRUST_HEAD, found.data
        yield trust_history_key(found.root.seq, sha256(found.data)), found.data
        while found.root.prev is not None:
            found = self._read_link(found.root.seq - 1, found.root.prev)
            yield trust_history_key(found.root.seq, sha256(found.data)), found.data

    def _walk(self, present: Stored, known: Stored | None) -> list[Stored]:
        """From ``present`` back to the document that is known or pinned, which is the last."""
        chain = [present]
        while not self._is_trusted(chain[-1].data, known):
            root = chain[-1].root
            if root.prev is None or (known is not None and root.seq <= known.root.seq):
                raise TrustRefused(self._store.url, self._stranger(known))
            if len(chain) >= MOST:
                raise TrustRefused(self._store.url, f"it has had more than {MOST} root documents since the pinned one")
            chain.append(self._read_link(root.seq - 1, root.prev))
        return chain

    def _is_trusted(self, data: bytes, known: Stored | None) -> bool:
        if known is not None:
            return data == known.data
        return self.pins is None or self.pins.first_use or sha256(data) in self.pins.digests

    def _stranger(self, known: Stored | None) -> str:
        pinned = [format_fingerprint(digest) for digest in sorted(self.pins.digests)] if self.pins else []
        seen = f"document {known.root.seq}, which was seen before" if known else ", ".join(pinned)
        return f"its root document does not descend from {seen}"

    def _read_link(self, seq: int, digest: str) -> Stored:
        key = trust_history_key(seq, digest)
        try:
            data = self._store.get(key)
        except ObjectMissing:
            raise TrustRefused(self._store.url, f"document {seq}, which it names, is not there") from None
        if sha256(data) != digest:
            raise ObjectInvalid(key, "its bytes are not those that its name says")
        root = parse_root(data, key)
        if root.seq != seq:
            raise ObjectInvalid(key, f"it says sequence {root.seq}")
        return Stored(root, data)

    def _remembered(self, shelf: str) -> Stored | None:
        path = self._path(shelf)
        if path is None:
            return None
        try:
            data = path.read_bytes()
            return Stored(parse_root(data, str(path)), data)
        except (OSError, ObjectInvalid):
            return None

    def _remember(self, shelf: str, present: Stored) -> None:
        """For this user; a cache that cannot be written remembers nothing."""
        path = self._path(shelf)
        if path is None:
            return
        temporary = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_native_id()}")
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(present.data)
            temporary.replace(path)

    def _path(self, shelf: str) -> Path | None:
        if self._folder is None or self.pins is None:
            return None
        return self._folder / f"{shelf}-{self.pins.name}"
