"""Shelves of every kind, and wheels that are packed already."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.publisher.upload import NewWheel
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import S3Server

from .wheels import packed_wheels


@pytest.fixture(params=["memory", "local", "s3", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty shelf on each kind of store."""
    match request.param:
        case "memory":
            store = open_store("memory:")
        case "local":
            store = open_store(str(tmp_path / "shelf"))
        case kind:
            server: S3Server = request.getfixturevalue("seaweed_server" if kind == "s3" else "moto_server")
            store = open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())
    init_shelf(store, "ours")
    return store


@pytest.fixture
def wheels(tmp_path: Path) -> dict[str, NewWheel]:
    (tmp_path / "packs").mkdir()
    return packed_wheels(tmp_path / "packs")
