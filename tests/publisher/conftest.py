"""What the publisher's tests share: an empty shelf that counts, and two real wheels from the index."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.local import LocalStore

Publish = Callable[..., PublishReport]


def new_shelf(folder: Path) -> CountingStore:
    store = CountingStore(LocalStore(str(folder)))
    init_shelf(store, "test")
    return store


@pytest.fixture
def shelf(tmp_path: Path) -> CountingStore:
    return new_shelf(tmp_path / "shelf")


@pytest.fixture
def put(shelf: CountingStore) -> Publish:
    """Publish wheel files on ``shelf`` without asking pip."""

    def put(*wheels: Path, **options: object) -> PublishReport:
        request = PublishRequest(wheels=tuple(map(str, wheels)), no_deps=True, by="ann", **options)  # type: ignore[arg-type]
        return publish(request, shelf)

    return put


@pytest.fixture(scope="session")
def real_wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """six and numpy, as pip downloads them."""
    folder = tmp_path_factory.mktemp("real")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "six", "numpy"]
    subprocess.run(command, check=True, capture_output=True)
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}
