"""Signing what is written: with a key that readers take, on nothing that was not signed itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.chains.chain import walk_chain
from cloudshelf.chains.commit import Change, change_head, project_chain
from cloudshelf.codecs.names import head_key
from cloudshelf.errors import (
    HeadReplayed,
    KeyNotAllowed,
    KeyUnknown,
    OutcomeUnknown,
    SignatureMissing,
    SigningKeyMissing,
    TrustUnpinned,
    UsageError,
)
from cloudshelf.model import Entry
from cloudshelf.publisher.publish import PublishRequest
from cloudshelf.publisher.publish import publish as put
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.signing.changing import grant, revoke
from cloudshelf.signing.identity import signer_for
from cloudshelf.signing.keys import new_key as write_key
from cloudshelf.signing.pins import Pins
from cloudshelf.stores.memory import MemoryStore
from tests.publisher.wheels import build_wheel

from .shelves import OVER, SignedShelf, forge, new_key, overwrite, public, publish


def test_every_verb_that_moves_a_head_signs_it(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    shelf.publish("numpy", "2")
    curator = Shelf(shelf.store, pins=shelf.pins, signer=shelf.signer())
    curator.default("numpy", "2", by="anna")
    curator.yank("numpy", "1", by="anna")
    curator.unyank("numpy", "1", by="anna")
    curator.rollback("numpy", by="anna")
    curator.named_locks.write("team/q4", curator.lock(["numpy"]).lock, by="anna")
    assert [entry.signed for entry in Shelf(shelf.store, pins=shelf.pins).log("numpy")] == ["anna"] * 6
    assert Shelf(shelf.store, pins=shelf.pins).read_named_lock("team/q4")[0].seq == 1


def test_nobody_signs_on_top_of_what_was_slipped_in(shelf: SignedShelf) -> None:
    """Else an honest publish would make good, with its signature, what somebody who may write had put there."""
    shelf.publish("numpy", "1")
    publish(shelf.store, "numpy", "6.6.6")  # unsigned, by whoever may write
    with pytest.raises(SignatureMissing):
        shelf.publish("numpy", "2")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"shelf": shelf.id}, new_key()))
    with pytest.raises(KeyUnknown):
        shelf.publish("numpy", "2")


def test_nobody_signs_on_top_of_what_was_replayed(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    before = shelf.head("numpy")
    shelf.publish("numpy", "2", signer=shelf.signer(cache=shelf.cache))
    shelf.publish("numpy", "3", signer=shelf.signer(cache=shelf.cache))
    overwrite(shelf.store, head_key("numpy"), before)
    with pytest.raises(HeadReplayed):
        shelf.publish("numpy", "4", signer=shelf.signer(cache=shelf.cache))


@pytest.mark.parametrize("expires", ["", OVER])
def test_a_key_that_readers_would_not_take_writes_nothing(shelf: SignedShelf, expires: str) -> None:
    bea = new_key()
    if expires:
        shelf.change(lambda root: grant(root, public(bea, "bea", expires), {"projects": ["numpy"]}))
    with pytest.raises(KeyNotAllowed, match=r"Your key [0-9a-f]{12} may not sign the head of numpy"):
        shelf.publish("numpy", "1", signer=shelf.signer(bea))
    assert not list(shelf.store.list(head_key("numpy")))


def test_a_key_that_is_not_allowed_is_told_before_anything_is_uploaded(
    memory_shelf: SignedShelf, tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path, "numpy", "1", {"numpy.py": b"x = 1"})
    request = PublishRequest(requirements=(str(wheel),), no_deps=True, by="bea")
    with pytest.raises(KeyNotAllowed):
        put(request, memory_shelf.store, signer=memory_shelf.signer(new_key()), pins=memory_shelf.pins)
    assert not list(memory_shelf.store.list("projects/"))


class Rotating(MemoryStore):
    """A store in which something happens before the next head of a project is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], object]] = []

    def put_new(self, key: str, data: bytes) -> None:
        if "/release/" in key and self.before:
            self.before.pop()()
        super().put_new(key, data)


