"""Data comes to whoever opens it: a cell of a notebook, and libraries that keep ``open`` under a name of their own."""

from __future__ import annotations

import bz2
import io
import lzma
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faces.test_kernel import Kernel

from .conftest import Run, make_tree


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("member"), io.BytesIO())
    return packed.getvalue()


def _database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table t (a)")
        return database.serialize()


DATA = {
    "a.csv": "x,y\n",
    "b.bz2": bz2.compress(b"bz2"),
    "c.xz": lzma.compress(b"xz"),
    "d.tar": _tar(),
    "e.py": "x = 1\n",
    "f.db": _database(),
    "g #1%.db": _database(),
    "h.db": _database(),
}
OPENERS = {
    "bz2": ("bz2.open(p / 'b.bz2').read()", "b'bz2'"),
    "lzma": ("lzma.open(p / 'c.xz').read()", "b'xz'"),
    "tarfile": ("tarfile.open(p / 'd.tar').getnames()", "['member']"),
    "tokenize": ("tokenize.open(p / 'e.py').read()", "'x = 1\\n'"),
}


@pytest.fixture(scope="module")
def shelved(cloudshelf: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    cloudshelf(
        "publish", "--tree", make_tree(tmp_path_factory.mktemp("o") / "t", DATA), "--name", "odds", "--version", "1"
    )


@pytest.fixture
def empty(settings: dict[str, str], shelved: None, tmp_path: Path) -> dict[str, str]:
    """Settings with an empty cache."""
    return settings | {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "CLOUDSHELF_BACKGROUND_FILL": "0"}


@pytest.fixture
def kernel(empty: dict[str, str]) -> Iterator[Kernel]:
    running = Kernel(empty)
    yield running
    running.stop()


def test_what_a_cell_opens_is_brought(kernel: Kernel) -> None:
    kernel("%load_ext cloudshelf\n%shelf use odds\nimport cloudshelf\np = cloudshelf.path('odds')")
    shown = kernel("print(open(p / 'a.csv').read(), open is __import__('builtins').open)")
    assert shown.text == "x,y\n False\n", shown.error


def test_libraries_that_keep_open_under_another_name_find_files_and_get_theirs_back(
    python: Callable[..., str], empty: dict[str, str]
) -> None:
    names = ", ".join(OPENERS)
    calls = ", ".join(call for call, _ in OPENERS.values())
    code = (
        f"import {names}\nimport io, cloudshelf\nkept = tarfile.bltn_open\ncloudshelf.use('odds')\n"
        f"p = cloudshelf.path('odds')\nprint([{calls}])\n"
        "p.joinpath('a.csv').read_text()\ncloudshelf.fill()\n"
        "from cloudshelf.importing.watching import rest\nrest()\nprint(tarfile.bltn_open is kept is io.open)"
    )
    said = python(code, **{name: empty[name] for name in ("CLOUDSHELF_CACHE", "CLOUDSHELF_BACKGROUND_FILL")})
    assert said == f"[{', '.join(text for _, text in OPENERS.values())}]\nTrue\n"


_TABLES = "execute('select name from sqlite_master').fetchall()"
CONNECTIONS = {
    "a path": f"sqlite3.connect(p / 'f.db').{_TABLES}",
    "a URI": f"sqlite3.connect((p / 'g #1%.db').as_uri() + '?mode=ro', uri=True).{_TABLES}",
    "a text, by its keyword": f"sqlite3.dbapi2.connect(database=f'{{p}}/h.db').{_TABLES}",
}


@pytest.mark.parametrize("order", ["import sqlite3, cloudshelf", "import cloudshelf, sqlite3"])
def test_a_database_is_brought_and_not_made_anew_empty(
    order: str, python: Callable[..., str], empty: dict[str, str]
) -> None:
    first, second = order.removeprefix("import ").split(", ")
    code = (
        f"import {first}\nimport cloudshelf\ncloudshelf.use('odds')\nimport {second}\n"
        f"p = cloudshelf.path('odds')\nprint([{', '.join(CONNECTIONS.values())}])\n"
        "print(sqlite3.connect(':memory:').execute('select 1').fetchall())"
    )
    said = python(code, **{name: empty[name] for name in ("CLOUDSHELF_CACHE", "CLOUDSHELF_BACKGROUND_FILL")})
    assert said == f"{[[('t',)]] * 3}\n[(1,)]\n"
