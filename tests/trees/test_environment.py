"""A tree in an environment is the folder that was published: bytes, modes, times, links, empty folders."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.environment.trees import trees_of
from tests.stress import Checks, amount

from .conftest import TOOL, Folder, Link, Run, make_tree
from .test_publish import ODD

FORMS = TOOL | {f"odd/{name}": name for name in ODD} | {"odd/l\nink": Link("new\nline"), "void/a": Folder()}


def facts_of(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that a reader can tell of what is below ``folder``."""
    found: dict[str, tuple[object, ...]] = {}
    for path in folder.rglob("*"):
        status, name = path.lstat(), str(path.relative_to(folder))
        if stat.S_ISLNK(status.st_mode):
            found[name] = ("link", os.readlink(path))  # noqa: PTH115
        elif stat.S_ISDIR(status.st_mode):
            found[name] = ("folder",)
        else:
            found[name] = (stat.S_IMODE(status.st_mode), int(status.st_mtime), path.read_bytes())
    return found


def environment_of(cloudshelf: Run, *words: object) -> Path:
    return Path(json.loads(cloudshelf("fill", "--json", *words))["environment"])


def test_a_filled_tree_is_the_folder_that_was_published(cloudshelf: Run, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", FORMS)
    (folder / "bin/mytool").chmod(0o550)
    os.utime(folder / "bin/mytool", (1_000_000_000, 1_000_000_000))
    cloudshelf("publish", "--tree", folder, "--name", "forms", "--version", "1")
    environment = environment_of(cloudshelf, "forms")
    assert facts_of(environment / "opt/forms") == facts_of(folder)


def test_its_facts_are_read_from_the_environment(cloudshelf: Run, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    variables = ("--env", "DATA={root}/share", "--env", "PLAIN=a {b}")
    cloudshelf("publish", "--tree", folder, "--name", "With_Facts", "--version", "1.0rc1", *variables)
    environment = environment_of(cloudshelf, "with-facts==1.0rc1")
    (tree,) = trees_of(environment)
    assert (tree.project, tree.version, tree.root) == ("with-facts", "1.0rc1", environment / "opt/with-facts")
    assert (tree.bins, tree.is_tool) == (("bin/mt", "bin/mytool"), True)
    assert tree.env == {"DATA": f"{environment}/opt/with-facts/share", "PLAIN": "a {b}"}


def test_a_name_that_another_tree_has_is_left_and_said(
    cloudshelf: Run, python: Callable[..., str], tmp_path: Path
) -> None:
    for name in ("aaa-tool", "zzz-tool"):
        folder = make_tree(tmp_path / name, {"bin/which-one": f"#!/bin/sh\necho {name}\n"})
        cloudshelf("publish", "--tree", folder, "--name", name, "--version", "1")
    said = python("import cloudshelf; print(cloudshelf.use('aaa-tool', 'zzz-tool')['notes'])")
    assert "bin/which-one is another's here; zzz-tool's is below opt/zzz-tool." in said
    options = ("--with", "zzz-tool", "--with", "aaa-tool")
    assert cloudshelf("run", *options, "--", "which-one").strip() == "aaa-tool"


def test_an_environment_with_a_tree_is_as_its_lock_says(cloudshelf: Run, tmp_path: Path) -> None:
    cloudshelf("publish", "--tree", make_tree(tmp_path / "t", FORMS), "--name", "audited", "--version", "1")
    environment_of(cloudshelf, "audited")
    assert re.search(r"ok +environments +\d+, each as its lock says", cloudshelf("doctor"))
    assert "are sound" in cloudshelf("cache", "verify")


def test_every_face_copes_with_a_tree(cloudshelf: Run, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", FORMS)
    for version in ("1", "2"):
        (folder / "version").write_text(version)
        cloudshelf("publish", "--tree", folder, "--name", "faces", "--version", version, "--summary", "many faces")
    assert "many faces" in cloudshelf("show", "faces")
    listed = cloudshelf("ls", "faces==2")
    assert "data/opt/faces/bin/mytool " in listed
    assert "data/opt/faces/bin/mt → mytool " in listed
    assert "publish 2" in cloudshelf("log", "faces")
    assert "faces" in cloudshelf("search", "many")
    assert "All is sound" in cloudshelf("verify", "faces")
    lock, other = tmp_path / "pylock.toml", tmp_path / "other.toml"
    cloudshelf("lock", "faces==1", "-o", lock)
    cloudshelf("lock", "faces==2", "-o", other)
    assert re.search(r"faces +1 +2", cloudshelf("diff", lock, other))
    assert cloudshelf("freeze", "--lock", lock).strip() == "faces==1"
    cloudshelf("yank", "faces==2")
    cloudshelf("unyank", "faces==2")
    bundle, there = tmp_path / "b.tar", f"file://{tmp_path / 'there'}"
    cloudshelf("export", bundle, "--lock", lock)
    cloudshelf("init", there)
    cloudshelf("import", bundle, "--shelf", there)
    assert cloudshelf("run", "--shelf", there, "--lock", lock, "--", "mytool", "moved").startswith("mytool got moved")
    cloudshelf("block", "faces==1", "--reason", "test")
    assert "blocked" in cloudshelf("run", "--lock", lock, "--", "mytool", code=1)


@pytest.mark.stress
def test_a_tree_of_very_many_files_is_published_and_present(cloudshelf: Run, tmp_path: Path, checks: Checks) -> None:
    number = amount(3_000, 50_000)
    content = {f"d{n % 97}/e{n % 11}/f{n}.txt": f"{n}\n" for n in range(number)}
    folder = make_tree(tmp_path / "t", content)
    words = ("publish", "--tree", folder, "--name", "many", "--version", "1")
    assert "published" in cloudshelf(*words)
    assert "present" in cloudshelf(*words)
    environment = environment_of(cloudshelf, "many")
    assert facts_of(environment / "opt/many") == facts_of(folder)
    checks.add(number)


def test_a_tree_is_signed_as_a_wheel_is(cloudshelf: Run, tmp_path: Path) -> None:
    folder, shelf = make_tree(tmp_path / "t", TOOL), f"file://{tmp_path / 'signed'}"
    keys = {name: tmp_path / f"{name}.key" for name in ("root", "ann")}
    cloudshelf("init", shelf)
    for key in keys.values():
        cloudshelf("key", "new", key)
    cloudshelf("trust", "init", "--shelf", shelf, "--key", keys["root"])
    cloudshelf("trust", "add-key", "ours-*", "--shelf", shelf, "--key", f"{keys['ann']}.pub", "--sign", keys["root"])
    root = tmp_path / "trust.json"
    cloudshelf("trust", "show", "--shelf", shelf, "--out", root)
    words = ("publish", "--shelf", shelf, "--tree", folder, "--version", "1", "--sign", keys["ann"], "--name")
    cloudshelf(*words, "ours-tool", CLOUDSHELF_TRUST=str(root))
    run = ("run", "--shelf", shelf, "--with", "ours-tool", "--", "mytool", "signed")
    assert cloudshelf(*run, CLOUDSHELF_TRUST=str(root)).startswith("mytool got signed")
    assert "another-tool" in cloudshelf(*words, "another-tool", code=4, CLOUDSHELF_TRUST=str(root))
