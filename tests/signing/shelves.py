"""A shelf whose heads are signed, with real keys; and what somebody can do who may write there, and has no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloudshelf.catalog import project_facts, update_catalog
from cloudshelf.chains.chain import Signer
from cloudshelf.chains.commit import Change, change_head, init_shelf, put_immutable
from cloudshelf.chains.seen_heads import SeenHeads
from cloudshelf.codecs.envelope import add_signature, signed_line, with_fields
from cloudshelf.codecs.names import TRUST_HEAD, head_key, release_key, sha256
from cloudshelf.codecs.release import format_release
from cloudshelf.codecs.trust import Root, TrustedKey
from cloudshelf.errors import ObjectMissing
from cloudshelf.model import Entry, Head, Release
from cloudshelf.repository import Repository, own_folder
from cloudshelf.shelf_settings import change_settings
from cloudshelf.signing.changing import draft, first_root, grant, next_root, put_root
from cloudshelf.signing.identity import REQUIRED, SETTING
from cloudshelf.signing.keys import PrivateKey
from cloudshelf.signing.pins import Pins
from cloudshelf.signing.signer import HeadSigner, VouchingSigner
from cloudshelf.signing.trust import Stored, Trust
from cloudshelf.stores.protocols import Store
from tests.repository.shelves import make_wheel

LATER = "2099-01-01T00:00:00Z"
OVER = "2001-01-01T00:00:00Z"


def new_key() -> PrivateKey:
    made = Ed25519PrivateKey.generate()
    public = made.public_key().public_bytes_raw()
    return PrivateKey(sha256(public), public, made.sign)


def public(key: PrivateKey, owner: str = "", expires: str = "") -> TrustedKey:
    return TrustedKey(key.public, owner, expires)


class SignedShelf:
    """A shelf with a root document: ``root`` administers it, ``anna`` may sign every project and every lock."""

    def __init__(self, store: Store, cache: Path, *, expires: str = LATER) -> None:
        self.store, self.cache = store, cache
        self.root, self.anna = new_key(), new_key()
        self.id = init_shelf(store, "signed")
        first = first_root(self.id, [public(self.root, "root")], threshold=1, expires=expires, by="root")
        data = draft(first, [self.root])
        put_root(store, data)
        change_settings(store, {SETTING: REQUIRED})
        self.pins = Pins(frozenset([sha256(data)]))
        self.change(lambda root: grant(root, public(self.anna, "anna"), {"projects": ["*"], "locks": ["*"]}))

    def change(self, edit: Callable[[Root], Root], *keys: PrivateKey) -> bytes:
        """A further root document, signed with ``keys`` (default: the administrator's); its bytes."""
        data = self.store.get(TRUST_HEAD)
        root = next_root(Stored(self.trust().read().root, data), edit, by="root", action="change")
        made = draft(root, keys or [self.root])
        put_root(self.store, made)
        return made

    def trust(self, cache: Path | None = None) -> Trust:
        return Trust(self.store, lambda: self.id, self.pins, cache=cache)

    def reader(self, cache: Path | None = None, *, pins: Pins | None = None) -> Repository:
        """Somebody who requires signatures; with ``cache`` they remember what they saw."""
        return Repository(self.store, cache=cache, pins=pins or self.pins)

    def signer(self, key: PrivateKey | None = None, cache: Path | None = None) -> HeadSigner:
        return HeadSigner(key or self.anna, self.id, self.trust(cache), SeenHeads(own_folder(cache)))

    def vouching(self, key: PrivateKey) -> VouchingSigner:
        return VouchingSigner(key, self.id, self.trust(), SeenHeads(None))

    def publish(self, project: str, version: str, *, signer: Signer | bool | None = True, **wheel: Any) -> Release:
        """A version, by anna, or with another ``signer`` (None: not signed)."""
        return publish(
            self.store, project, version, signer=self.signer() if signer is True else signer or None, **wheel
        )

    def head(self, project: str) -> bytes:
        return self.store.get(head_key(project))


def publish(
    store: Store, project: str, version: str, *, signer: Signer | None = None, catalog: bool = True, **wheel: Any
) -> Release:
    release = Release(project, version, "", "MIT", (make_wheel(store, project, version, **wheel),))
    data = format_release(release)
    put_immutable(store, release_key(project, sha256(data)), data)

    def change(head: Head | None) -> Change:
        default = version if head is None or head.default is None else None
        return Change(put={version: Entry(sha256(data))}, default=default)

    change_head(store, project, change, by="anna", action=f"publish {version}", signer=signer)
    if catalog:
        update_catalog(store, [project_facts(Repository(store), project)])
    return release


def overwrite(store: Store, key: str, data: bytes) -> None:
    """What who may write can do to any key."""
    try:
        etag: str | None = store.get_tagged(key)[1]
    except ObjectMissing:
        etag = None
    store.replace(key, data, etag=etag)


def forge(data: bytes, fields: Mapping[str, Any], key: PrivateKey | None = None) -> bytes:
    """Another object in the place of ``data``, signed with a key that the attacker has, if they have one."""
    made = with_fields(data, dict(fields))
    return add_signature(made, key.id, key.sign(signed_line(made))) if key else made


def signatures_of(data: bytes) -> bytes:
    """The lines of signatures of an object."""
    return data.split(b"\n", 2)[2]


def with_administrators(root: Root, keys: Sequence[TrustedKey], threshold: int) -> Root:
    return replace(
        root,
        administrators=tuple(key.id for key in keys),
        threshold=threshold,
        keys={**root.keys, **{key.id: key for key in keys}},
    )
