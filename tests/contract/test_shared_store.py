"""A store that a process opened before is used again, until what it was opened with has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.stores.opening import shared_store

URL = "s3://bucket/prefix"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_a_shelf_is_opened_once() -> None:
    assert shared_store(URL) is shared_store(f"{URL}/")
    assert shared_store(URL) is not shared_store("s3://bucket/other")


def test_other_variables_open_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    first = shared_store(URL)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another")
    assert shared_store(URL) is not first
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    assert shared_store(URL) is first


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_a_shared_file_that_was_written_opens_it_anew(tmp_path: Path, file: str) -> None:
    first = shared_store(URL)
    (tmp_path / file).write_text("[default]\n")
    assert shared_store(URL) is not first


def test_a_store_that_cannot_be_opened_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudshelf.errors import UsageError

    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    for _ in range(2):
        with pytest.raises(UsageError):
            shared_store(URL)


def test_stores_in_memory_are_not_shared() -> None:
    assert shared_store("memory:") is not shared_store("memory:")
