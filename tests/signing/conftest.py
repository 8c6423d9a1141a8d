from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import S3Server

from .shelves import SignedShelf


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty folder, and an empty prefix of SeaweedFS."""
    if request.param == "local":
        return open_store(str(tmp_path / "shelf"))
    server: S3Server = request.getfixturevalue("seaweed_server")
    return open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())


@pytest.fixture
def shelf(store: Store, tmp_path: Path) -> SignedShelf:
    return SignedShelf(store, tmp_path / "cache")


@pytest.fixture
def memory_shelf(tmp_path: Path) -> SignedShelf:
    """For what does not depend on the store."""
    return SignedShelf(MemoryStore(), tmp_path / "cache")
