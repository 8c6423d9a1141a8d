"""Who brought a version to the shelf, and when: found with few requests however long the history."""

from __future__ import annotations

import pytest

from cloudshelf import published
from cloudshelf.chains import chain
from cloudshelf.chains.commit import init_shelf, walk_history
from cloudshelf.codecs.head import format_head
from cloudshelf.codecs.names import head_key, history_key, sha256
from cloudshelf.model import Entry
from cloudshelf.published import MOST, find_published
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore

from .shelves import A, put_version

LENGTH = 400


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """numpy with 400 versions, one commit each; the heads fold older ones into an index."""
    store = MemoryStore()
    init_shelf(store, "ours")
    with pytest.MonkeyPatch.context() as patch:
        for number in range(1, LENGTH + 1):
            moment = f"2026-{1 + number // 40:02}-{1 + number % 28:02}T{number % 24:02}:00:00Z"
            patch.setattr(chain, "moment", lambda moment=moment: moment)
            put_version(store, "numpy", {f"{number}.0": Entry(A)}, "1.0")
    return store


@pytest.mark.parametrize("number", [1, 2, 31, 128, 129, 200, 256, 399, 400])
def test_the_first_state_with_a_version_is_found_with_few_requests(store: MemoryStore, number: int) -> None:
    counting = CountingStore(store)
    repository = Repository(counting)
    head = repository.head("numpy")
    before = counting.counts
    found = find_published(repository, head, f"{number}.0")
    assert found is not None and found.seq == number
    assert counting.counts.since(before).total <= 2 * MOST
    wanted = next(each for each in walk_history(store, head) if each.seq == number)
    assert (found.time, found.by) == (wanted.time, wanted.by)


def test_a_later_word_about_a_version_does_not_make_it_new() -> None:
    own = MemoryStore()
    init_shelf(own, "ours")
    put_version(own, "numpy", {"1.0": Entry(A)}, "1.0")
    put_version(own, "numpy", {"2.0": Entry(A)})
    put_version(own, "numpy", {"1.0": Entry(A, "broken")})
    repository = Repository(own)
    found = find_published(repository, repository.head("numpy"), "1.0")
    assert found is not None and found.seq == 1


def test_an_old_history_without_links_is_not_walked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was written before there were skips: each head names the one before it."""
    monkeypatch.setattr(published, "MOST", 10)
    own = MemoryStore()
    init_shelf(own, "ours")
    for number in range(1, 41):
        put_version(own, "numpy", {f"{number}.0": Entry(A)}, "1.0")
    heads = [*walk_history(own, Repository(own).head("numpy"))][::-1]
    data, previous = b"", None
    for head in heads:
        data = format_head(head._replace(prev=previous, latest="", skips=()))
        previous = sha256(data)
        own.put_new(history_key("numpy", head.seq, previous), data)
    own.delete(head_key("numpy"))
    own.put_new(head_key("numpy"), data)
    repository = Repository(own)
    head = repository.head("numpy")
    assert find_published(repository, head, "1.0") is None
    found = find_published(repository, head, "39.0")
    assert found is not None and found.seq == 39
