"""Drives for tests; what they leave mounted is taken away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bad_input.conftest import (  # noqa: F401  (fixtures)
    User,
    damaged,
    make_user,
    proxy,
    published,
    remote,
    server,
    uploaded,
    user,
    users,
)

from .drives import Drive


@pytest.fixture
def drives(tmp_path: Path) -> Iterator[Callable[..., Drive]]:
    """Makes drives, which are not mounted yet."""
    made: list[Drive] = []

    def make(whose: User, name: str = "") -> Drive:
        made.append(Drive(whose, tmp_path / (name or f"drive{len(made)}")))
        return made[-1]

    yield make
    for drive in made:
        release(drive)


def release(drive: Drive) -> None:
    """Take away whatever is mounted there, however the test left it."""
    while drive.is_mounted():
        pid = drive.pid
        subprocess.run(["fusermount3", "-uz", "--", drive.folder], check=False, capture_output=True)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def drive(drives: Callable[..., Drive], user: User) -> Drive:  # noqa: F811
    """A drive of the small shelf on the disk, not mounted yet."""
    return drives(user)


@pytest.fixture(scope="session")
def real(published_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Drive, Path]]:
    """Real distributions: a drive of a lock, and the environment of the same lock on another machine, filled."""
    folder = tmp_path_factory.mktemp("real")
    us = make_user(folder / "us", published_shelf.as_uri())
    them = make_user(folder / "them", published_shelf.as_uri())
    lock = folder / "pylock.toml"
    us.run("lock", "pandas", "matplotlib", "scikit-learn", "humanize", "-o", lock)
    filled = them.run("fill", "--lock", lock, "--json")
    drive = Drive(us, folder / "drive")
    drive.mount("--lock", lock)
    yield drive, Path(json.loads(filled.stdout)["environment"])
    release(drive)
