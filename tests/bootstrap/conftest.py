"""A small shelf with a module and a tool in it, locks of both, and machines to start."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faces.conftest import cloudshelf, settings, shelf  # noqa: F401  (fixtures)

from .clean_root import CleanRoot, why_not

TOOL = '#!/bin/sh\nprintf "%s\\n" "the tool speaks" "$SHELFTOOL_HOME"\n'


@pytest.fixture(scope="session")
def lock(shelf: str, cloudshelf: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A lock of shelfone 1.0 and the plain tree shelftool; the shelf has it as team/start, too."""
    folder = tmp_path_factory.mktemp("tool")
    (folder / "bin").mkdir()
    (folder / "lib/pkgconfig").mkdir(parents=True)
    (folder / "bin/shelftool").write_text(TOOL)
    (folder / "bin/shelftool").chmod(0o755)
    (folder / "lib/pkgconfig/shelftool.pc").write_text("Name: shelftool\nDescription: a tool\nVersion: 1.4\n")
    variable = "SHELFTOOL_HOME={root}"
    cloudshelf("publish", "--tree", folder, "--name", "shelftool", "--version", "1.4", "--env", variable)
    file = folder.with_name("locks") / "pylock.toml"
    file.parent.mkdir()
    cloudshelf("lock", "shelfone", "shelftool", "-o", file)
    cloudshelf("lock", "--lock", file, "--name", "team/start")
    return file


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[..., CleanRoot]]:
    """Starts machines; a test that asks for one with FUSE is skipped where there is none."""
    if reason := why_not():
        pytest.skip(reason)
    made: list[CleanRoot] = []

    def start(*, has_fuse: bool = False) -> CleanRoot:
        if has_fuse and not os.access("/dev/fuse", os.R_OK | os.W_OK):
            pytest.skip("no drive can be mounted here: /dev/fuse is not there")
        made.append(CleanRoot(tmp_path / f"machine{len(made)}", has_fuse=has_fuse))
        return made[-1]

    yield start
    for machine in made:
        machine.close()
