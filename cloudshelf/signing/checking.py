"""Whether an object is signed as a root document wants it. Pure: bytes and a moment in, who signed out, or an error."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..codecs.envelope import signatures, signed_line
from ..codecs.trust import Root, TrustedKey
from ..errors import KeyExpired, KeyUnknown, SignatureMissing, SignatureWrong, TrustRefused
from .keys import verify
from .scopes import Subject, keys_for, subject_of


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signed an object: a key that the root document has for it. ``allowed`` are the ids of all such keys."""

    key_id: str
    owner: str
    allowed: tuple[str, ...]


def check_signed(key: str, data: bytes, root: Root, url: str, now: str) -> SignedBy:
    """Who signed the object ``key`` of the shelf ``url``.

    Raises SignatureMissing, KeyUnknown (signed, by nobody who may), SignatureWrong (not what was signed, or for another
    shelf), KeyExpired.
    """
    payload = json.loads(signed_line(data))
    subject = subject_of(payload)
    if subject is None:
        raise SignatureWrong(key, url, f"{payload.get('kind')!r} is nothing that is signed")
    found = signatures(data)
    if not found:
        raise SignatureMissing(str(subject), url, _again(subject))
    allowed = keys_for(root, subject)
    good = valid_signers(data, {id: root.keys[id] for id in allowed})
    if not good:
        known = [each.key_id for each in found if each.key_id in allowed]
        if not known:
            raise KeyUnknown(str(subject), url, [short(each.key_id) for each in found], _names(root, allowed))
        raise SignatureWrong(str(subject), url, f"it is not what the key {short(known[0])} signed")
    if payload.get("shelf") != root.shelf:
        raise SignatureWrong(str(subject), url, "it was signed for another shelf")
    for id in good:
        if not is_over(root.keys[id].expires, now):
            return SignedBy(id, root.keys[id].owner, allowed)
    last = root.keys[good[0]]
    raise KeyExpired(str(subject), url, last.owner or short(last.id), last.expires, _again(subject))


def check_successor(new: Root, data: bytes, old: Root, url: str) -> None:
    """Raises TrustRefused unless ``new``, whose bytes are ``data``, was signed by enough keys of ``old`` and of itself.

    TUF 1.0 §5.3.4: the next root is signed by a threshold of the keys of the trusted one, and by one of its own.
    """
    for root in (old, new):
        signers = valid_signers(data, {id: root.keys[id] for id in root.administrators})
        if len(signers) < root.threshold:
            whose = "its own administrators" if root is new else f"the administrators of the one before ({old.seq})"
            reason = f"document {new.seq} was signed by {len(signers)} of {whose}, and takes {root.threshold}"
            raise TrustRefused(url, reason)


def valid_signers(data: bytes, keys: Mapping[str, TrustedKey]) -> list[str]:
    """The ids of those of ``keys`` that signed exactly the first line of ``data``; each counts once."""
    line = signed_line(data)
    return [s.key_id for s in signatures(data) if s.key_id in keys and verify(keys[s.key_id].public, s.value, line)]


def is_over(expires: str, now: str) -> bool:
    """Whether the moment ``expires`` has come ("" never does); both are UTC, in the form that sorts."""
    return bool(expires) and expires <= now


def short(id: str) -> str:
    """An id as people read it."""
    return id[:12]


def _names(root: Root, ids: Collection[str]) -> list[str]:
    return [f"{root.keys[id].owner} ({short(id)})" if root.keys[id].owner else short(id) for id in ids] or ["nobody"]


def _again(subject: Subject) -> str:
    """What who may sign types to sign what is there."""
    option = {"projects": subject.name, "locks": f"--locks {subject.name}"}.get(subject.role, f"--{subject.role}")
    return f"cloudshelf trust sign {option} --sign KEY"
