"""A machine with a small real shelf: one 1.0 (the default), 1.1 and 2.0; two 1.0, which needs it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.conftest import make_wheel

from .machines import Machine


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shelf that every test gets a copy of."""
    folder = tmp_path_factory.mktemp("recall")
    machine = Machine(folder, (folder / "shelf").as_uri())
    machine("init")
    say = "version = {!r}\n"
    for version in ("1.0", "1.1", "2.0"):
        files = {"one/__init__.py": say.format(version), "one/late.py": "x = 1\n", "one/later.py": "y = 1\n"}
        machine("publish", "--no-deps", make_wheel(folder, "one", version, files))
    machine("publish", "--no-deps", make_wheel(folder, "two", "1.0", {"two.py": "import one\n"}, requires=["one>=1"]))
    return folder / "shelf"


@pytest.fixture
def machine(template: Path, tmp_path: Path) -> Machine:
    shutil.copytree(template, tmp_path / "shelf")
    return Machine(tmp_path, (tmp_path / "shelf").as_uri())


@pytest.fixture(scope="module")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which every version of one is there, whole; a lock of 1.0, as a file and by a name."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(template, folder / "shelf")
    machine = Machine(folder, (folder / "shelf").as_uri())
    for version in ("1.0", "1.1", "2.0"):
        machine("fill", f"one=={version}")
    machine("lock", "one==1.0", "-o", folder / "pylock.toml")
    machine("lock", "--lock", folder / "pylock.toml", "--name", "team/before")
    return machine


@pytest.fixture
def used(filled: Machine) -> Iterator[Machine]:
    """``filled``, where nothing is blocked, nor ever was: fast, for what changes the block list alone."""
    folder = filled.folder
    before = (folder / "shelf/shelf.json").read_bytes()
    yield filled
    (folder / "shelf/shelf.json").write_bytes(before)
    for path in (folder / "shelf/recall", folder / "cache/recall"):
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder / "cache/seen").glob("*/recall:"):
        path.unlink()
