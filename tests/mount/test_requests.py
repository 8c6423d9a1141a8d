"""An import through the drive asks the shelf no more often than the same import by our importer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bad_input.conftest import User
from tests.servers import S3Server
from tools.fault_proxy import FaultProxy, faulty

from .drives import Drive, needs_fuse

pytestmark = [needs_fuse, pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(600)]


@pytest.fixture
def counted(seaweed_server: S3Server) -> Iterator[FaultProxy]:
    with faulty(seaweed_server.endpoint) as proxy:
        yield proxy


# Our importer knows the whole program when it begins, and joins what `pyplot` needs with what `matplotlib` does; who
# opens files sees `matplotlib` first, and of five packs asks for what `pyplot` needs besides when that is opened.
MORE = {"numpy": 0, "pandas": 0, "matplotlib.pyplot": 4}


@pytest.mark.parametrize("modules", MORE)
def test_an_import_asks_for_no_more(
    modules: str,
    published_on_seaweed: str,
    seaweed_server: S3Server,
    counted: FaultProxy,
    users: Callable[..., User],
    drives: Callable[..., Drive],
    tmp_path: Path,
) -> None:
    settings = seaweed_server.environ(endpoint=counted.endpoint) | {"CLOUDSHELF_TIMEOUT": "60"}
    ours, theirs = (users(published_on_seaweed, **settings) for _ in range(2))
    lock, project = tmp_path / "pylock.toml", modules.partition(".")[0]
    ours.run("lock", project, "-o", lock)
    ours.run("run", "--lock", lock, "--", "python", "-c", "pass")
    counted.forget()
    ours.run("run", "--lock", lock, "--", "python", "-c", f"import {modules}")
    expected = counted.count("GET", "/pack/")
    drive = drives(theirs)
    drive.mount("--lock", lock)  # its first request, which opens a connection, may come later: only packs count
    counted.forget()
    done = drive.python(f"import {modules}")
    assert done.returncode == 0, done.stderr
    assert 0 < counted.count("GET", "/pack/") <= expected + MORE[modules]
