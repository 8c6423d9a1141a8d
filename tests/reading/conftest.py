"""A small shelf with a module, its bytecode and a native module, on the disk and in a bucket behind the fault proxy."""

from __future__ import annotations

import random
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input.conftest import (  # noqa: F401  (fixtures)
    User,
    copy_shelf,
    make_user,
    proxy,
    server,
    users,
)
from tests.publisher.wheels import build_wheel
from tests.servers import S3Server

MARK = "the mark of guard's own code"  # in every code object of it, changed or not
NATIVE = (
    '#include <Python.h>\nstatic struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "native", "", -1, 0};\n'
    "PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&def); }\n"
)
THREADS = 200


def until(holds: Callable[[], bool]) -> None:
    """Wait for a state; the suite's time limit ends this."""
    while not holds():
        time.sleep(0.02)


def graph() -> dict[str, bytes]:
    """A package whose modules import one another, and count how often their bodies run."""
    files = {"web/__init__.py": b"# not empty: what is empty needs no request\n", "web/ran.py": b"COUNT = []\n"}
    for n in range(THREADS // 4):
        lines = f"from web.ran import COUNT\nCOUNT.append({n})\nimport web.m{(n * 11 + 1) % (THREADS // 4)}\n"
        files[f"web/m{n}.py"] = f"{lines}X = {n}\n".encode()
    return files


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shelf's folder: guard (1.0), other, and web, a graph of modules. Read it, do not write."""
    folder = tmp_path_factory.mktemp("guarded")
    source, built = folder / "native.c", folder / "native.so"
    source.write_text(NATIVE)
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", built, source, include], check=True)
    bulk = random.Random(1).randbytes(1_500_000).hex()
    files = {
        "guard/__init__.py": f"MARK = {MARK!r}\nfrom . import inner, native\n".encode(),
        "guard/inner.py": f"MARK = {MARK!r}\nX = 1\n".encode(),
        "guard/late.py": f"MARK = {MARK!r}\nTEXT = {bulk!r}\nREADY = True\n".encode(),
        f"guard/native{sysconfig.get_config_var('EXT_SUFFIX')}": built.read_bytes(),
    }
    wheels = [
        build_wheel(folder, "guard", files=files),
        build_wheel(folder, "other", files={"other.py": b"X = 2\n"}),
        build_wheel(folder, "web", files=graph()),
    ]
    author = make_user(folder / "author", f"file://{folder / 'shelf'}")
    author.run("init")
    author.run("publish", "--no-deps", *wheels)
    author.run("lock", "guard", "--name", "team/x")
    return folder / "shelf"


@pytest.fixture(scope="session")
def in_bucket(guarded: Path, server: S3Server) -> str:  # noqa: F811
    """The same shelf in a bucket."""
    url = f"{server.url}/good"
    copy_shelf(guarded, url, server)
    return url
