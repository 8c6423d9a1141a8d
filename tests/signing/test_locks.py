"""Locks under required signatures: a lock takes only what a signed head named, and that is asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.codecs.lock import format_lock
from cloudshelf.codecs.names import SHELF, TRUST_HEAD, head_key, sha256
from cloudshelf.codecs.recall import HEAD as RECALL
from cloudshelf.errors import PinUnsigned, SignatureMissing
from cloudshelf.model import Lock
from cloudshelf.shelf import Shelf
from cloudshelf.signing.pins import Pins
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.verbs.pinning import lock as lock_verb
from cloudshelf.verbs.pinning import use
from cloudshelf.verbs.restoring import sync
from tests.repository.test_round_trips import Waves

from .shelves import SignedShelf, overwrite, publish


@pytest.fixture
def chain(memory_shelf: SignedShelf) -> SignedShelf:
    """a needs b, which needs c."""
    for name, needs in {"c": [], "b": ["c"], "a": ["b"]}.items():
        memory_shelf.publish(name, "1", requires=needs)
    memory_shelf.pins = Pins(frozenset([sha256(memory_shelf.store.get(TRUST_HEAD))]))
    return memory_shelf


def signed(shelf: SignedShelf, store: object | None = None) -> Shelf:
    return Shelf(store or shelf.store, pins=shelf.pins)  # type: ignore[arg-type]


def locked(shelf: SignedShelf, *names: str) -> Lock:
    return Shelf(shelf.store).lock(names).lock


def test_a_lock_of_what_was_signed_is_taken(chain: SignedShelf) -> None:
    signed(chain).check_pins(locked(chain, "a"))


def test_a_lock_of_what_no_signed_head_named_is_refused(chain: SignedShelf) -> None:
    """Somebody who may write puts objects on the shelf, and sends a notebook that pins them."""
    good = chain.head("b")
    publish(chain.store, "b", "6.6.6", requires=["c"])
    slipped = Shelf(chain.store).lock(["a", "b==6.6.6"]).lock
    overwrite(chain.store, head_key("b"), good)
    with pytest.raises(PinUnsigned, match=r"No signed head of b on .* ever named what the lock has as b 6\.6\.6"):
        signed(chain).check_pins(slipped)


def test_another_manifest_under_a_version_that_was_signed_is_refused(chain: SignedShelf) -> None:
    lock = locked(chain, "c")
    evil = lock.pins[0]._replace(manifest=f"{'6' * 64}.0")
    with pytest.raises(PinUnsigned):
        signed(chain).check_pins(lock._replace(pins=(evil,)))


def test_a_lock_is_refused_where_the_head_is_not_signed_now(chain: SignedShelf) -> None:
    lock = locked(chain, "c")
    publish(chain.store, "c", "2")
    with pytest.raises(SignatureMissing):
        signed(chain).check_pins(lock)


def test_a_lock_of_a_release_that_was_replaced_since_is_found_in_the_history(chain: SignedShelf) -> None:
    """A second wheel of a version makes a new release object; locks of the first stay good."""
    lock = locked(chain, "c")
    before = lock.pins[0]
    chain.publish("c", "1", requires=["b"])  # another release object under the same version
    assert locked(chain, "c").pins[0].release != before.release
    signed(chain).check_pins(lock)


def test_what_was_checked_is_not_asked_again(chain: SignedShelf) -> None:
    lock, store = locked(chain, "a"), CountingStore(chain.store)
    signed(chain, store).check_pins(lock, remembered=chain.cache)
    first = store.counts.total
    assert first == 2 + 3 * len(lock.pins)  # shelf.json, root document; head, release and manifest of each
    signed(chain, store).check_pins(lock, remembered=chain.cache)
    assert store.counts.total == first
    other = lock._replace(pins=(lock.pins[0]._replace(manifest=f"{'6' * 64}.0"), *lock.pins[1:]))
    with pytest.raises(PinUnsigned):
        signed(chain, store).check_pins(other, remembered=chain.cache)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and no fetcher."""
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "verbs"))
    monkeypatch.setattr("cloudshelf.importing.client.reach", lambda *, start, shelf: False)


def pin_text(shelf: SignedShelf) -> str:
    return ",".join(sorted(shelf.pins.digests))


def test_a_cold_start_with_a_lock_waits_no_longer(
    chain: SignedShelf, alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads and releases are asked for at the same time as manifests: one wave, as without signatures."""
    text = format_lock(locked(chain, "a"))
    everything = {stored.key for stored in chain.store.list("")}
    wave = {key for key in everything if key.endswith("/head") or "/release/" in key or "/manifest/" in key}
    store = Waves(chain.store, {SHELF, TRUST_HEAD, *wave}, {RECALL})  # type: ignore[arg-type]
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: store)
    result = sync({"lock": text, "shelf": chain.store.url, "trust": pin_text(chain)}, lambda event: None)
    assert len(result["pins"]) == 3
    again = Waves(chain.store)
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: again)
    sync({"lock": text, "shelf": chain.store.url, "trust": pin_text(chain)}, lambda event: None)
    assert again.asked == set()


def test_a_use_costs_two_requests_more(chain: SignedShelf, alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for number, trust in enumerate(["", pin_text(chain)]):
        monkeypatch.setenv("CLOUDSHELF_CACHE", str(chain.cache / str(number)))
        store = CountingStore(chain.store)
        monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url, store=store: store)
        use({"requirements": ["a"], "shelf": chain.store.url, "trust": trust}, lambda event: None)
        counts.append(store.counts.total)
    assert counts[1] == counts[0] + 2  # the root document; the block list, of which unsigned settings may keep silent


def test_a_lock_gets_a_name_only_if_what_it_pins_was_signed(
    chain: SignedShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = chain.head("b")
    publish(chain.store, "b", "6.6.6", requires=["c"])
    text = format_lock(Shelf(chain.store).lock(["b==6.6.6"]).lock)
    overwrite(chain.store, head_key("b"), good)
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: chain.store)
    monkeypatch.setattr("cloudshelf.signing.identity.read_private", lambda path: chain.anna)
    args = {"lock": text, "shelf": chain.store.url, "trust": pin_text(chain), "name": "team/q4", "sign": "anna.key"}
    with pytest.raises(PinUnsigned):
        lock_verb(args, lambda event: None)
    assert not list(chain.store.list("locks/"))


def test_several_shelves_are_each_checked_by_their_own_document(chain: SignedShelf, tmp_path: Path) -> None:
    other = SignedShelf(MemoryStore("memory:other"), tmp_path)
    other.publish("d", "1")
    pins = chain.pins._replace(digests=chain.pins.digests | other.pins.digests)
    both = Shelf(chain.store, other.store, pins=pins)
    both.check_pins(both.lock(["a", "d"]).lock)
    publish(other.store, "d", "2")
    with pytest.raises(SignatureMissing):
        Shelf(chain.store, other.store, pins=pins).lock(["d"])
