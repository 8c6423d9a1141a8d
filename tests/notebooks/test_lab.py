"""``make lab``: a real JupyterLab opens on the quickstart, with the shelf in its kernels' environment."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAB = "import sys; sys.path.insert(0, 'tools'); import demo; demo._open_lab(sys.argv[1])"


pytestmark = [pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(300)]


@pytest.fixture
def lab(published_shelf: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address and the token that the server printed; it ends with the test."""
    environ = os.environ | {"HOME": str(tmp_path), "BROWSER": "true", "JUPYTER_NO_CONFIG": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", LAB, published_shelf.as_uri()],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # the server is its child, and ends with it
    )
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:  # the suite's time limit ends this
            said.append(line)
            if found := re.search(r"(http://(?:127\.0\.0\.1|localhost):\d+)/lab\S*token=(\w+)", line):
                _await(found[1])
                yield found[1], found[2]
                return
        pytest.fail("".join(said))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_lab_opens_the_quickstart_and_its_kernels_find_the_shelf(lab: tuple[str, str], published_shelf: Path) -> None:
    address, token = lab

    def ask(path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{address}{path}", body, {"Authorization": f"token {token}"})
        with urllib.request.urlopen(request) as answer:
            content: bytes = answer.read()
            return content

    assert b"jupyter-config-data" in ask("/lab/tree/quickstart.ipynb")
    assert json.loads(ask("/api/contents/quickstart.ipynb"))["type"] == "notebook"
    kernel = json.loads(ask("/api/kernels", b'{"name": "python3"}'))["id"]
    environs = [path.read_bytes() for path in _of_kernel(kernel)]
    assert [f"CLOUDSHELF_URL={published_shelf.as_uri()}".encode() in e.split(b"\0") for e in environs] == [True]


def _await(address: str) -> None:
    """The server prints its address before it listens; the suite's time limit ends this."""
    host, port = address.removeprefix("http://").split(":")
    while True:
        try:
            socket.create_connection((host, int(port))).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)


def _of_kernel(kernel: str) -> list[Path]:
    """The environment file of the process that was started with this kernel's connection file."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and kernel.encode() in (entry / "cmdline").read_bytes():
                found.append(entry / "environ")
        except OSError:  # it has ended
            continue
    return found
