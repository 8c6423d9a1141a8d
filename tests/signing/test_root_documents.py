"""Root documents: what administrators change, and how many of them it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.names import TRUST_HEAD, sha256, trust_history_key
from cloudshelf.codecs.trust import parse_root
from cloudshelf.errors import (
    ObjectInvalid,
    OutcomeUnknown,
    TrustExists,
    TrustMoved,
    TrustRefused,
    TrustUndersigned,
    UsageError,
)
from cloudshelf.signing.changing import draft, find_key, first_root, grant, next_root, put_root, revoke, sign_root
from cloudshelf.signing.moments import parse_end
from cloudshelf.signing.pins import FIRST_USE, Pins, parse_pins
from cloudshelf.signing.scopes import Subject, check_pattern, keys_for
from cloudshelf.signing.trust import Stored, Trust
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.protocols import Store

from .shelves import LATER, SignedShelf, forge, new_key, overwrite, public, with_administrators


def test_two_administrators_on_two_machines_sign_one_document(store: Store) -> None:
    """What is signed is final, so it can travel as a file, and each adds a line."""
    ann, bob, curator = new_key(), new_key(), new_key()
    shelf = init_shelf(store, "two")
    first = first_root(shelf, [public(ann, "ann"), public(bob, "bob")], threshold=2, expires=LATER, by="ann")
    by_ann = draft(first, [ann])
    with pytest.raises(TrustUndersigned, match=r"takes the signatures of 2 administrators and has 1; others are: bob"):
        put_root(store, by_ann)
    put_root(store, sign_root(first, by_ann, [bob]))
    trust = Trust(store, lambda: shelf, Pins(frozenset([sha256(store.get(TRUST_HEAD))])))
    root = next_root(trust.read(), lambda r: grant(r, public(curator), {"projects": ["*"]}), by="ann", action="add-key")
    by_ann = draft(root, [ann])
    with pytest.raises(TrustUndersigned):
        put_root(store, by_ann)
    assert trust.renew().seq == 1
    put_root(store, sign_root(root, by_ann, [bob]))
    assert keys_for(trust.renew(), Subject("projects", "numpy")) == (curator.id,)


def test_of_two_changes_at_once_one_is_told_to_begin_again(shelf: SignedShelf) -> None:
    present = shelf.trust().read()
    mine = draft(next_root(present, lambda r: replace(r, threshold=1), by="ann", action="x"), [shelf.root])
    shelf.change(lambda root: root)
    with pytest.raises(TrustMoved, match="make the change again"):
        put_root(shelf.store, mine)


def test_a_shelf_has_one_root_document(shelf: SignedShelf) -> None:
    again = first_root(shelf.id, [public(shelf.root)], threshold=1, expires=LATER, by="ann")
    with pytest.raises(TrustExists):
        put_root(shelf.store, draft(again, [shelf.root]))


class Forgetful(MemoryStore):
    """The next head is written, and nobody is told."""

    forgets = False

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        written = super().replace(key, data, etag=etag)
        if key == TRUST_HEAD and self.forgets:
            raise OutcomeUnknown(key, "connection reset")
        return written


def test_a_document_whose_reply_is_lost_is_there(tmp_path: Path) -> None:
    store = Forgetful()
    shelf = SignedShelf(store, tmp_path)
    store.forgets = True
    shelf.change(lambda root: root)
    assert shelf.trust().root().seq == 3


def test_rotated_administrators_change_it_and_the_old_ones_do_not_any_more(shelf: SignedShelf) -> None:
    bea = new_key()
    both = [shelf.root, bea]
    shelf.change(lambda root: with_administrators(root, [public(bea, "bea")], 1), *both)
    with pytest.raises(TrustUndersigned, match="others are: bea"):
        shelf.change(lambda root: root, shelf.root)
    shelf.change(lambda root: root, bea)
    assert shelf.trust(shelf.cache).root().seq == 4


def test_a_reader_follows_from_any_document_that_it_pinned(shelf: SignedShelf, tmp_path: Path) -> None:
    for _ in range(3):
        shelf.change(lambda root: root)
    middle = next(s.key for s in shelf.store.list("trust/_history/0000000003"))
    copy = tmp_path / "root.json"
    copy.write_bytes(shelf.store.get(middle))
    for text in (middle[-64:], f"sha256:{middle[-64:]}", str(copy), f"{'0' * 64},{copy}"):
        assert Trust(shelf.store, lambda: shelf.id, parse_pins(text, {})).root().seq == 5


def test_first_use_takes_what_it_sees_first_and_nothing_else_after_that(shelf: SignedShelf, tmp_path: Path) -> None:
    pins = parse_pins(FIRST_USE, {})
    assert Trust(shelf.store, lambda: shelf.id, pins, cache=tmp_path).root().seq == 2
    stranger = new_key()
    other = first_root(shelf.id, [public(stranger)], threshold=1, expires=LATER, by="x")
    overwrite(shelf.store, TRUST_HEAD, draft(replace(other, seq=3, prev="0" * 64), [stranger]))
    with pytest.raises(TrustRefused, match="document 2, which it names, is not there"):
        Trust(shelf.store, lambda: shelf.id, pins, cache=tmp_path).root()


@pytest.mark.parametrize("text", ["yes", "sha256:12", "root.json", "../root.json", "/not/there", "first_use"])
def test_a_pin_that_cannot_be_understood_is_an_error_not_nothing(text: str) -> None:
    with pytest.raises(UsageError):
        parse_pins(text, {})


def test_nothing_pinned_is_nothing_required() -> None:
    assert parse_pins(" , ", {}) is None


@pytest.mark.parametrize(
    ("role", "names", "subject", "expected"),
    [
        ("projects", ["*"], "numpy", True),
        ("projects", ["num*"], "numpy", True),
        ("projects", ["num-*"], "numpy", False),
        ("projects", ["numpy"], "numpy-extra", False),
        ("projects", ["numpy"], "numpy", True),
        ("projects", ["Ours_*"], "ours-tools", True),
        ("projects", [], "numpy", False),
        ("locks", ["team/*"], "team/2026q4", True),
        ("locks", ["team/*"], "teams/2026q4", False),
        ("locks", ["*"], "team/2026q4", True),
    ],
)
def test_a_pattern_means_the_names_that_begin_so(
    memory_shelf: SignedShelf, role: str, names: Sequence[str], subject: str, expected: bool
) -> None:
    bea = new_key()
    root = grant(
        replace(memory_shelf.trust().root(), roles={r: {} for r in ("projects", "locks", "recall")}),
        public(bea),
        {role: names},
    )
    assert (bea.id in keys_for(root, Subject(role, subject))) is expected


def test_the_most_exact_pattern_decides(memory_shelf: SignedShelf) -> None:
    keys = {name: new_key() for name in ("*", "ours-*", "ours-data-*", "ours-data-core")}
    root = memory_shelf.trust().root()
    root = replace(root, roles={**root.roles, "projects": {}})
    for name, key in keys.items():
        root = grant(root, public(key), {"projects": [name]})
    for project, name in {
        "numpy": "*",
        "ours-a": "ours-*",
        "ours-data-x": "ours-data-*",
        "ours-data-core": "ours-data-core",
    }.items():
        assert keys_for(root, Subject("projects", project)) == (keys[name].id,)


def test_a_key_is_taken_from_one_name_or_from_all(memory_shelf: SignedShelf) -> None:
    bea = new_key()
    root = grant(
        memory_shelf.trust().root(), public(bea, "bea"), {"projects": ["numpy", "pandas"], "locks": ["team/*"]}
    )
    less = revoke(root, bea.id, {"projects": ["numpy"]})
    assert keys_for(less, Subject("projects", "numpy")) == (memory_shelf.anna.id,)  # that of "*" again
    assert keys_for(less, Subject("projects", "pandas")) == (bea.id,)
    none = revoke(root, bea.id, {})
    assert all(bea.id not in ids for names in none.roles.values() for ids in names.values())


@pytest.mark.parametrize("pattern", ["", "../*", "a/b", "Num Py", "*numpy", "nu*py", "-", "a-*-b"])
def test_what_is_no_name_is_no_pattern(pattern: str) -> None:
    with pytest.raises(UsageError):
        check_pattern("projects", pattern)


def test_a_key_is_named_by_its_owner_or_by_the_beginning_of_its_id(memory_shelf: SignedShelf) -> None:
    root = memory_shelf.trust().root()
    assert find_key(root, "anna") == find_key(root, memory_shelf.anna.id[:8]) == memory_shelf.anna.id
    for text in ("", "zoe"):
        with pytest.raises(UsageError, match=r"there are: .*anna"):
            find_key(root, text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [("90d", "2027-02-24T12:00:00Z"), ("1y", "2027-11-26T12:00:00Z"), ("2027-11-01", "2027-11-01T23:59:59Z")],
)
def test_an_end_is_a_while_from_now_or_a_day(text: str, moment: str) -> None:
    assert parse_end(text, "2026-11-26T12:00:00Z") == moment


@pytest.mark.parametrize("text", ["0d", "2020-01-01", "soon", "9999y", "-1d", "1e3d"])
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_end(text, "2026-11-26T12:00:00Z")


@pytest.mark.parametrize(
    "fields",
    [
        {"threshold": 0},
        {"threshold": 2},
        {"administrators": ["0" * 64]},
        {"administrators": []},
        {"keys": {"0" * 64: {"ed25519": "AAAA", "owner": "", "expires": ""}}},
        {"roles": {"projects": {"*": ["0" * 64]}}},
        {"roles": []},
        {"expires": ""},
        {"expires": "tomorrow"},
        {"prev": None},
        {"seq": -1},
    ],
)
def test_a_document_that_could_not_be_meant_is_refused(memory_shelf: SignedShelf, fields: dict[str, object]) -> None:
    with pytest.raises(ObjectInvalid):
        parse_root(forge(memory_shelf.store.get(TRUST_HEAD), fields), TRUST_HEAD)


def test_every_document_stays_in_history(shelf: SignedShelf) -> None:
    before = shelf.store.get(TRUST_HEAD)
    shelf.change(lambda root: root)
    assert shelf.store.get(trust_history_key(2, sha256(before))) == before


def test_what_was_taken_out_leaves_no_key_behind(shelf: SignedShelf) -> None:
    shelf.change(lambda root: revoke(root, shelf.anna.id, {}))
    assert list(shelf.trust().root().keys) == [shelf.root.id]
    assert isinstance(shelf.trust().read(), Stored)
