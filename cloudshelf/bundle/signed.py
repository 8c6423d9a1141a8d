"""Signatures in a bundle: heads and root documents of the shelf that it is from, so that they can be checked inside.

The shelf inside has heads of its own, signed by its own curators. What is carried proves where the releases come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..codecs.bundle import Carried
from ..codecs.head import parse_head
from ..codecs.names import TRUST_HEAD, head_key, index_key
from ..codecs.trust import parse_root
from ..errors import BundleInvalid, ObjectMissing
from ..repository import Repository
from ..signing.pins import Pins
from ..signing.telling import shown_trust
from ..signing.trust import Trust
from .file import BundleFile


def find_signed(repository: Repository, chosen: Sequence[Carried]) -> dict[str, bytes]:
    """The heads of ``chosen`` as they are stored, and every root document, by key; nothing of a shelf without.

    Raises as ``Trust.chain``.
    """
    if not repository.info().settings.get("trust"):
        return {}
    kept = dict((repository.trust or shown_trust(repository)).chain())
    for each in chosen:
        if data := repository.signed_head(each.project):
            kept[head_key(each.project)] = data
            older = repository.head(each.project).older
            if older is not None:
                key = index_key(each.project, older)
                kept[key] = repository.store.get(key)
    return kept


def check_signed_bundle(file: BundleFile, pins: Pins) -> None:
    """Raises SignatureError or BundleInvalid unless signed heads, of a root document that ``pins`` lead to, name every
    release that ``file`` carries."""
    store = _Members(file)
    trust = Trust(store, lambda: parse_root(store.get(TRUST_HEAD), TRUST_HEAD).shelf, pins)
    trust.root()
    for carried in file.index.projects:
        key = head_key(carried.project)
        try:
            data = store.get(key)
        except ObjectMissing:
            raise BundleInvalid(store.url, f"it has no signed head of {carried.project}") from None
        trust.check(key, data)
        versions = Repository(store).versions_of(parse_head(data, carried.project, key))
        for version, entry in carried.versions.items():
            if versions.get(version) != entry:
                raise BundleInvalid(store.url, f"{carried.project} {version} in it is not what its signed head names")


class _Members:
    """The members of a bundle as the objects of a store."""

    def __init__(self, file: BundleFile) -> None:
        self._file = file

    @property
    def url(self) -> str:
        return str(self._file.path)

    def get(self, key: str) -> bytes:
        try:
            self._file.check(key)
        except BundleInvalid:
            raise ObjectMissing(key, self.url) from None
        return self._file.read(key)
