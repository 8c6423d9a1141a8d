"""Block lists where signatures are required: nobody who can only write blocks, unblocks or hides anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.codecs.recall import HEAD
from cloudshelf.errors import HeadReplayed, KeyNotAllowed, SignatureError
from cloudshelf.recall.blocking import block, unblock
from cloudshelf.repository import Repository
from cloudshelf.shelf_settings import change_settings
from cloudshelf.signing.changing import grant
from cloudshelf.stores.memory import MemoryStore
from tests.signing.shelves import SignedShelf, new_key, overwrite, public


@pytest.fixture
def shelf(tmp_path: Path) -> SignedShelf:
    """anna may sign the block list, too."""
    shelf = SignedShelf(MemoryStore(), tmp_path / "cache")
    shelf.change(lambda root: grant(root, public(shelf.anna, "anna"), {"recall": ["*"]}))
    return shelf


def texts(repository: Repository) -> list[str]:
    found = repository.recalled()
    return [each.text for each in found.blocks] if found else []


def test_a_signed_list_is_taken_and_one_that_nobody_signed_is_refused(shelf: SignedShelf) -> None:
    block(shelf.store, ["torch==1"], reason="stop", by="anna", signer=shelf.signer())
    assert texts(shelf.reader()) == ["torch==1"]
    block(shelf.store, ["numpy"], reason="mischief", by="mallory")
    with pytest.raises(SignatureError, match=r"The list of what is blocked on .* is not signed"):
        shelf.reader().recalled()
    assert texts(Repository(shelf.store)) == ["numpy", "torch==1"]  # who requires nothing takes it


def test_a_key_that_is_not_for_blocking_blocks_nothing(shelf: SignedShelf) -> None:
    stranger = new_key()
    shelf.change(lambda root: grant(root, public(stranger, "bob"), {"projects": ["*"]}))
    with pytest.raises(KeyNotAllowed):
        block(shelf.store, ["torch==1"], reason="stop", by="bob", signer=shelf.signer(stranger))


def test_nobody_signs_on_top_of_a_list_that_was_slipped_in(shelf: SignedShelf) -> None:
    block(shelf.store, ["numpy"], reason="mischief", by="mallory")
    with pytest.raises(SignatureError):
        unblock(shelf.store, ["numpy"], by="anna", signer=shelf.signer())


def test_a_shelf_json_that_hides_the_list_hides_nothing_from_who_requires_signatures(shelf: SignedShelf) -> None:
    block(shelf.store, ["torch==1"], reason="stop", by="anna", signer=shelf.signer())
    change_settings(shelf.store, {"recall": None})
    assert texts(shelf.reader()) == ["torch==1"]
    assert texts(Repository(shelf.store)) == []


def test_an_older_signed_list_is_refused_by_who_saw_the_later_one(shelf: SignedShelf, tmp_path: Path) -> None:
    block(shelf.store, ["torch==1"], reason="stop", by="anna", signer=shelf.signer())
    old = shelf.store.get(HEAD)
    block(shelf.store, ["numpy==1"], reason="stop", by="anna", signer=shelf.signer())
    assert texts(shelf.reader(tmp_path)) == ["numpy==1", "torch==1"]
    overwrite(shelf.store, HEAD, old)
    with pytest.raises(HeadReplayed):
        shelf.reader(tmp_path).recalled()
