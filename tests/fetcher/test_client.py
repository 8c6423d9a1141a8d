"""The engine's own client and a real fetcher: they start, find, replace and understand each other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.errors import CacheUnusable, ObjectMissing, UsageError
from cloudshelf.importing import client, starting
from cloudshelf.importing.paths import private_folder
from cloudshelf.importing.target import default_target

from .shelves import SITE, Project, Shelf

PROJECT = Project("p", {f"p/m{i}.py": f"x = {i}\n".encode() for i in range(4)}, profile=[0, 1], eager=4, group=1)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Sockets and cache of this test alone; its fetcher ends with it."""
    runtime = tmp_path / "run"
    runtime.mkdir(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CLOUDSHELF_FETCHER_IDLE", "20")
    yield Shelf(tmp_path)
    client.call("shutdown", {})


def pid() -> int:
    return int(client.call("ping", {})["pid"])


def test_a_first_request_starts_a_fetcher_and_is_answered(shelf: Shelf) -> None:
    environment = shelf.build(PROJECT)
    client.ensure(str(environment), [2])
    assert (environment / SITE / "p/m2.py").read_bytes() == b"x = 2\n"
    client.begin(str(environment), 0)
    client.ensure(str(environment), [0, 1, 3])
    assert (environment / ".cloudshelf" / "presence").read_bytes() == b"\1\1\1\1"


def test_a_relative_path_in_a_setting_is_that_of_the_process_that_has_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "aws/config")
    pids = set()
    for folder in (shelf.root / "one", shelf.root / "two"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        pids.add(pid())
        settings = Path(f"/proc/{pid()}/environ").read_bytes().split(b"\0")
        assert f"AWS_CONFIG_FILE={folder}/aws/config".encode() in settings
        if folder.name == "one":
            client.call("shutdown", {})
    assert len(pids) == 2


def test_a_killed_fetcher_is_replaced(shelf: Shelf) -> None:
    environment = shelf.build(PROJECT)
    client.ensure(str(environment), [0])
    first = pid()
    os.kill(first, signal.SIGKILL)
    client.ensure(str(environment), [1])
    assert (environment / SITE / "p/m1.py").exists()
    assert pid() != first


def test_a_fetcher_that_ended_politely_is_replaced(shelf: Shelf) -> None:
    first = pid()
    client.call("shutdown", {})
    assert pid() != first


def test_errors_are_the_same_classes_on_both_sides(shelf: Shelf) -> None:
    environment = shelf.build(PROJECT)
    with pytest.raises(UsageError):
        client.ensure(str(environment), [99])
    with pytest.raises(CacheUnusable):
        client.ensure(str(environment.with_name("none")), [0])
    shelf.pack(shelf.environment(PROJECT, name="e2")).unlink()
    with pytest.raises(ObjectMissing):
        client.ensure(str(environment), [0])


def test_fill_reports_progress_through_the_client(shelf: Shelf) -> None:
    environment = shelf.build(PROJECT)
    events: list[dict[str, Any]] = []
    assert client.call("fill", {"environment": str(environment)}, events.append) == {"files": 4, "bytes": 24}
    assert events[-1]["done"] == events[-1]["total"] == 24
    numbers = client.call("statistics", {"environment": str(environment)})["environments"][str(environment)]
    assert (numbers["requests"], numbers["files"]) == (1, 4)


def test_a_fetcher_that_another_process_has_just_started_is_not_started_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    target = default_target()
    private_folder(f"{target.cache}/fetcher")
    other = starting.Guard(f"{target.path}.starting")
    with monkeypatch.context() as patched:
        patched.setattr(starting, "start", lambda target, shelf="", turn=None: started.append(1) or 0)
        patched.setattr(starting, "_children", [])
        assert other.take(0.0)
        assert not client.reach(start=True)
        assert started == []
        other.release()
        assert not client.reach(start=True)
        assert started == [1]
        starting.forget_children()
