"""Other users of the machine: what they made, or could have changed, is refused, and nothing is said to them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cloudshelf.environment.build import build_environment
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.errors import CacheUnusable, FetcherForeign, SocketFolderUnusable
from cloudshelf.fetcher.server import Server
from cloudshelf.importing import paths
from cloudshelf.importing.activate import hold
from cloudshelf.importing.connection import try_connect
from tests.importing.environments import Project, lock_of

OTHER = 43210  # a user id that nobody has
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="cloudshelf-users-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_other(code: str, first: str = "") -> subprocess.Popen[str]:
    """A Python of another user, which does ``first`` while it may still read everything."""
    become = f"import os, socket; os.setgroups([]); os.setgid({OTHER}); os.setuid({OTHER})"
    return subprocess.Popen(
        [sys.executable, "-c", f"{first}\n{become}\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def open_to_all(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    return folder


def test_nothing_is_said_to_a_fetcher_of_another_user(place: Path) -> None:
    path = open_to_all(place / "run") / "socket"
    code = f"""
listener = socket.socket(socket.AF_UNIX)
listener.bind({str(path)!r}); os.chmod({str(path)!r}, 0o777); listener.listen()
print("ready", flush=True)
print(repr(listener.accept()[0].recv(100)), flush=True)
"""
    with as_other(code) as other:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
        with pytest.raises(FetcherForeign, match=f"one of user {OTHER} answers .* XDG_RUNTIME_DIR"):
            try_connect(str(path))
        assert other.stdout.readline() == "b''\n"


def test_another_user_gets_no_answer_of_a_fetcher(place: Path) -> None:
    run = place / "run"
    run.mkdir(mode=0o700)
    server = Server(place / "cache", run / "socket", idle=60)
    assert server.listen()
    run.chmod(0o755)
    (run / "socket").chmod(0o777)  # as if the folder were not in the way

    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        code = f"""
asked = socket.socket(socket.AF_UNIX); asked.settimeout(60)
asked.connect({str(run / "socket")!r})
try:
    asked.sendall(b"\\0\\0\\0\\2C{{"); print(repr(asked.recv(100)), flush=True)
except OSError:
    print("b''", flush=True)
"""
        with as_other(code) as other:
            assert other.stdout is not None and other.stdout.readline() == "b''\n"
        own = try_connect(str(run / "socket"))
        assert own is not None
        own.close()
    finally:
        server.stop()
        thread.join()


def test_a_socket_folder_that_another_user_made_first_is_passed_over(place: Path) -> None:
    """/tmp/cloudshelf-<uid> is a name that everybody knows; who makes it before us stops nobody."""
    taken = Path(f"/tmp/cloudshelf-{OTHER}")
    taken.mkdir(mode=0o777)
    own = place / "own"
    own.mkdir()
    os.chown(own, OTHER, OTHER)
    try:
        code = f"""
print(socket_folder({str(own / "cache")!r}, {{}}))
try:
    socket_folder("/" + "long" * 50, {{}})
except Exception as error:
    print(type(error).__name__, error)
"""
        with as_other(code, "import _blake2; from cloudshelf.importing.paths import socket_folder") as other:
            assert other.stdout is not None
            assert other.stdout.readline() == f"{own}/cache/fetcher\n"
            said = other.stdout.read()
        assert said.startswith(SocketFolderUnusable.__name__)
        assert "another user owns it" in said and "XDG_RUNTIME_DIR" in said
    finally:
        taken.rmdir()


@pytest.mark.parametrize("part", ["", "environments", "engine"])
def test_a_cache_in_which_others_could_have_written_is_refused(place: Path, part: str) -> None:
    """Also when everything in it is ours by now: a name in an open folder can be given to another file of ours."""
    cache = place / "cache"
    project = Project("box", {"site/box.py": "x = 1\n"})
    build = partial(
        build_environment,
        lock_of([project]),
        [project.manifest()],
        cache=cache,
        interpreter=describe_interpreter(),
        fetcher=[sys.executable, "-m", "cloudshelf.fetcher"],
    )
    environment = build()
    open_to_all(cache / part)
    if not part:
        with pytest.raises(CacheUnusable, match=r"others can write to it.*chmod 700"):
            build()
        return
    assert build() == environment
    with as_other(f"print(os.access({str(cache / part)!r}, os.X_OK))") as other:
        assert other.stdout is not None and other.stdout.readline() == "False\n"  # nobody gets that far


def test_an_empty_folder_that_others_could_write_to_is_closed(place: Path) -> None:
    paths.private_folder(str(open_to_all(place / "cache")))
    assert (place / "cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["folder", "link", "file", "dangling"])
def test_what_another_user_put_in_a_caches_place_is_refused(place: Path, how: str) -> None:
    cache = open_to_all(place / "shared") / "cache"
    make = {
        "folder": f"os.mkdir({str(cache)!r}, 0o777)",
        "link": f"os.symlink('/tmp', {str(cache)!r})",
        "file": f"open({str(cache)!r}, 'w')",
        "dangling": f"os.symlink({str(place / 'none')!r}, {str(cache)!r})",
    }[how]
    with as_other(make) as other:
        other.wait()
    with pytest.raises(CacheUnusable, match=r"another user owns it|not a folder"):
        paths.private_folder(str(cache))
    assert not (place / "none").exists()


def test_an_environment_of_another_user_is_not_used(place: Path) -> None:
    project = Project("box", {"site/box.py": "x = 1\n"})
    environment = build_environment(
        lock_of([project]),
        [project.manifest()],
        cache=place / "cache",
        interpreter=describe_interpreter(),
        fetcher=[sys.executable, "-m", "cloudshelf.fetcher"],
    )
    os.chown(environment / ".cloudshelf" / "users", OTHER, OTHER)
    with pytest.raises(CacheUnusable, match="another user owns it"):
        hold(str(environment))


def test_a_socket_is_open_to_nobody_else(place: Path) -> None:
    (place / "run").mkdir(mode=0o700)
    server = Server(place / "cache", place / "run" / "socket", idle=60)
    assert server.listen()
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(str(place / "run" / "socket"))
    assert (place / "run" / "socket").stat().st_mode & 0o777 == 0o600
    server.stop()
    server.run()
