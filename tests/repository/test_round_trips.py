"""How often a cold start waits for an answer before it can ask on: 4 times, and 2 times with a lock.

Held, not measured: the store of these tests gives an answer only when everything was asked that can be asked without
it. Who asks one thing after the other where both could be asked at once gets no answer at all.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.catalog import project_facts, update_catalog
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.catalog import closure_key
from cloudshelf.codecs.names import SHELF, head_key, manifest_key, pack_key, release_key, sha256
from cloudshelf.codecs.release import format_release
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.environments import Environments
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.model import Release
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.verbs.pinning import lock, use
from cloudshelf.verbs.restoring import sync

from .shelves import make_wheel, publish

PATIENCE = 20.0  # seconds until a test fails that would wait for ever
URL = "memory:waves"
CHAIN = {"a": ["b"], "b": ["c"], "c": []}
# As wide as a plotting library with its extras: three levels below what is asked for, and an extra on each of them.
LEAVES = [f"leaf{n}" for n in range(10)]
WIDE = {
    "a": [*(f"part{n}[more]" for n in range(3)), 'excel; extra == "office"'],
    **{f"part{n}": [LEAVES[2 * n], f'{LEAVES[2 * n + 1]}; extra == "more"'] for n in range(3)},
    "excel": [f"{LEAVES[6]}[fast]", f'{LEAVES[7]}; python_version >= "3.{sys.version_info[1]}"'],
    LEAVES[6]: [f'{LEAVES[8]}; extra == "fast"', f'{LEAVES[9]}; extra != "slow"', 'absent; python_version < "3"'],
    **{leaf: [] for leaf in LEAVES if leaf != LEAVES[6]},
}


class Waves:
    """``store``, in which the answers of a wave are held back until each of its keys was asked for."""

    url = URL

    def __init__(self, store: MemoryStore, *waves: set[str]) -> None:
        self._store = store
        self._waves = waves
        self._changed = threading.Condition()
        self.asked: set[str] = set()

    def get(self, key: str) -> bytes:
        self._ask(key)
        return self._store.get(key)

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        self._ask(key)
        yield from self._store.stream_range(key, start=start, length=length)

    def _ask(self, key: str) -> None:
        wave = next((wave for wave in self._waves if key in wave), None)
        assert wave is not None, f"nobody needs {key}"
        with self._changed:
            assert key not in self.asked, f"{key} is asked for twice"
            self.asked.add(key)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: wave <= self.asked, PATIENCE), f"{wave - self.asked} came later"


class Published:
    """A shelf on which each project needs what ``needs`` says, and the keys of what was published."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self.store = MemoryStore(URL)
        init_shelf(self.store, "ours")
        releases = [self._publish(name, lines) for name, lines in needs.items()]
        update_catalog(self.store, [project_facts(Repository(self.store), name) for name in needs])
        parts = {release.project: release.wheels[0].trees[""].manifest for release in releases}
        repository = Shelf(self.store).repository
        self.heads = {head_key(name) for name in needs}
        self.releases = {release_key(r.project, sha256(format_release(r))) for r in releases}
        self.manifests = {manifest_key(name, part) for name, part in parts.items()}
        self.packs = {pack_key(name, repository.manifest(name, part).frames[0].pack) for name, part in parts.items()}

    def _publish(self, name: str, requires: Sequence[str]) -> Release:
        extras = sorted(set(re.findall(r'extra == "(\w+)"', " ".join(requires))))
        wheel = make_wheel(self.store, name, "1", requires=requires, extras=extras)
        return publish(self.store, name, "1", wheels=[wheel], catalog=False)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and no fetcher."""
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("cloudshelf.importing.client.reach", lambda *, start, shelf: False)


def serve_from(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: store)


def bring_all(environment: str, store: Waves, cache: Path) -> None:
    """As an import does that needs every file at once."""
    opened = Environments(lambda url: store).get(environment)
    transfer = Transfer(BlobCache(cache), background=False)
    transfer.need(opened, range(len(opened))).result()
    transfer.close()


@pytest.mark.parametrize(("needs", "asked"), [(CHAIN, "a"), (WIDE, "a[office]")])
def test_a_use_asks_for_all_heads_all_releases_all_manifests_and_all_packs_at_once(
    needs: Mapping[str, Sequence[str]], asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published(needs)
    first = {SHELF, closure_key("a"), head_key("a")}
    store = Waves(
        published.store,
        first,
        (published.heads | published.releases) - first,
        published.manifests,
        published.packs,
    )
    serve_from(store, monkeypatch)
    result = use({"requirements": [asked], "shelf": URL}, lambda event: None)
    bring_all(result["environment"], store, tmp_path / "cache")
    assert published.packs <= store.asked


@pytest.mark.parametrize(("needs", "asked"), [(CHAIN, "a"), (WIDE, "a[office]")])
def test_a_lock_needs_its_manifests_then_the_packs_and_nothing_else(
    needs: Mapping[str, Sequence[str]], asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published(needs)
    serve_from(published.store, monkeypatch)
    text = lock({"requirements": [asked], "shelf": URL}, lambda event: None)["lock"]
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "other"))
    first = published.manifests | {SHELF}  # which says whether something is blocked; once an hour on a machine
    store = Waves(published.store, first, published.packs)
    serve_from(store, monkeypatch)
    result = sync({"lock": text, "shelf": URL}, lambda event: None)
    bring_all(result["environment"], store, tmp_path / "other")
    assert store.asked == first | published.packs


def test_of_many_that_start_at_once_one_reads_the_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(CHAIN)
    serve_from(published.store, monkeypatch)
    text = lock({"requirements": ["a"], "shelf": URL}, lambda event: None)["lock"]
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "other"))
    store = Waves(published.store, published.manifests | {SHELF})  # what is asked for twice fails
    serve_from(store, monkeypatch)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: sync({"lock": text, "shelf": URL}, lambda event: None), range(8)))
    assert len({each["environment"] for each in done}) == 1
    assert store.asked == published.manifests | {SHELF}