def test_a_key_that_is_taken_away_in_the_middle_of_a_publish_publishes_nothing(tmp_path: Path) -> None:
    store = Rotating()
    shelf = SignedShelf(store, tmp_path)
    bea = new_key()

    def rotate() -> None:
        shelf.change(lambda root: grant(revoke(root, shelf.anna.id, {}), public(bea, "bea"), {"projects": ["*"]}))

    signer = shelf.signer()
    signer.allow(["numpy"])  # it was when the publish began
    store.before.append(rotate)
    with pytest.raises(KeyNotAllowed):
        shelf.publish("numpy", "1", signer=signer)
    shelf.publish("numpy", "1", signer=shelf.signer(bea))
    assert shelf.reader().head("numpy").default == "1"


def test_many_who_sign_at_once_all_get_through(memory_shelf: SignedShelf) -> None:
    bea = new_key()
    memory_shelf.change(lambda root: grant(root, public(bea, "bea"), {"projects": ["*"]}))
    signers = [memory_shelf.signer(key) for key in (memory_shelf.anna, bea) * 4]

    def work(number: int) -> None:
        for version in range(4):
            entry = Entry(f"{number}{version}".rjust(64, "0"))
            change_head(
                memory_shelf.store,
                "numpy",
                lambda head, e=entry, v=f"{number}.{version}": Change(put={v: e}),
                by="x",
                action="publish",
                signer=signers[number],
            )

    with ThreadPoolExecutor(len(signers)) as pool:
        list(pool.map(work, range(len(signers))))
    head = memory_shelf.reader().head("numpy")
    assert (head.seq, len(head.versions)) == (32, 32)
    chain = walk_chain(memory_shelf.store, project_chain("numpy"), head)
    assert [each.seq for each in chain] == list(range(32, 0, -1))


class Deaf(MemoryStore):
    """The reply of the next heads is lost."""

    lost = 0

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        written = super().replace(key, data, etag=etag)
        if key.startswith("projects/") and self.lost:
            self.lost -= 1
            raise OutcomeUnknown(key, "connection reset")
        return written


def test_a_signed_head_whose_reply_was_lost_is_found_again(tmp_path: Path) -> None:
    store = Deaf()
    shelf = SignedShelf(store, tmp_path)
    store.lost = 1
    shelf.publish("numpy", "1")
    assert shelf.reader().head("numpy").seq == 1


# who has to sign


def keyed(tmp_path: Path) -> str:
    write_key(tmp_path / "anna.key", "anna", b"")
    return str(tmp_path / "anna.key")


def test_where_nobody_signs_nobody_has_to(tmp_path: Path) -> None:
    shelf = Shelf.init(str(tmp_path / "plain"))
    assert signer_for(shelf, "", tmp_path) is None
    signer = signer_for(shelf, keyed(tmp_path), tmp_path)
    assert signer is not None
    publish(shelf.store, "numpy", "1", signer=signer)  # signed all the same, for who requires it one day
    assert Shelf(shelf.store).show("numpy").signed.startswith("with the key ")


@pytest.mark.parametrize(
    ("key", "pinned", "error"),
    [(False, False, SigningKeyMissing), (False, True, SigningKeyMissing), (True, False, TrustUnpinned)],
)
def test_a_shelf_with_a_root_document_wants_a_key_and_somebody_who_says_which_document(
    memory_shelf: SignedShelf, tmp_path: Path, key: bool, pinned: bool, error: type[UsageError]
) -> None:
    shelf = Shelf(memory_shelf.store, pins=memory_shelf.pins if pinned else None)
    with pytest.raises(error):
        signer_for(shelf, keyed(tmp_path) if key else "", tmp_path)


def test_who_requires_signatures_publishes_none_to_a_shelf_without(tmp_path: Path) -> None:
    shelf = Shelf(MemoryStore(), pins=Pins(frozenset(["0" * 64])))
    Shelf.init(str(tmp_path / "plain"))
    with pytest.raises(SigningKeyMissing):
        signer_for(Shelf(Shelf.open(str(tmp_path / "plain")).store, pins=shelf.pins), "", tmp_path)


def test_signatures_do_not_change_what_a_reader_without_settings_sees(memory_shelf: SignedShelf) -> None:
    memory_shelf.publish("numpy", "1")
    head = Repository(memory_shelf.store).head("numpy")
    assert (head.default, head.seq, head.by) == ("1", 1, "anna")
