"""The root document of a shelf: which keys may sign what, and which keys may change that. See docs/format.md, "trust".

It plays the part of TUF's root and of the delegations in its targets (The Update Framework 1.0, §4.3 and §4.5), in one
object. No cryptography here: see signing/.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ObjectInvalid
from ..model import Link
from .chained import format_place, parse_place
from .envelope import Fields, format_object, parse_object
from .names import sha256

ROLES = ("projects", "locks", "recall")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_PUBLIC = 32  # bytes of a public key (RFC 8032 §5.1.5)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key: its 32 bytes, whose it is (for people), and until when what it signed is taken ("": no end)."""

    public: bytes
    owner: str
    expires: str = ""

    @property
    def id(self) -> str:
        """The sha256 of its bytes: no two keys have one id, and no key has two (TUF 1.0 §4.2)."""
        return sha256(self.public)


@dataclass(frozen=True, slots=True)
class Root:
    """The root document. ``threshold`` of the ``administrators`` (ids of keys) have to sign the next one.

    ``roles`` has, for each of ROLES, patterns of names and the ids of the keys that may sign those.
    """

    shelf: str  # the id of the shelf that it is of
    seq: int
    write_id: str
    prev: str | None
    time: str
    by: str
    action: str
    expires: str
    threshold: int
    administrators: tuple[str, ...]
    keys: Mapping[str, TrustedKey]
    roles: Mapping[str, Mapping[str, tuple[str, ...]]]
    latest: str = ""
    skips: tuple[Link, ...] = ()


def format_root(root: Root) -> bytes:
    return format_object(
        "trust",
        {
            "shelf": root.shelf,
            "expires": root.expires,
            "threshold": root.threshold,
            "administrators": list(root.administrators),
            "keys": {
                id: {"ed25519": base64.b64encode(key.public).decode(), "owner": key.owner, "expires": key.expires}
                for id, key in root.keys.items()
            },
            "roles": {role: {name: list(ids) for name, ids in names.items()} for role, names in root.roles.items()},
            **format_place(root),
        },
    )


def parse_root(data: bytes, key: str) -> Root:
    """Raises ObjectInvalid for what names keys that it does not have, or could never be changed again."""
    fields = parse_object(data, "trust", key)
    root = Root(
        shelf=fields.text("shelf"),
        expires=_moment(fields, "expires"),
        threshold=fields.count("threshold"),
        administrators=fields.texts("administrators"),
        keys={id: _parse_key(id, value, key) for id, value in fields.mapping("keys").items()},
        roles=_parse_roles(fields),
        **parse_place(fields),
    )
    used = {*root.administrators, *(id for names in root.roles.values() for ids in names.values() for id in ids)}
    if not used <= root.keys.keys():
        raise ObjectInvalid(key, "it names a key that it does not have")
    if not 1 <= root.threshold <= len(set(root.administrators)):
        raise ObjectInvalid(key, "more of its administrators have to sign than there are")
    if not root.expires or (root.seq == 1) != (root.prev is None):
        raise ObjectInvalid(key, "it does not say when it ends, or what was before it")
    return root


def _parse_key(id: str, value: Any, key: str) -> TrustedKey:
    if not isinstance(value, dict):
        raise ObjectInvalid(key, "one of its keys is malformed")
    fields = Fields(value, key)
    try:
        public = base64.b64decode(fields.text("ed25519"), validate=True)
    except (binascii.Error, ValueError):
        raise ObjectInvalid(key, "one of its keys is malformed") from None
    found = TrustedKey(public, fields.text("owner"), _moment(fields, "expires"))
    if len(public) != _PUBLIC or found.id != id:
        raise ObjectInvalid(key, "one of its keys is not the one that its id says")
    return found


def _parse_roles(fields: Fields) -> dict[str, dict[str, tuple[str, ...]]]:
    """Roles of a later cloudshelf are passed over: nothing that is known here hangs on them."""
    roles = Fields(fields.mapping("roles"), fields.key)
    found = {}
    for role in ROLES:
        names = Fields(roles.mapping(role) if role in roles.raw else {}, fields.key)
        found[role] = {name: names.texts(name) for name in names.raw}
    return found


def _moment(fields: Fields, name: str) -> str:
    """A moment as every head writes them, so that two compare as text; "" for none."""
    text = fields.text(name)
    if text and not _MOMENT.fullmatch(text):
        raise ObjectInvalid(fields.key, f"its field {name!r} is no moment")
    return text
