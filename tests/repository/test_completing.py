"""What a Tab is told: names of the catalog and of manifests, with few requests and nothing of a distribution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.verbs import completing, serve

from .shelves import publish

URL = "memory:completing"
CATALOG = 16 + 1  # its shards, and shelf.json


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingStore]:
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "cache"))
    memory = MemoryStore(URL)
    init_shelf(memory, "ours")
    publish(memory, "one-two", "1")
    publish(memory, "parts", "1", modules=["space.left", "space.right"])
    counting = CountingStore(memory)
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: counting)
    yield counting
    completing._remembered.clear()


def ask(verb: str, **args: str) -> dict[str, Any]:
    return serve(verb, {"shelf": URL, **args}, lambda event: None)


def test_names_are_those_of_projects_and_of_their_modules(store: CountingStore) -> None:
    assert ask("names") == {"projects": ["one-two", "parts"], "modules": ["one_two", "space.left", "space.right"]}


def test_who_asks_for_names_again_costs_no_request(store: CountingStore) -> None:
    first = ask("names")
    assert store.counts.total == CATALOG
    assert ask("names") == first
    assert store.counts.total == CATALOG


def test_names_that_are_old_are_read_again(store: CountingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("names")
    publish(store, "three", "1")
    monkeypatch.setattr(completing, "FRESH", 0.0)
    assert "three" in ask("names")["projects"]


@pytest.mark.parametrize("module", ["one_two", "one_two.deep"])
def test_submodules_come_from_the_manifest(store: CountingStore, module: str) -> None:
    assert ask("submodules", module=module) == {"submodules": []}
    assert store.counts.requests.get("stream_range", 0) == 0  # nothing of a pack


def test_a_module_of_nobody_has_no_submodules(store: CountingStore) -> None:
    assert ask("submodules", module="nothing") == {"submodules": []}
