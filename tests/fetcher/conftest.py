"""A shelf in a folder, and transfers that end with their test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.fetcher.transfer import Transfer

from .shelves import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def transfers(shelf: Shelf) -> Iterator[Any]:
    made: list[Transfer] = []

    def make(**settings: Any) -> Transfer:
        made.append(shelf.transfer(**settings))
        return made[-1]

    yield make
    for transfer in made:
        transfer.close()
