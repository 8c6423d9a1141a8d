"""A small shelf on a disk and on SeaweedFS behind a proxy that fails when told to; and users with empty caches."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloudshelf.stores.opening import open_store
from tests.faces.conftest import make_wheel
from tests.servers import Identity, S3Server, seaweed
from tools.fault_proxy import FaultProxy, faulty

READER = Identity("reader", "AKIDREADERTEST", "canary-secret-reader", ("Read:shelf/good/*", "List:shelf/good/*"))
NOBODY = Identity("nobody", "AKIDNOBODYTEST", "canary-secret-nobody", ("Read:shelf/elsewhere/*",))
SECRETS = re.compile("canary-secret")
BULK = 3_000_000  # more than what comes along unasked with a first import


@dataclass
class User:
    """Somebody with settings and a cache of their own; ``run`` is the command, ``python`` a script of theirs."""

    folder: Path
    environ: dict[str, str]
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = self.environ["CLOUDSHELF_URL"]

    @property
    def cache(self) -> Path:
        return Path(self.environ["CLOUDSHELF_CACHE"])

    def run(self, *words: object, code: int | None = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """``cloudshelf words``, which has to end with ``code`` (None: with any)."""
        done = self._start([sys.executable, "-m", "cloudshelf", *map(str, words)], environ)
        assert code in (None, done.returncode), f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def refused(self, *words: object, code: int | None, says: tuple[str, ...], **environ: str) -> str:
        """The command fails with ``code`` and one message that has all of ``says``; the message."""
        done = self.run(*words, code=code, **environ)
        assert_clear(done.stderr, *says)
        assert done.stderr.startswith("cloudshelf: ") and done.stderr.count("cloudshelf: ") == 1, done.stderr
        assert done.stdout == ""
        return done.stderr

    def works(self, *requirements: str) -> None:
        """The next command, which has nothing to repair first."""
        wanted = requirements or ("badone",)
        script = ["--", "python", "-c", "import badone; print(badone.version)"]
        done = self.run("run", *(word for each in wanted for word in ("--with", each)), *script)
        assert done.stdout in ("1.0\n", "2.0\n")

    def python(self, script: str, **environ: str) -> str:
        """What a script of this user prints; it has to end well."""
        done = self._start([sys.executable, "-c", script], environ)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def talking(self, script: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """A script that runs while the test does things; both ends of its standard streams are text."""
        with subprocess.Popen(
            [sys.executable, "-u", "-c", script],
            env=self.environ | environ,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def _start(self, words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env=self.environ | environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            errors="surrogateescape",  # a path may be no text
            timeout=240,
            check=False,
        )


def assert_clear(text: str, *says: str) -> None:
    """One message for a person: what it has to say is there, a traceback or a secret is not."""
    assert "Traceback" not in text and 'File "' not in text, text
    assert not SECRETS.search(text), text
    for each in says:
        assert each in text, f"{each!r} is not in: {text}"


def stop_fetchers(user: User) -> None:
    """End the fetchers that this user's commands and scripts started."""
    for pid in pids_of_fetchers(user):
        os.kill(pid, signal.SIGKILL)


def pids_of_fetchers(user: User) -> list[int]:
    """The processes that work for this user's own cache."""
    own = str(user.cache).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"cloudshelf.fetcher" in words and own in words.split(b"\0"):
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shelf's folder: badone 1.0 and 2.0 (with a module and a text that nothing needs at first), badtwo."""
    folder = tmp_path_factory.mktemp("bad")
    bulk = random.Random(1).randbytes(BULK // 2).hex()

    def one(version: str) -> Path:
        modules = {
            "badone/__init__.py": f"version = {version!r}\n",
            "badone/late/__init__.py": "from . import inner\nready = True\n",
            "badone/late/inner.py": f"text = {bulk!r}\n",
        }
        return make_wheel(folder, "badone", version, modules)

    two = make_wheel(folder, "badtwo", "1.0", {"badtwo.py": "import badone\n"}, requires=["badone>=1"])
    author = make_user(folder / "author", f"file://{folder / 'shelf'}")
    author.run("init")
    author.run("publish", "--no-deps", one("1.0"), two)
    author.run("publish", "--no-deps", one("2.0"))
    return folder / "shelf"


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    """SeaweedFS, with an identity that reads the shelf and one that does not."""
    with seaweed([READER, NOBODY]) as running:
        yield running


@pytest.fixture(scope="session")
def uploaded(published: Path, server: S3Server) -> str:
    """The same shelf in a bucket."""
    url = f"{server.url}/good"
    copy_shelf(published, url, server)
    return url


def copy_shelf(folder: Path, url: str, server: S3Server) -> None:
    store = open_store(url, environ=server.environ())
    for path in sorted(folder.rglob("*")):
        key = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in key.parts):
            store.put_new(key.as_posix(), path.read_bytes())


def make_user(folder: Path, url: str, **environ: str) -> User:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_", "XDG_", "PYTHON"))}
    (folder / "home").mkdir(parents=True)
    (folder / "run").mkdir(mode=0o700)
    own = {
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_URL": url,
        "CLOUDSHELF_CONFIG": os.devnull,
        "CLOUDSHELF_BACKGROUND_FILL": "0",
        "CLOUDSHELF_TIMEOUT": "1",
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "JUPYTER_NO_CONFIG": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return User(folder, kept | own | environ)


@pytest.fixture
def users(tmp_path: Path) -> Iterator[Callable[..., User]]:
    """Makes users; the fetchers they leave are ended."""
    made: list[User] = []

    def make(url: str, **environ: str) -> User:
        made.append(make_user(tmp_path / f"user{len(made)}", url, **environ))
        return made[-1]

    yield make
    for each in made:
        stop_fetchers(each)


@pytest.fixture
def user(users: Callable[..., User], published: Path) -> User:
    """A user of the shelf on the disk."""
    return users(published.as_uri())


@pytest.fixture
def damaged(users: Callable[..., User], published: Path, tmp_path: Path) -> User:
    """A user of a copy of the shelf that a test may damage."""
    shutil.copytree(published, tmp_path / "copy")
    return users((tmp_path / "copy").as_uri())


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with faulty(server.endpoint) as running:
        yield running


@pytest.fixture
def remote(users: Callable[..., User], uploaded: str, server: S3Server, proxy: FaultProxy) -> User:
    """A user of the shelf in the bucket, as the reader, through the proxy."""
    return users(uploaded, **server.environ(READER, proxy.endpoint))
