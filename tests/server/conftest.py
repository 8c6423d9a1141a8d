"""A small shelf with everything that an answer can show, and servers that show it."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.publisher.wheels import build_wheel
from tests.server.running import Server, own_environ, running

README = """# Demo

Some *words*, <script>alert(1)</script> and [a link](javascript:alert(1)).
"""
MORE = f"""Author: Ann
Author-email: ann@example.org
Project-URL: Source, https://example.org/demo
Project-URL: Bad, javascript:alert(1)
Project-URL: Secret, https://ann:canary@example.org/
Classifier: Topic :: Text Processing
Keywords: one,two
Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM

{README}"""
LARGE = 9_000_000  # bytes of data/large.bin: three frames
ODD = "data/odd name#1 50%25 &ü.txt"


def large() -> bytes:
    return random.Random(5).randbytes(LARGE)


def files(version: str) -> dict[str, bytes]:
    """What demo has: code, data of every kind that a browser could run, a large file, a name with odd characters."""
    found = {
        "demo/__init__.py": f"version = {version!r}\n".encode(),
        "demo/page.html": b"<script>alert(1)</script>",
        "demo/picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "demo/dot.png": b"\x89PNG\r\n\x1a\n",
        "demo/table.json": b'{"a": 1}',
        "demo/unknown.zzz": b"\0\1\2",
        "demo/empty.txt": b"",
        f"demo/{ODD}": "ü\n".encode(),
    }
    if version == "1.0":
        return found | {"demo/data/large.bin": large(), "demo/old.py": b"old = 1\n"}
    return found | {"demo/new.py": b"new = 1\n"}


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``command(shelf, *words)``: cloudshelf, as a curator with a home of their own."""
    environ = own_environ(tmp_path_factory.mktemp("curator"))

    def run(url: str, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "cloudshelf", *map(str, words)]
        done = subprocess.run(
            line, env=environ | {"CLOUDSHELF_URL": url} | more, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, command: Run) -> Path:
    """The shelf's folder: demo 1.0 (the default) and 2.0, needer, which needs it, and the lock team/2026. Read only."""
    folder = tmp_path_factory.mktemp("served")
    url = (folder / "shelf").as_uri()
    needs = ['extra-thing; extra == "more"', 'not-here>=1; sys_platform == "win32"']
    one = build_wheel(folder, "demo", "1.0", files("1.0"), requires=needs, more=MORE)
    two = build_wheel(folder, "demo", "2.0", files("2.0"), requires=['not-here>=2; sys_platform == "win32"'], more=MORE)
    needer = build_wheel(folder, "needer", "1.0", requires=["demo>=1"])
    command(url, "init", "--name", "ours")
    command(url, "settings", "request-url", "https://tickets.example/new?title={name}+{version}&text={why}")
    command(url, "publish", "--no-deps", one, needer)
    command(url, "publish", "--no-deps", two)
    command(url, "lock", "--name", "team/2026", "demo")
    return folder / "shelf"


@pytest.fixture(scope="session")
def server(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on that shelf."""
    with running(tmp_path_factory.mktemp("server"), CLOUDSHELF_URL=shelf.as_uri()) as found:
        yield found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with other settings: flags, and variables by name."""
    with contextlib.ExitStack() as stack:
        count = iter(range(99))

        def begin(*flags: str, **environ: str) -> Server:
            return stack.enter_context(running(tmp_path / f"server{next(count)}", *flags, **environ))

        yield begin
