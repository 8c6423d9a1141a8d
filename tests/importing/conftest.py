from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .environments import Maker


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Maker]:
    """Environments in a cache of their own."""
    maker = Maker(tmp_path)
    yield maker
    maker.end()
