"""A shelf in a bucket whose secret key is a canary, and people with canaries wherever secrets are kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import Identity, S3Server, seaweed
from tools.fault_proxy import faulty

from .canaries import MARK, canary, of_people, plant
from .situations import SITUATIONS, World


@dataclass(frozen=True)
class Person:
    """Somebody with a home of their own, in one of the situations; everything of theirs is below ``folder``."""

    folder: Path
    environ: dict[str, str]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def run(self, *words: object, **more: str) -> str:
        """What ``cloudshelf words`` says, and its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "cloudshelf", *map(str, words)],
            env=self.environ | more,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return f"{done.returncode}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def secret_server() -> Iterator[S3Server]:
    owner = Identity("owner", f"AKID{MARK}OWNER", canary("server"))
    with seaweed([owner]) as server:
        yield S3Server(server.endpoint, server.bucket, owner)


@pytest.fixture(scope="session")
def secret_shelf(secret_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """shelfone and shelftwo, put there by somebody with canaries."""
    from tests.faces.conftest import publish_small

    url = f"{secret_server.url}/secret"
    curator = _person(tmp_path_factory.mktemp("curator"), secret_server.environ() | {"CLOUDSHELF_URL": url})

    def cloudshelf(*words: object) -> None:
        said = curator.run(*words)
        assert said.startswith("0\n"), said

    publish_small(cloudshelf, curator.home)
    return url


@pytest.fixture(scope="session")
def person(
    secret_server: S3Server, secret_shelf: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Person]]:
    """Somebody in a situation."""
    with faulty(secret_server.endpoint) as proxy:
        world = World(secret_server, secret_shelf, proxy)

        def make(situation: str) -> Person:
            folder = tmp_path_factory.mktemp("person")
            (folder / "home").mkdir()
            return _person(folder, SITUATIONS[situation](world, folder / "home"))

        yield make


def _person(folder: Path, environ: dict[str, str]) -> Person:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_NO_CONFIG": "1",
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_CONFIG": "/dev/null",
        "CLOUDSHELF_FETCHER_IDLE": "1",
        "CLOUDSHELF_TIMEOUT": "3",
    }
    (folder / "run").mkdir(mode=0o700)
    return Person(folder, of_people() | own | plant(home) | environ)
