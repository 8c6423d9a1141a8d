"""The attacks of TUF (The Update Framework 1.0, §1.5.2), one by one, by somebody who may write to the shelf.

What is not protected is here, too, as a test that says so. Slow retrieval and endless bodies are of the transport:
tests/contract/test_s3_faults.py, tests/bad_input/test_slow.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cloudshelf.catalog import project_facts
from cloudshelf.codecs.catalog import closure_key, format_closure
from cloudshelf.codecs.envelope import LARGEST_COUNT, MOST_SIGNATURES, add_signature, signatures, signed_line
from cloudshelf.codecs.names import TRUST_HEAD, head_key, history_key, lock_head_key, release_key, sha256
from cloudshelf.errors import (
    HeadReplayed,
    KeyExpired,
    KeyUnknown,
    ObjectInvalid,
    SignatureMissing,
    SignatureWrong,
    TrustExpired,
    TrustMissing,
    TrustRefused,
)
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.signing import trust as trust_module
from cloudshelf.signing.changing import draft, grant, next_root, revoke
from cloudshelf.signing.keys import PrivateKey
from cloudshelf.signing.pins import Pins
from cloudshelf.signing.trust import Stored, Trust

from .shelves import (
    OVER,
    SignedShelf,
    forge,
    new_key,
    overwrite,
    public,
    publish,
    signatures_of,
    with_administrators,
)

# arbitrary software


def test_what_is_signed_is_taken(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    assert shelf.reader(shelf.cache).head("numpy").default == "1"


def test_a_head_that_is_not_signed_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1", signer=None)
    with pytest.raises(SignatureMissing, match=r"(?s)The head of numpy on .* is not signed.*trust sign numpy"):
        shelf.reader().head("numpy")


def test_a_signature_that_was_taken_away_makes_a_head_unsigned(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    data = shelf.head("numpy")
    overwrite(shelf.store, head_key("numpy"), data[: -len(signatures_of(data))])
    with pytest.raises(SignatureMissing):
        shelf.reader().head("numpy")


def test_a_head_with_other_versions_and_the_old_signature_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    data = shelf.head("numpy")
    overwrite(shelf.store, head_key("numpy"), forge(data, {"default": None}) + signatures_of(data))
    with pytest.raises(SignatureWrong, match="it is not what the key"):
        shelf.reader().head("numpy")


def test_a_head_that_a_stranger_signed_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"default": None}, new_key()))
    with pytest.raises(KeyUnknown, match="which may not sign it; these may: anna"):
        shelf.reader().head("numpy")


def test_a_strangers_signature_beside_a_good_one_hinders_nobody(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    stranger, data = new_key(), shelf.head("numpy")
    line, digest, good = data.split(b"\n", 2)
    strange = add_signature(b"%b\n%b\n" % (line, digest), stranger.id, stranger.sign(line))
    overwrite(shelf.store, head_key("numpy"), strange + good)
    assert shelf.reader().head("numpy").default == "1"


def test_the_id_of_a_good_key_on_a_strangers_signature_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1", signer=None)
    data, stranger = shelf.head("numpy"), new_key()
    overwrite(shelf.store, head_key("numpy"), add_signature(data, shelf.anna.id, stranger.sign(signed_line(data))))
    with pytest.raises(SignatureWrong):
        shelf.reader().head("numpy")


def test_a_release_in_the_place_of_one_that_a_signed_head_names_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    digest = shelf.reader().head("numpy").versions["1"].release
    evil = publish(shelf.store, "evil", "1")
    overwrite(shelf.store, release_key("numpy", digest), repr(evil).encode())
    with pytest.raises(ObjectInvalid, match="its bytes are not those that its name says"):
        shelf.reader().release("numpy", "1")


# wrong key: each name its keys


def test_a_key_signs_the_projects_that_it_is_for_and_no_others(shelf: SignedShelf) -> None:
    bea = new_key()
    shelf.change(lambda root: grant(root, public(bea, "bea"), {"projects": ["ours-*"]}))
    shelf.publish("ours-tools", "1", signer=shelf.signer(bea))
    shelf.publish("numpy", "1")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"shelf": shelf.id}, bea))
    assert shelf.reader().head("ours-tools").default == "1"
    with pytest.raises(KeyUnknown, match="numpy"):
        shelf.reader().head("numpy")


def test_where_a_name_has_keys_of_its_own_those_of_a_wider_pattern_do_not_count(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")  # by anna, whose key is for "*"
    shelf.change(lambda root: grant(root, public(new_key(), "bea"), {"projects": ["numpy"]}))
    with pytest.raises(KeyUnknown, match="these may: bea"):
        shelf.reader().head("numpy")


def test_the_administrators_key_signs_no_head(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"shelf": shelf.id}, shelf.root))
    with pytest.raises(KeyUnknown):
        shelf.reader().head("numpy")


def test_a_signed_head_of_one_project_is_none_of_another(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    shelf.publish("pandas", "1")
    overwrite(shelf.store, head_key("pandas"), shelf.head("numpy"))
    with pytest.raises(ObjectInvalid, match="it is the head of 'numpy'"):
        shelf.reader().head("pandas")


def test_a_signature_of_a_lock_is_none_of_a_project(shelf: SignedShelf) -> None:
    """The kind stands in the signed line, so nobody has a curator of locks sign what passes for a head."""
    shelf.publish("numpy", "1")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"kind": "lock-head"}, shelf.anna))
    with pytest.raises(ObjectInvalid, match="it is not a head"):
        shelf.reader().head("numpy")


def test_what_was_signed_for_another_shelf_is_refused(shelf: SignedShelf) -> None:
    """One curator, one key, two shelves: what was tried out on one is not published on the other."""
    shelf.publish("numpy", "1")
    overwrite(shelf.store, head_key("numpy"), forge(shelf.head("numpy"), {"shelf": "of-another-one"}, shelf.anna))
    with pytest.raises(SignatureWrong, match="it was signed for another shelf"):
        shelf.reader().head("numpy")


# rollback, fast-forward


def test_a_signed_head_from_before_is_refused_by_who_saw_a_later_one(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    before = shelf.head("numpy")
    shelf.publish("numpy", "2")
    shelf.reader(shelf.cache).head("numpy")
    overwrite(shelf.store, head_key("numpy"), before)
    with pytest.raises(HeadReplayed):
        shelf.reader(shelf.cache).head("numpy")


def test_not_protected_who_saw_nothing_takes_a_signed_head_from_before(shelf: SignedShelf, tmp_path: Path) -> None:
    shelf.publish("numpy", "1")
    before = shelf.head("numpy")
    shelf.publish("numpy", "2")
    overwrite(shelf.store, head_key("numpy"), before)
    assert list(shelf.reader(tmp_path / "another").head("numpy").versions) == ["1"]


def test_who_stole_a_key_cannot_make_a_head_that_no_honest_one_overtakes(shelf: SignedShelf) -> None:
    """A fast-forward attack (TUF 1.0 §5.3.11): the sequence is remembered with the key, and goes with it."""
    shelf.publish("numpy", "1")
    honest, bea = shelf.head("numpy"), new_key()
    shelf.reader(shelf.cache).head("numpy")
    overwrite(shelf.store, head_key("numpy"), forge(honest, {"seq": LARGEST_COUNT, "skips": []}, shelf.anna))
    shelf.reader(shelf.cache).head("numpy")
    shelf.change(lambda root: grant(revoke(root, shelf.anna.id, {}), public(bea, "bea"), {"projects": ["*"]}))
    overwrite(shelf.store, head_key("numpy"), forge(honest, {"seq": 2}, bea))
    assert shelf.reader(shelf.cache).head("numpy").seq == 2
    overwrite(shelf.store, head_key("numpy"), forge(honest, {"seq": 1}, bea))
    with pytest.raises(HeadReplayed):
        shelf.reader(shelf.cache).head("numpy")


def test_what_nobody_signed_is_not_remembered_against_what_is(shelf: SignedShelf) -> None:
    """Who requires signatures from today on is not kept from a signed head by an unsigned one that was seen before."""
    shelf.publish("numpy", "1")
    signed = shelf.head("numpy")
    publish(shelf.store, "numpy", "2")
    Repository(shelf.store, cache=shelf.cache).head("numpy")
    overwrite(shelf.store, head_key("numpy"), signed)
    assert shelf.reader(shelf.cache).head("numpy").seq == 1


# freeze, mix-and-match


def test_what_is_frozen_is_refused_when_the_root_document_ends(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    shelf.change(lambda root: replace(root, expires=OVER))
    with pytest.raises(TrustExpired, match=f"ended at {OVER}: what is there may be old"):
        shelf.reader().head("numpy")


def test_not_protected_projects_of_different_days_beside_each_other(shelf: SignedShelf) -> None:
    """No document says which heads belong together; a named lock does, and its head is signed."""
    shelf.publish("numpy", "1")
    before = shelf.head("numpy")
    shelf.publish("numpy", "2")
    shelf.publish("pandas", "2")
    overwrite(shelf.store, head_key("numpy"), before)
    reader = shelf.reader()
    assert (list(reader.head("numpy").versions), reader.head("pandas").default) == (["1"], "2")


def test_a_named_lock_that_is_not_signed_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    unpinned = Shelf(shelf.store)
    lock = unpinned.lock(["numpy"]).lock
    unpinned.named_locks.write("team/q4", lock, by="mallory")
    with pytest.raises(SignatureMissing, match="The lock team/q4"):
        Shelf(shelf.store, pins=shelf.pins).read_named_lock("team/q4")


def test_a_signed_named_lock_from_before_is_refused_by_who_saw_a_later_one(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    curator = Shelf(shelf.store, pins=shelf.pins, signer=shelf.signer())
    curator.named_locks.write("team/q4", curator.lock(["numpy"]).lock, by="anna")
    before = shelf.store.get(lock_head_key("team/q4"))
    curator.named_locks.remove("team/q4", by="anna")
    reader = Shelf(shelf.store, pins=shelf.pins, cache=shelf.cache)
    assert [state.seq for state in reader.named_locks.history("team/q4")] == [2, 1]
    overwrite(shelf.store, lock_head_key("team/q4"), before)
    with pytest.raises(HeadReplayed):
        reader.read_named_lock("team/q4")


# endless data, extraneous dependencies


def test_more_signatures_than_anybody_needs_cost_a_reader_nothing(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    data = shelf.head("numpy")
    padding = b"".join(b"ed25519 %064x AAAA\n" % n for n in range(10_000))
    overwrite(shelf.store, head_key("numpy"), data + padding)
    assert len(signatures(shelf.head("numpy"))) <= MOST_SIGNATURES
    assert shelf.reader().head("numpy").default == "1"


def test_a_root_document_does_not_have_a_reader_ask_without_end(
    shelf: SignedShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        shelf.change(lambda root: root)
    monkeypatch.setattr(trust_module, "MOST", 3)
    with pytest.raises(TrustRefused, match="more than 3 root documents"):
        shelf.trust().root()


def test_a_dependency_that_only_the_catalog_names_is_not_pinned(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    evil = shelf.publish("evil", "1")
    digest = sha256_of_release(shelf, "evil")
    rows = (("numpy", "1", sha256_of_release(shelf, "numpy")), ("evil", "1", digest))
    facts = project_facts(Repository(shelf.store), "numpy")._replace(closure=rows)
    overwrite(shelf.store, closure_key("numpy"), format_closure(facts))
    lock = Shelf(shelf.store, pins=shelf.pins).lock(["numpy"]).lock
    assert evil.project == "evil"
    assert [pin.project for pin in lock.pins] == ["numpy"]


def sha256_of_release(shelf: SignedShelf, project: str) -> str:
    return shelf.reader().head(project).versions["1"].release


# key compromise


def test_what_a_key_signed_is_refused_from_when_it_is_taken_away(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    bea = new_key()
    shelf.change(lambda root: grant(revoke(root, shelf.anna.id, {}), public(bea, "bea"), {"projects": ["*"]}))
    with pytest.raises(KeyUnknown, match="these may: bea"):
        shelf.reader().head("numpy")
    shelf.publish("numpy", "2", signer=shelf.vouching(bea))
    assert sorted(shelf.reader().head("numpy").versions) == ["1", "2"]


def test_what_a_key_signed_is_refused_when_the_key_has_ended(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    shelf.change(lambda root: grant(root, public(shelf.anna, "anna", OVER), {}))
    with pytest.raises(KeyExpired, match=f"a key of anna that ended at {OVER}"):
        shelf.reader().head("numpy")


def test_a_key_that_ended_beside_one_that_has_not_is_enough(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    bea, data = new_key(), shelf.head("numpy")
    shelf.change(lambda root: grant(root, public(bea, "bea"), {"projects": ["*"]}))
    shelf.change(lambda root: grant(root, public(shelf.anna, "anna", OVER), {}))
    overwrite(shelf.store, head_key("numpy"), add_signature(data, bea.id, bea.sign(signed_line(data))))
    assert shelf.reader().head("numpy").default == "1"


# the root document itself


def present(shelf: SignedShelf) -> Stored:
    return shelf.trust().read()


def test_a_shelf_without_a_root_document_is_refused(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    shelf.store.delete(TRUST_HEAD)
    with pytest.raises(TrustMissing):
        shelf.reader(shelf.cache).head("numpy")


def test_another_root_document_than_the_pinned_one_is_refused(shelf: SignedShelf) -> None:
    with pytest.raises(TrustRefused, match="does not descend from sha256:"):
        Trust(shelf.store, lambda: shelf.id, Pins(frozenset(["0" * 64]))).root()


@pytest.mark.parametrize("signers", ["the old ones", "the new ones", "nobody", "strangers"])
def test_other_administrators_have_to_be_named_by_the_old_and_agree(shelf: SignedShelf, signers: str) -> None:
    """TUF 1.0 §5.3.4: the next root is signed by enough keys of the one before, and by enough of its own."""
    bea, stranger = new_key(), new_key()
    keys = {"the old ones": [shelf.root], "the new ones": [bea], "nobody": [], "strangers": [stranger]}[signers]
    second = present(shelf)
    slip_in(shelf, second, [bea], keys)
    with pytest.raises(TrustRefused, match=r"was signed by 0 of .*, and takes 1"):
        shelf.trust().root()
    slip_in(shelf, second, [bea], [shelf.root, bea])
    assert shelf.trust().root().administrators == (bea.id,)


def test_one_administrator_who_signs_twice_is_not_two(shelf: SignedShelf) -> None:
    bea = new_key()
    slip_in(shelf, present(shelf), [shelf.root, bea], [shelf.root])
    data = shelf.store.get(TRUST_HEAD)
    overwrite(shelf.store, TRUST_HEAD, add_signature(data, shelf.root.id, shelf.root.sign(signed_line(data))))
    with pytest.raises(TrustRefused, match="was signed by 1 of its own administrators, and takes 2"):
        shelf.trust().root()


def test_a_root_document_that_skips_one_is_refused(shelf: SignedShelf) -> None:
    root = next_root(present(shelf), lambda root: root, by="root", action="skip")
    overwrite(shelf.store, TRUST_HEAD, draft(replace(root, seq=root.seq + 1), [shelf.root]))
    with pytest.raises(TrustRefused, match=r"document 3, which it names, is not there"):
        shelf.trust().root()


def test_the_root_document_of_another_shelf_is_refused(shelf: SignedShelf) -> None:
    root = next_root(present(shelf), lambda root: replace(root, shelf="another"), by="root", action="move")
    overwrite(shelf.store, TRUST_HEAD, draft(root, [shelf.root]))
    with pytest.raises(TrustRefused, match="that of another shelf"):
        shelf.trust().root()


def test_a_root_document_from_before_is_refused_by_who_saw_a_later_one(shelf: SignedShelf) -> None:
    """So that a key which was taken away does not come back."""
    before = shelf.store.get(TRUST_HEAD)
    shelf.change(lambda root: revoke(root, shelf.anna.id, {}))
    shelf.trust(shelf.cache).root()
    overwrite(shelf.store, TRUST_HEAD, before)
    with pytest.raises(HeadReplayed):
        shelf.trust(shelf.cache).root()


def test_a_chain_that_was_forked_is_refused_by_who_saw_the_other_branch(shelf: SignedShelf) -> None:
    base = shelf.store.get(TRUST_HEAD)
    shelf.change(lambda root: root)
    shelf.trust(shelf.cache).root()
    assert present(shelf).root.seq == 3
    overwrite(shelf.store, TRUST_HEAD, base)
    for _ in range(2):  # a longer one
        shelf.change(lambda root: root)
    with pytest.raises(TrustRefused, match="does not descend from document 3, which was seen before"):
        shelf.trust(shelf.cache).root()


def slip_in(
    shelf: SignedShelf, second: Stored, administrators: Sequence[PrivateKey], keys: Iterable[PrivateKey]
) -> None:
    """A root document after ``second``, with these administrators, who all have to sign, signed by ``keys``."""
    keyed = [public(key) for key in administrators]
    root = next_root(second, lambda root: with_administrators(root, keyed, len(keyed)), by="x", action="rotate")
    overwrite(shelf.store, TRUST_HEAD, draft(root, keys))


def test_history_keeps_what_was_signed(shelf: SignedShelf) -> None:
    shelf.publish("numpy", "1")
    data = shelf.head("numpy")
    assert shelf.store.get(history_key("numpy", 1, sha256(data))) == data
