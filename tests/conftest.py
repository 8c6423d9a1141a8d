"""Fixtures that several rooms share. Servers start when a test first asks for one, once a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.servers import S3Server, moto, seaweed
from tests.stress import (  # noqa: F401  (hooks and a fixture)
    checks,
    pytest_collectreport,
    pytest_configure,
    pytest_runtest_logreport,
    pytest_sessionfinish,
    pytest_testnodedown,
    pytest_unconfigure,
)


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[S3Server]:
    """SeaweedFS with the bucket "shelf"; tests keep apart by a prefix of their own."""
    with seaweed() as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """moto's server with the bucket "shelf": for contention."""
    with moto() as server:
        yield server


PUBLISHED = (("pandas", "matplotlib", "scikit-learn"), ("humanize==4.9.0",), ("humanize==4.12.0",))


@pytest.fixture(scope="session")
def published_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shelf of real distributions, published once a session by the command. Read it, do not write."""
    folder = tmp_path_factory.mktemp("published") / "shelf"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF_", "AWS_"))}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environ["PIP_CONSTRAINT"] = str(_constraints(folder.with_name("constraints.txt")))
    command = [sys.executable, "-m", "cloudshelf"]
    subprocess.run([*command, "init", folder.as_uri(), "--name", "demo"], env=environ, check=True)
    for requirements in PUBLISHED:
        subprocess.run([*command, "publish", "--shelf", folder.as_uri(), *requirements], env=environ, check=True)
    return folder


def _constraints(file: Path) -> Path:
    """Versions that do not change by themselves: what the notebooks show would change with them.

    ``packaging`` is what every kernel here has loaded; the shelf has the same version, so that it is a pin like others.
    """
    fixed = Path(__file__).with_name("constraints.txt").read_text()
    file.write_text(f"{fixed}packaging=={version('packaging')}\n")
    return file


@pytest.fixture(scope="session")
def published_on_seaweed(published_shelf: Path, seaweed_server: S3Server) -> str:
    """The URL of the same shelf in a bucket: its objects copied, not published twice."""
    from cloudshelf.stores.opening import open_store

    url = f"{seaweed_server.url}/published"
    store = open_store(url, environ=seaweed_server.environ())
    for path in sorted(published_shelf.rglob("*")):
        key = path.relative_to(published_shelf).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in Path(key).parts):
            store.put_new(key, path.read_bytes())
    return url
