"""Changing a root document: the next one is made, signed by the administrators there are, and put in its place.

Bytes are final before they are signed, so they can travel: where several have to sign, each adds a line to a file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..chains.chain import HeadStore, next_stamp, put_immutable
from ..codecs.envelope import add_signature, signatures, signed_line
from ..codecs.names import TRUST_HEAD, sha256, trust_history_key
from ..codecs.trust import ROLES, Root, TrustedKey, format_root, parse_root
from ..errors import Conflict, ObjectMissing, OutcomeUnknown, TrustExists, TrustMoved, TrustUndersigned, UsageError
from .checking import short, valid_signers
from .keys import PrivateKey
from .scopes import check_pattern
from .trust import Stored


def first_root(shelf: str, administrators: Sequence[TrustedKey], *, threshold: int, expires: str, by: str) -> Root:
    """The document with which a shelf begins: administrators, and nobody yet who may sign anything else."""
    keys = {key.id: key for key in administrators}
    if not 1 <= threshold <= len(keys):
        raise UsageError(f"{threshold} keys cannot have to sign where there are {len(keys)}.")
    return Root(
        shelf=shelf,
        expires=expires,
        threshold=threshold,
        administrators=tuple(keys),
        keys=keys,
        roles={role: {} for role in ROLES},
        **next_stamp(None, b"", uuid.uuid4().hex, by, "init").fields(),
    )


def next_root(present: Stored, edit: Callable[[Root], Root], *, by: str, action: str) -> Root:
    """The document that follows ``present``; keys that nothing in it names are left out."""
    root = edit(present.root)
    stamp = next_stamp(present.root, present.data, uuid.uuid4().hex, by, action)
    used = {*root.administrators, *(id for names in root.roles.values() for ids in names.values() for id in ids)}
    return replace(root, keys={id: key for id, key in root.keys.items() if id in used}, **stamp.fields())


def grant(root: Root, key: TrustedKey, scopes: Mapping[str, Sequence[str]]) -> Root:
    """``key`` may sign the names that ``scopes`` has by role; of a key that is there already the end is the new one."""
    roles: dict[str, dict[str, tuple[str, ...]]] = {role: dict(names) for role, names in root.roles.items()}
    for role, names in scopes.items():
        for name in (check_pattern(role, name) for name in names):
            roles[role][name] = tuple(dict.fromkeys([*roles[role].get(name, ()), key.id]))
    return replace(root, keys={**root.keys, key.id: key}, roles=roles)


def revoke(root: Root, id: str, scopes: Mapping[str, Sequence[str]]) -> Root:
    """The key ``id`` may no longer sign the names in ``scopes``; without any, nothing at all."""
    wanted = {role: {check_pattern(role, name) for name in names} for role, names in scopes.items()}
    everywhere = not any(wanted.values())
    roles: dict[str, dict[str, tuple[str, ...]]] = {}
    for role, names in root.roles.items():
        left = {
            name: tuple(i for i in ids if i != id or not (everywhere or name in wanted.get(role, ())))
            for name, ids in names.items()
        }
        roles[role] = {name: ids for name, ids in left.items() if ids}
    return replace(root, roles=roles)


def find_key(root: Root, text: str) -> str:
    """The id of the key of ``root`` that a person means by the beginning of its id, or by its owner.

    Raises UsageError for none, and for several.
    """
    found = [id for id, key in root.keys.items() if id.startswith(text) or key.owner == text]
    if len(found) != 1 or not text:
        known = ", ".join(f"{short(id)} {key.owner}".strip() for id, key in root.keys.items())
        raise UsageError(f"{'Several keys are' if found else 'No key is'} {text!r}; there are: {known}.")
    return found[0]


def sign_root(root: Root, data: bytes, keys: Iterable[PrivateKey]) -> bytes:
    """``data``, which is ``root``, with the signatures of ``keys`` that it lacks."""
    there = {signature.key_id for signature in signatures(data)}
    for key in keys:
        if key.id not in there:
            data = add_signature(data, key.id, key.sign(signed_line(data)))
    return data


def draft(root: Root, keys: Iterable[PrivateKey]) -> bytes:
    """``root`` as it will be stored, signed with ``keys``: maybe not yet enough of them."""
    return sign_root(root, format_root(root), keys)


def put_root(store: HeadStore, data: bytes) -> Root:
    """Put the document ``data`` in its place.

    Raises TrustExists and TrustMoved where another is there than the one that it follows, TrustUndersigned where more
    administrators have to sign it, and what the store raises.
    """
    root = parse_root(data, TRUST_HEAD)
    etag = _check_place(store, root, data)
    put_immutable(store, trust_history_key(root.seq, sha256(data)), data)
    try:
        store.replace(TRUST_HEAD, data, etag=etag)
    except (Conflict, OutcomeUnknown):
        if store.get(TRUST_HEAD) != data:  # the same bytes there: it was ours that landed
            raise
    return root


def _check_place(store: HeadStore, root: Root, data: bytes) -> str | None:
    """The etag of the document that ``root`` follows."""
    _check_enough(root, root, data)
    try:
        present, etag = store.get_tagged(TRUST_HEAD)
    except ObjectMissing:
        if root.prev is not None:
            raise TrustMoved(store.url) from None
        return None
    if present == data:
        return etag
    if root.prev is None:
        raise TrustExists(store.url)
    if root.prev != sha256(present):
        raise TrustMoved(store.url)
    _check_enough(parse_root(present, TRUST_HEAD), root, data)
    return etag


def _check_enough(judge: Root, root: Root, data: bytes) -> None:
    signers = valid_signers(data, {id: judge.keys[id] for id in judge.administrators})
    if len(signers) < judge.threshold:
        others = [id for id in judge.administrators if id not in signers]
        names = [f"{judge.keys[id].owner} ({short(id)})" for id in others]
        raise TrustUndersigned(root.seq, judge.threshold, len(signers), names)


def describe(root: Root) -> dict[str, Any]:
    """What a root document says, as ``trust show`` tells it."""
    rows = [
        {
            "role": role,
            "names": name,
            "key": short(id),
            "owner": root.keys[id].owner,
            "expires": root.keys[id].expires or None,
        }
        for role, names in [("administrator", {"": root.administrators}), *root.roles.items()]
        for name, ids in sorted(names.items())
        for id in ids
    ]
    return {"seq": root.seq, "expires": root.expires, "threshold": root.threshold, "keys": rows}
