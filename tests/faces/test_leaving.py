"""Leaving again: the real pip and the real uv install our locks from where the wheels came from."""

import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .conftest import make_wheel

CHECK = "import leavetwo, leaveone; print(leaveone.version)"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index at a loopback address (PEP 503): (folder, URL)."""
    folder = tmp_path_factory.mktemp("index")
    for name, version, requires in (
        ("leaveone", "1.0", ()),
        ("leaveone", "2.0", ()),
        ("leavetwo", "1.0", ["leaveone"]),
    ):
        page = folder / "simple" / name
        page.mkdir(parents=True, exist_ok=True)
        make_wheel(page, name, version, {f"{name}.py": f"version = {version!r}\n"}, requires=requires)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


@pytest.fixture(scope="module")
def lock(index, shelf, cloudshelf, tmp_path_factory):
    """A lock of what a curator published from that index with a password, and a user pinned."""
    url = index[1].replace("://", "://curator:canary@")
    cloudshelf("publish", "--index-url", url, "leavetwo", "leaveone==1.0")
    path = tmp_path_factory.mktemp("lock") / "pylock.toml"
    cloudshelf("lock", "leavetwo", "-o", path)
    assert "canary" not in path.read_text()
    return path


def pip(python, *words):
    return [sys.executable, "-m", "pip", "--python", python, "--isolated", "install", "--no-cache-dir", *words]


def uv(python, verb, *words):
    found = Path(sys.executable).with_name("uv")
    return [found, "pip", verb, "--no-config", "--no-cache", "--python", python, *words]


TOOLS = {
    "pip install -r": lambda python, lock: pip(python, "--no-index", "-r", lock),
    "uv pip sync": lambda python, lock: uv(python, "sync", "--preview", lock),
    "uv pip install -r": lambda python, lock: uv(python, "install", "--preview", "-r", lock),
}


@pytest.fixture
def python(tmp_path):
    """The interpreter of an empty virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    return tmp_path / "env/bin/python"


@pytest.mark.parametrize("tool", TOOLS)
def test_another_tool_installs_our_lock_from_where_the_wheels_came_from(tool, lock, python):
    subprocess.run(TOOLS[tool](python, lock), check=True, capture_output=True, cwd=lock.parent)
    ran = subprocess.run([python, "-c", CHECK], check=True, capture_output=True, text=True)
    assert ran.stdout == "1.0\n"


@pytest.mark.parametrize("tool", TOOLS)
def test_another_tool_refuses_other_bytes_than_our_lock_has(tool, index, lock, python, tmp_path):
    wheel = index[0] / "simple/leaveone/leaveone-1.0-py3-none-any.whl"
    kept = shutil.copy(wheel, tmp_path)
    make_wheel(wheel.parent, "leaveone", "1.0", {"leaveone.py": "version = '6.6'\n"})
    try:
        done = subprocess.run(TOOLS[tool](python, lock), capture_output=True, text=True, cwd=lock.parent)
    finally:
        shutil.copy(kept, wheel)
    assert done.returncode != 0 and "hash" in (done.stdout + done.stderr).lower()


def test_a_frozen_file_with_hashes_is_for_every_pip(index, lock, python, cloudshelf, tmp_path):
    cloudshelf("freeze", "--hashes", "--lock", lock, "-o", tmp_path / "requirements.txt")
    words = ("--require-hashes", "--index-url", index[1], "-r", tmp_path / "requirements.txt")
    subprocess.run(pip(python, *words), check=True, capture_output=True)
    ran = subprocess.run([python, "-c", CHECK], check=True, capture_output=True, text=True)
    assert ran.stdout == "1.0\n"


def test_what_pip_locked_comes_back_from_the_shelf(index, lock, cloudshelf, tmp_path):
    """``pip lock`` of the same index: the same wheels, by their sha256."""
    theirs = tmp_path / "pylock.theirs.toml"
    words = ["lock", "--isolated", "--quiet", "--index-url", index[1], "leavetwo", "leaveone==1.0", "-o", theirs]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    assert cloudshelf("run", "-r", theirs, "--", "python", "-c", CHECK).stdout == "1.0\n"
    frozen = cloudshelf("freeze", "-r", theirs, "shelfone").stdout.split()
    assert frozen == ["leaveone==1.0", "leavetwo==1.0", "shelfone==1.0"]
