"""Signing what a chain writes (chain.py): with one private key, and on nothing that is not signed itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..chains.seen_heads import SeenHeads
from ..codecs.envelope import add_signature, signed_line, with_fields
from ..codecs.names import sha256
from ..errors import KeyNotAllowed
from .checking import is_over, short
from .keys import PrivateKey
from .moments import now
from .scopes import Subject, keys_for, subject_of
from .trust import Trust


class HeadSigner:
    """Signs heads of the shelf ``shelf`` (its id) with ``key``.

    ``trust`` is what the shelf's root document says; None for a shelf without one, whose signatures prove only that one
    key made them. ``seen`` refuses to build on a head that was replayed.
    """

    def __init__(self, key: PrivateKey, shelf: str, trust: Trust | None, seen: SeenHeads) -> None:
        self.key, self._shelf, self._trust, self._seen = key, shelf, trust, seen

    def check(self, key: str, data: bytes) -> None:
        """Refuse a head that is there and is not signed: who signs on top of it vouches for all that it says.

        So nobody who can only write has an honest curator sign what was slipped in. Raises as ``Trust.check``, and
        HeadReplayed.
        """
        payload = json.loads(signed_line(data))
        subject = subject_of(payload)
        if self._trust is None or subject is None:
            return
        by = self._trust.check(key, data)
        self._seen.check(
            self._shelf,
            subject.remembered_as,
            key,
            int(payload["seq"]),
            sha256(data),
            signer=by.key_id,
            trusted=by.allowed,
        )

    def sign(self, key: str, data: bytes) -> bytes:
        """The head with the id of the shelf and the signature. Raises KeyNotAllowed for a key that nobody would take:
        the root document is read anew, since a publish may take longer than a key lives."""
        subject = subject_of(json.loads(signed_line(data)))
        if subject is not None:
            self._allow([subject])
        data = with_fields(data, {"shelf": self._shelf})
        return add_signature(data, self.key.id, self.key.sign(signed_line(data)))

    def allow(self, projects: Iterable[str]) -> None:
        """Raises KeyNotAllowed where the root document does not have this key for one of ``projects``."""
        self._allow([Subject("projects", project) for project in projects])

    def _allow(self, subjects: Sequence[Subject]) -> None:
        if self._trust is None or not subjects:
            return
        root = self._trust.renew()
        for subject in subjects:
            if self.key.id not in keys_for(root, subject):
                reason = "the shelf's root document does not have it for that"
                raise KeyNotAllowed(str(subject), short(self.key.id), reason)
            expires = root.keys[self.key.id].expires
            if is_over(expires, now()):
                raise KeyNotAllowed(str(subject), short(self.key.id), f"it ended at {expires}")


class VouchingSigner(HeadSigner):
    """Signs on top of anything: a person looked at what is there, and said so (``trust sign``)."""

    def check(self, key: str, data: bytes) -> None:
        return
