"""Who signs what a verb changes: the key that a person named, or why nothing can be written without one."""

from __future__ import annotations

from pathlib import Path

from ..chains.seen_heads import SeenHeads
from ..errors import SigningKeyMissing, TrustUnpinned
from ..repository import own_folder
from ..shelf import Shelf
from .keys import read_private
from .signer import HeadSigner
from .trust import Trust

SETTING = "trust"  # of shelf.json: REQUIRED where there is a root document
REQUIRED = "required"


def signer_for(shelf: Shelf, file: str, cache: Path) -> HeadSigner | None:
    """Who signs what is written to ``shelf``, with the private key in ``file``; None where nobody does, or has to.

    Raises SigningKeyMissing where a key has to be named, TrustUnpinned where nobody said which root document to trust,
    KeyUnusable.
    """
    info, pins = shelf.info(), shelf.pins
    is_required = info.settings.get(SETTING) == REQUIRED
    if not file:
        if is_required or pins is not None:
            raise SigningKeyMissing(shelf.url)
        return None
    key = read_private(Path(file).expanduser())
    if pins is None and is_required:
        raise TrustUnpinned(shelf.url)
    cache_folder = own_folder(cache)
    trust = Trust(shelf.store, lambda: info.id, pins, cache=cache_folder) if pins is not None else None
    return HeadSigner(key, info.id, trust, SeenHeads(cache_folder))
