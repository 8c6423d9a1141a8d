"""A lock for several kinds of machines: each takes its own pins, other tools the first variant's."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from packaging.pylock import Pylock

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.lock import format_lock, format_variants, parse_lock
from cloudshelf.errors import UsageError
from cloudshelf.model import Lock
from cloudshelf.resolving.variants import Machine, Variants
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.target import target_for

from .shelves import publish

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")
LABELS = ("cpu", "cu121", "rocm5.6")


@pytest.fixture
def locks() -> dict[str, Lock]:
    store = MemoryStore()
    init_shelf(store, "ours")
    publish(store, "sympy", "1.13.0")
    publish(store, "cuda-runtime", "12.1.105")
    for label in LABELS:
        needs = ["sympy", "cuda-runtime==12.1.105"] if label == "cu121" else ["sympy"]
        publish(store, "torch", f"2.1.2+{label}", requires=needs)
    shelf = Shelf(store)
    return {label: shelf.lock(["torch"], target=TARGET, variant=label).lock for label in LABELS}


def test_each_variant_comes_out_as_it_went_in(locks: dict[str, Lock]) -> None:
    text = format_variants(locks)
    for label in LABELS:
        assert parse_lock(text, "pylock.toml", choose=Variants(label, Machine()).choose) == locks[label]
    assert parse_lock(text, "pylock.toml") == locks["cpu"]


@pytest.mark.parametrize(
    ("machine", "label"),
    [
        (Machine(), "cpu"),
        (Machine(cuda=(12, 4)), "cu121"),
        (Machine(cuda=(11, 8)), "cpu"),
        (Machine(rocm=True), LABELS[2]),
    ],
)
def test_the_machine_takes_its_own(locks: dict[str, Lock], machine: Machine, label: str) -> None:
    assert parse_lock(format_variants(locks), "l", choose=Variants("", machine).choose) == locks[label]


def test_what_all_have_stands_once(locks: dict[str, Lock]) -> None:
    names = [package["name"] for package in tomllib.loads(format_variants(locks))["packages"]]
    assert names == ["cuda-runtime", "sympy", "torch", "torch", "torch"]


@pytest.mark.parametrize(
    ("groups", "wheels"),
    [
        (["cpu"], ["sympy-1.13.0", "torch-2.1.2+cpu"]),
        (["cu121"], ["cuda_runtime-12.1.105", "sympy-1.13.0", "torch-2.1.2+cu121"]),
        (["rocm5-6"], ["sympy-1.13.0", "torch-2.1.2+rocm5.6"]),
    ],
)
def test_other_tools_see_dependency_groups(locks: dict[str, Lock], groups: list[str], wheels: list[str]) -> None:
    table = tomllib.loads(format_variants(locks))
    pylock = Pylock.from_dict(table)
    assert (pylock.dependency_groups, pylock.default_groups) == (["cpu", "cu121", "rocm5-6"], ["cpu"])
    chosen: Any = pylock.select(environment=dict(TARGET.environment), dependency_groups=groups)
    assert [wheel.filename.removesuffix("-py3-none-any.whl") for _, wheel in chosen] == wheels


def test_a_lock_without_variants_is_what_it_was(locks: dict[str, Lock]) -> None:
    text = format_lock(locks["cu121"])
    assert "dependency-groups" not in text and parse_lock(text, "l") == locks["cu121"]


@pytest.mark.parametrize("labels", ["[]", '"cpu"', "[1]"])
def test_labels_that_cannot_be_are_named(locks: dict[str, Lock], labels: str) -> None:
    text = format_lock(locks["cpu"]).replace("[tool.cloudshelf]", f"[tool.cloudshelf]\nvariants = {labels}")
    with pytest.raises(UsageError, match=r"mine is not a lock that can be read: tool\.cloudshelf\.variants"):
        parse_lock(text, "mine")
