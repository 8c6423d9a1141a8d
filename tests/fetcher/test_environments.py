"""Environments that the fetcher has open, and the stores that they come from."""

from __future__ import annotations

import marshal
import shutil
from typing import Any

import pytest

from cloudshelf.errors import (
    CacheUnusable,
    FormatUnknown,
)
from cloudshelf.fetcher.environments import Environments

from .shelves import SMALL, Shelf, content


def test_an_environment_that_was_built_again_is_opened_again(shelf: Shelf, transfers: Any) -> None:
    path, transfer = shelf.build(SMALL), transfers()
    environments = Environments(lambda _: shelf.store)
    first = environments.get(str(path))
    assert environments.get(str(path)) is first
    transfer.ensure(first, range(21)).result()
    assert transfer.settle_copies(30)
    shutil.rmtree(path)
    with pytest.raises(CacheUnusable):
        environments.get(str(path))
    shelf.build(SMALL)
    second = environments.get(str(path))
    assert not second.presence[0]
    transfer.ensure(second, [0]).result()
    assert content(second, 0) == SMALL.files["small/m0.py"]


@pytest.mark.parametrize("damage", ["layout", "cut", "presence", "config"])
def test_an_environment_that_cannot_be_read_says_so(shelf: Shelf, damage: str) -> None:
    path = shelf.build(SMALL) / ".cloudshelf"
    if damage == "layout":
        (path / "index").write_bytes(marshal.dumps({"layout": 99}))
    elif damage == "cut":
        (path / "index").write_bytes((path / "index").read_bytes()[:-9])
    elif damage == "presence":
        (path / "presence").write_bytes(b"\0")
    else:
        (path / "config").write_text("{")
    with pytest.raises(FormatUnknown if damage == "layout" else CacheUnusable):
        Environments(lambda _: shelf.store).get(str(path.parent))
