"""``cache verify`` finds every edit in place, changes nothing, and ``--repair`` makes the cache what it was."""

from __future__ import annotations

import json
import os
import py_compile
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.cache.lower_cache import LowerCache
from cloudshelf.cache_check import CacheCheck, Finding
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.environments import Environments
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.shelf import Shelf
from cloudshelf.stores.opening import open_store
from tests.bad_input.conftest import User, make_user, stop_fetchers

READ = ["--", "python", "-c", "import badone, badone.late; print(badone.version)"]


def first(folder: Path, pattern: str) -> Path:
    return next(path for path in sorted(folder.glob(pattern)) if not path.is_dir())


def verify(user: User, *options: str, code: int, **environ: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(user.run("cache", "verify", "--json", *options, code=code, **environ).stdout)
    return result


def write(path: Path, text: str | bytes) -> None:
    mode = path.stat().st_mode & 0o777
    path.chmod(0o600)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    write(path, bytes(data))


def compile_other(path: Path) -> None:
    """Bytecode of another source, with the header that the interpreter looks at."""
    source = path.parents[1] / "other.py"
    source.write_text("x = 1\n")
    header = path.read_bytes()[:16]
    py_compile.compile(str(source), str(path), doraise=True)
    source.unlink()
    path.write_bytes(header + path.read_bytes()[16:])


def replace_by_link(path: Path) -> None:
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def link_elsewhere(path: Path) -> None:
    os.link(path, path.parents[len(path.parts) - 5] / "another-name")


TAG = sys.implementation.cache_tag
SITE = "environments/*/lib/python3*/site-packages"
EDITS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "object": ("objects/*/*", flip),
    "object mode": ("objects/*/*", lambda path: path.chmod(0o666)),
    "blob": ("blobs/??/*", flip),
    "blob mode": ("blobs/??/*", lambda path: path.chmod(0o755)),
    "blob added": ("blobs/??/*", lambda path: path.with_name("evil").write_text("x")),
    "source": (f"{SITE}/badone/__init__.py", flip),
    "source mode": (f"{SITE}/badone/__init__.py", lambda path: path.chmod(0o755)),
    "source missing": (f"{SITE}/badone/__init__.py", lambda path: path.unlink()),
    "source is a link": (f"{SITE}/badone/__init__.py", replace_by_link),
    "source is a pipe": (f"{SITE}/badone/__init__.py", lambda path: (path.unlink(), os.mkfifo(path))),
    "bytecode": (f"{SITE}/badone/__pycache__/*.pyc", flip),
    "module added": (f"{SITE}/badone/__init__.py", lambda path: path.with_name("evil.py").write_text("x = 1")),
    "bytecode added": (
        f"{SITE}/badone/__init__.py",
        lambda path: (path.parent / "__pycache__" / f"evil.{TAG}.pyc").write_bytes(b"evil"),
    ),
    "folder added": (f"{SITE}/badone/__init__.py", lambda path: (path.parents[1] / "evil").mkdir()),
    "metadata": (f"{SITE}/*.dist-info/METADATA", flip),
    ".pth": (f"{SITE}/00_cloudshelf.pth", flip),
    ".pth added": (f"{SITE}/00_cloudshelf.pth", lambda path: path.with_name("a.pth").write_text("import os")),
    "python": ("environments/*/bin/python", lambda path: (path.unlink(), path.symlink_to("/bin/sh"))),
    "activate": ("environments/*/bin/activate", flip),
    "pyvenv.cfg": ("environments/*/pyvenv.cfg", lambda path: write(path, "home = /tmp\n")),
    "index": ("environments/*/.cloudshelf/index", flip),
    "presence": ("environments/*/.cloudshelf/presence", lambda path: write(path, b"\7" + path.read_bytes()[1:])),
    "fetcher": (
        "environments/*/.cloudshelf/config",
        lambda path: write(path, path.read_text().replace("cloudshelf.fetcher", "evil")),
    ),
    "lock": ("environments/*/.cloudshelf/lock.toml", lambda path: write(path, path.read_text().replace("1.0", "9.0"))),
    "engine": ("engine/*/_cloudshelf/importing/finder.py", lambda path: write(path, path.read_text() + "#")),
    "engine bytecode": ("engine/*/_cloudshelf/importing/__pycache__/finder*", compile_other),
    "engine file is a link": ("engine/*/_cloudshelf/errors.py", replace_by_link),
    "engine added": ("engine/*/_cloudshelf/errors.py", lambda path: path.with_name("evil.py").write_text("x = 1")),
    "engine missing": ("engine/*/_cloudshelf/importing/finder.py", lambda path: path.unlink()),
    "hard link": ("blobs/??/*", link_elsewhere),
}


@pytest.fixture(scope="module")
def filled(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A user who ran something, with a complete environment in the cache. What a test edits, it repairs."""
    user = make_user(tmp_path_factory.mktemp("verified") / "user", published.as_uri())
    user.run("run", "--fill", "--with", "badone==1.0", *READ)
    yield user
    stop_fetchers(user)


def check(user: User, *, repair: bool = False) -> list[Finding]:
    caches = (LowerCache(user.cache),)
    report = CacheCheck(
        user.cache,
        lambda lock: Shelf(open_store(user.url), lower=caches).manifests(lock),
        lambda: None,
        repair=repair,
    ).run()
    assert not repair or all(finding.repaired for finding in report.findings)
    return report.findings


def fill_again(user: User) -> None:
    """What was removed comes anew; an environment of which even the lock was changed is built again."""
    if not any((user.cache / "environments").iterdir()):
        user.run("run", "--fill", "--with", "badone==1.0", *READ)
    transfer = Transfer(BlobCache(user.cache))
    transfer.fill(Environments(open_store).get(str(next((user.cache / "environments").iterdir()))))
    transfer.close()


def test_a_cache_that_was_only_used_is_sound(filled: User) -> None:
    assert filled.run("run", "--with", "badone==1.0", *READ).stdout == "1.0\n"
    result = verify(filled, code=0)
    assert result["damaged"] == [] and result["unchecked"] == []
    assert result["verified"] > 10


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_in_place_is_found_and_repaired(filled: User, what: str) -> None:
    pattern, edit = EDITS[what]
    edit(first(filled.cache, pattern))
    found = check(filled)
    assert found
    assert check(filled) == found  # nothing was changed by looking
    assert check(filled, repair=True)
    assert check(filled) == []
    fill_again(filled)
    assert check(filled) == []


def test_after_repairs_everything_works(filled: User) -> None:
    environment = first(filled.cache, f"{SITE}/badone/__init__.py").parents[4]
    for what in ("source", "blob", "metadata", "bytecode", "engine", "index", "python"):
        pattern, edit = EDITS[what]
        edit(first(filled.cache, pattern))
    assert {row["repaired"] for row in verify(filled, code=4)["damaged"]} == {False}
    assert "cache verify --repair" in filled.run("cache", "verify", code=4).stdout
    assert "All is sound again" in filled.run("cache", "verify", "--repair").stdout
    assert filled.run("run", "--with", "badone==1.0", *READ).stdout == "1.0\n"
    assert environment.exists()
    assert verify(filled, code=0)["damaged"] == []
