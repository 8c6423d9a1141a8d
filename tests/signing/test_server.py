"""The Jupyter server requires signatures, too: by its own setting, or by those of everybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from traitlets.config import Config

from cloudshelf.errors import SignatureMissing, SignatureWrong
from cloudshelf.stores.opening import open_store
from cloudshelf_jupyter.server.problems import status_of
from cloudshelf_jupyter.server.settings import ServerSettings
from cloudshelf_jupyter.server.shelves import Shelves

from .shelves import SignedShelf, publish


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SignedShelf:
    for name, value in {"HOME": tmp_path, "XDG_CONFIG_HOME": tmp_path, "CLOUDSHELF_CACHE": tmp_path / "cache"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("CLOUDSHELF_URL", raising=False)
    signed = SignedShelf(open_store(str(tmp_path / "shelf")), tmp_path / "cache")
    signed.publish("numpy", "1")
    publish(signed.store, "pandas", "1")
    return signed


def opened(shelf: SignedShelf, **traits: str) -> Shelves:
    settings = ServerSettings(config=Config({"CloudShelf": {"url": shelf.store.url, **traits}}))
    return Shelves(settings, lambda *change: None)


def test_a_trait_of_the_server_requires_signatures(shelf: SignedShelf) -> None:
    (pin,) = shelf.pins.digests
    (one,) = opened(shelf, trust=pin).all()
    assert one.open().show("numpy").signed.startswith("by anna (")
    with pytest.raises(SignatureMissing):
        one.open().show("pandas")


def test_without_it_signatures_are_shown(shelf: SignedShelf) -> None:
    (one,) = opened(shelf).all()
    assert "nobody pinned its root document here" in one.open().show("numpy").signed
    assert one.open().show("pandas").signed == ""


def test_a_setting_that_cannot_be_understood_shows_no_shelf(shelf: SignedShelf) -> None:
    shelves = opened(shelf, trust="yes")
    assert shelves.all() == []
    assert "no fingerprint" in str(shelves.problem)


def test_a_browser_is_told_that_the_shelf_is_wrong_not_the_server() -> None:
    assert status_of(SignatureWrong("the head of numpy", "s3://shelf", "it is not what was signed")) == (502, False)
