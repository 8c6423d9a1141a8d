"""What the cache knows of what was read through a drive: pruned, counted, verified, repaired, and left by no crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloudshelf.cache_check import CacheCheck, Report
from cloudshelf.chains.commit import init_shelf
from cloudshelf.environment.prune import flat_folders, prune_environments
from cloudshelf.errors import CacheUnusable
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.transfer import Transfer
from cloudshelf.importing.activate import hold
from cloudshelf.mount.contents import Contents
from cloudshelf.mount.projects_view import ProjectsView
from cloudshelf.shelf import Shelf
from cloudshelf.stores.local import LocalStore
from cloudshelf.verbs.upkeep import cache as cache_verb
from tests.mount.shelves import Wheel, put

DATA = os.urandom(200_000)
DEMO = Wheel(
    "demo",
    files={"site/demo/__init__.py": b"x = 1\n", "site/demo/large.bin": DATA, "site/demo/other.py": b"y\n" * 9},
    inline={"site/demo-1.0.dist-info/METADATA": b"Name: demo\n"},
)


class Used:
    """A cache through which a version was read."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        store = LocalStore(folder / "shelf")
        init_shelf(store, "demo")
        put(store, DEMO)
        self.shelf = Shelf(store, cache=self.cache)
        self.transfer = Transfer(BlobCache(self.cache))
        self.contents = Contents(self.transfer)
        self.view = ProjectsView(self.shelf, self.cache, self.contents)
        self.read()

    def read(self) -> None:
        for name, content in (("__init__.py", b"x = 1\n"), ("large.bin", DATA)):
            file = self.view.open(f"demo/1.0/demo/{name}")
            assert file.read(0, len(DATA)) == content
            file.close()
        self.transfer.settle_copies()

    @property
    def folder(self) -> Path:
        [path] = flat_folders(self.cache)
        return path

    def check(self, *, repair: bool = False) -> Report:
        return CacheCheck(self.cache, self.shelf.manifests, lambda: None, repair=repair).run()


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Used]:
    made = Used(tmp_path)
    yield made
    made.contents.close()
    made.transfer.close()


def test_what_nobody_uses_is_pruned_and_what_was_used_lately_stays(used: Used) -> None:
    assert prune_environments(used.cache, unused_for=3600) == []
    os.utime(used.folder / ".cloudshelf" / "users", (0, 0))
    assert len(prune_environments(used.cache, unused_for=3600)) == 1
    assert flat_folders(used.cache) == []
    used.read()


def test_what_is_being_filled_is_not_pruned(used: Used) -> None:
    descriptor = hold(str(used.folder))
    assert prune_environments(used.cache) == []
    os.close(descriptor)
    assert len(prune_environments(used.cache)) == 1


def test_what_a_killed_mount_was_building_is_removed(used: Used) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    left = used.cache / "flat" / f".unfinished-{child}-0-abc"
    left.mkdir()
    prune_environments(used.cache)
    assert not left.exists()


def test_the_cache_counts_it(used: Used, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(used.cache))
    found = cache_verb({"action": "info"}, lambda event: None)
    assert found["parts"]["flat"] > 0
    assert found["total"] == sum(found["parts"].values())


def test_a_cache_that_nobody_touched_is_in_order(used: Used) -> None:
    assert used.check().findings == []


EDITS: dict[str, Callable[[Path], object]] = {
    "a small file": lambda path: (path / "0").write_bytes(b"x = 2\n"),
    "a large file": lambda path: _edit(path / "1"),
    "an inline file": lambda path: (path / "3").write_bytes(b"Name: evil\n"),
    "a mode": lambda path: (path / "0").chmod(0o777),
    "a file less": lambda path: (path / "0").unlink(),
    "a file more": lambda path: (path / "77").write_bytes(b""),
    "a file of ours more": lambda path: (path / ".cloudshelf" / "more").write_bytes(b""),
    "a link": lambda path: os.replace(_link(path / "new"), path / "0"),  # noqa: PTH105
    "presence": lambda path: (path / ".cloudshelf" / "presence").write_bytes(b"\1\1\1\1\1"),
    "pins": lambda path: (path / ".cloudshelf" / "pins").write_bytes(b""),
    "the lock": lambda path: (path / ".cloudshelf" / "lock.toml").write_text("shelf = 1"),
}


def _link(path: Path) -> Path:
    path.symlink_to("/etc/passwd")
    return path


def _edit(path: Path) -> None:
    """Not the blob, which it may be another name of: that is found anyhow."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + b"!")
    path.chmod(0o644)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_every_edit_is_found_and_repaired(used: Used, edit: Callable[[Path], object]) -> None:
    folder = used.folder
    edit(folder)
    found = used.check()
    assert found.findings and all(str(folder) in finding.path for finding in found.findings)
    assert all(finding.repaired for finding in used.check(repair=True).findings)
    assert used.check().findings == []
    used.read()


def test_one_that_is_damaged_is_built_anew(used: Used) -> None:
    folder = used.folder
    (folder / ".cloudshelf" / "lock.toml").unlink()
    used.view = ProjectsView(used.shelf, used.cache, used.contents)
    used.read()
    assert used.folder == folder and used.check().findings == []


def test_a_cache_that_cannot_be_written_is_said(used: Used, monkeypatch: pytest.MonkeyPatch) -> None:
    prune_environments(used.cache)
    (used.cache / "flat").rmdir()
    (used.cache / "flat").write_text("in the way")
    with pytest.raises(CacheUnusable, match="flat"):
        used.view.open("demo/1.0/demo/__init__.py")
