"""Who signed what, for people: shown wherever signatures are; enforced only where somebody pinned a root document."""

from __future__ import annotations

from ..codecs.envelope import signatures
from ..codecs.names import head_key
from ..codecs.trust import Root
from ..errors import KeyExpired, KeyUnknown, ShelfError, SignatureError, SignatureWrong, TrustMissing
from ..repository import Repository
from .checking import short, valid_signers
from .pins import UNPINNED
from .trust import Trust

_WORDS = {
    KeyUnknown: "with the key {key}, which may not sign it",
    KeyExpired: "with the key {key}, which has ended",
    SignatureWrong: "with the key {key}, but wrongly",
    TrustMissing: "with the key {key}; the shelf has no root document that says whose it is",
}


def describe_signature(repository: Repository, project: str) -> str:
    """Who signed the present head of ``project``, and what that is worth here; "" for a head that is not signed.

    One request more for a head that is, where no root document is pinned.
    """
    data = repository.signed_head(project)
    if not data:
        return ""
    trust = repository.trust or shown_trust(repository)
    key = short(signatures(data)[0].key_id)
    try:
        by = trust.check(head_key(project), data)
    except SignatureError as error:
        return _WORDS.get(type(error), f"with the key {{key}}: {type(error).__name__}").format(key=key)
    said = f"by {by.owner or 'its key'} ({short(by.key_id)})"
    return said if repository.trust else f"{said}, as the shelf itself says: nobody pinned its root document here"


def shown_trust(repository: Repository) -> Trust:
    """The shelf's root document as it is: enough to show who signed, and for nothing else."""
    return Trust(repository.store, lambda: repository.info().id, UNPINNED)


def find_root(repository: Repository) -> Root | None:
    """The root document, to show whose keys are whose; None where there is none to be had."""
    try:
        return (repository.trust or shown_trust(repository)).read().root
    except ShelfError:
        return None


def name_signers(data: bytes, root: Root | None) -> str:
    """Who signed an object of the history: owners of keys, where the root document still has them and they did."""
    found = signatures(data)
    good = valid_signers(data, {s.key_id: root.keys[s.key_id] for s in found if s.key_id in root.keys}) if root else []
    names = []
    for signature in found:
        id = signature.key_id
        if root is None or id not in root.keys:
            names.append(f"{short(id)}?")
        elif id in good:
            names.append(root.keys[id].owner or short(id))
        else:
            names.append(f"{short(id)} wrongly")
    return ", ".join(names)
