"""What a version's folder shows: what pip's --target does, or a plain tree; and nothing that leads out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from cloudshelf.mount.layout import VersionTree, shown
from tests.mount.shelves import MTIME, Wheel


def tree(files: Mapping[str, bytes] | None = None, **fields: object) -> VersionTree:
    return VersionTree(Wheel("demo", files=files or {}, **fields).manifest()[0])  # type: ignore[arg-type]


def everything(shown: VersionTree, path: str = "") -> dict[str, str]:
    """path → kind."""
    found: dict[str, str] = {}
    for name, entry in shown.names(path):
        inside = f"{path}/{name}" if path else name
        found[inside] = entry.kind
        if entry.kind == "d":
            found |= everything(shown, inside)
    return found


def test_the_schemes_of_a_wheel_lie_where_pip_puts_them() -> None:
    found = everything(
        tree(
            {
                "site/demo/__init__.py": b"",
                "headers/demo/demo.h": b"h",
                "data/share/man/demo.1": b"m",
                "scripts/tool": b"t",
            }
        )
    )
    files = {path for path, kind in found.items() if kind == "f"}
    assert files == {"demo/__init__.py", "include/demo/demo.h", "share/man/demo.1", "bin/tool"}
    assert {path for path, kind in found.items() if kind == "d"} == {
        "demo",
        "include",
        "include/demo",
        "share",
        "share/man",
        "bin",
    }


@pytest.mark.parametrize(
    ("files", "place", "size"),
    [
        ({"data/demo/x": b"data", "site/demo/x": b"1"}, "demo/x", 1),
        ({"site/bin/tool": b"22", "scripts/tool": b"tool"}, "bin/tool", 2),
        ({"data/include/demo/a.h": b"data", "headers/demo/a.h": b"333"}, "include/demo/a.h", 3),
        ({"data/demo/x/y": b"data", "site/demo/x": b"4444"}, "demo/x", 4),
        ({"data/demo": b"data", "site/demo/x": b"55555"}, "demo/x", 5),
    ],
    ids=["site and data", "site and scripts", "headers and data", "a file and a folder", "a folder and a file"],
)
def test_of_two_with_one_place_the_first_scheme_is_shown(files: dict[str, bytes], place: str, size: int) -> None:
    found = tree(files)
    entry = found.entry(place)
    assert entry is not None and (entry.kind, entry.size) == ("f", size)
    assert len([kind for kind in everything(found).values() if kind == "f"]) == 1


def test_attributes_are_those_of_the_manifest() -> None:
    entry = tree({"site/demo/tool": b"12345"}, modes={"site/demo/tool": 0o755}).entry("demo/tool")
    assert entry is not None and tuple(entry) == ("f", 0o755, 5, MTIME, "")


def test_a_folder_is_as_new_as_what_is_in_it() -> None:
    found = tree({"site/demo/a/b/c.txt": b"", "site/other": b""})
    assert {path: entry.mtime for path in ("", "demo", "demo/a") if (entry := found.entry(path))} == {
        "": MTIME,
        "demo": MTIME,
        "demo/a": MTIME,
    }


def test_a_folder_is_no_newer_than_what_is_in_it_whatever_stands_elsewhere() -> None:
    times = {
        "site/demo/sub/old.txt": 10,
        "site/demo/older.txt": 5,
        "site/demo/new/new.txt": 20,
        "data/demo/sub": 40,
        "site/x": 30,
    }
    manifest, _ = Wheel("demo", files=dict.fromkeys(times, b"")).manifest()
    found = VersionTree(
        manifest._replace(files=tuple(file._replace(mtime=times[file.path]) for file in manifest.files))
    )
    wanted = {"": 30, "demo": 20, "demo/sub": 10, "demo/new": 20}
    assert {path: entry.mtime for path in wanted if (entry := found.entry(path))} == wanted


@pytest.mark.parametrize("name", ["with space", "new\nline", "quote'\"`$(rm)", "-rf", "*", "…ü\u202e", "a\\b", "." * 5])
def test_names_that_shells_dislike_are_names(name: str) -> None:
    found = tree({f"site/demo/{name}/{name}.txt": b"x"})
    assert found.entry(f"demo/{name}/{name}.txt") is not None
    assert [each for each, _ in found.names(f"demo/{name}")] == [f"{name}.txt"]


BYTECODE = "site/demo/__pycache__/x.cpython-311.pyc"


def test_bytecode_is_there_for_who_knows_its_name_and_not_listed() -> None:
    found = tree({"site/demo/x.py": b"X = 1", BYTECODE: b"12345"})
    assert everything(found) == {"demo": "d", "demo/x.py": "f"}
    folder, file = (found.entry(path) for path in ("demo/__pycache__", BYTECODE.removeprefix("site/")))
    assert folder == ("d", 0o755, 0, MTIME, "") and file == ("f", 0o644, 5, MTIME, "")
    assert [name for name, _ in found.names("demo/__pycache__")] == ["x.cpython-311.pyc"]
    assert found.number("demo/__pycache__/x.cpython-311.pyc") == 1
    with pytest.raises(IsADirectoryError):
        found.number("demo/__pycache__")
    assert found.entry("demo/__pycache__/y.cpython-311.pyc") is None


@pytest.mark.parametrize("path", ["data/demo/__pycache__/x.pyc", "site/demo/__pycache__/notes.txt", "site/demo/x.pyc"])
def test_what_a_wheel_brings_is_listed_whatever_its_name(path: str) -> None:
    shown = everything(tree({path: b"1", BYTECODE: b"2"}))
    assert [each for each, kind in shown.items() if kind == "f"] == [path.partition("/")[2]]


def test_what_is_not_there_and_what_is_no_folder_are_told_apart() -> None:
    found = tree({"site/demo/x": b""})
    with pytest.raises(FileNotFoundError):
        list(found.names("demo/y"))
    with pytest.raises(NotADirectoryError):
        list(found.names("demo/x"))
    with pytest.raises(FileNotFoundError):
        found.number("demo/y")
    with pytest.raises(IsADirectoryError):
        found.number("demo")
    assert found.entry("demo/x/y") is None and found.entry("demo/y") is None


def test_a_script_has_an_interpreter_wherever_the_drive_is() -> None:
    for line, expected in {
        b"#!python\n": b"#!/usr/bin/env python3\n",
        b"#!pythonw\n": b"#!/usr/bin/env python3\n",
        b"#!python -E -s\n": b"#!/usr/bin/env -S python3 -E -s\n",
        b"#!/bin/sh\n": b"#!/bin/sh\n",
        b"": b"",
    }.items():
        manifest, _ = Wheel("demo", inline={"scripts/tool": line + b"rest"}).manifest()
        entry = VersionTree(manifest).entry("bin/tool")
        assert shown(manifest, 0) == expected + b"rest"
        assert entry is not None and entry.size == len(expected) + 4


# plain trees

FACTS = json.dumps({"format": 1, "bin": ["bin/t"], "env": {}, "folders": ["var/empty"]}).encode()
INFO = {"site/demo-1.0.dist-info/METADATA": b"Name: demo\n", "site/demo-1.0.dist-info/cloudshelf-tree.json": FACTS}


def test_a_plain_tree_is_shown_as_it_was_published() -> None:
    found = tree(
        {"data/opt/demo/bin/t": b"t", "data/opt/demo/lib/libt.so.1": b"l", "data/opt/other/x": b"x"},
        inline=INFO | {"data/opt/demo/lib/pkgconfig/t.pc": b"prefix"},
        links={"data/opt/demo/lib/libt.so": "libt.so.1", "data/opt/demo/tool": "bin/../bin/t"},
    )
    assert everything(found) == {
        "bin": "d",
        "bin/t": "f",
        "lib": "d",
        "lib/libt.so.1": "f",
        "lib/libt.so": "l",
        "lib/pkgconfig": "d",
        "lib/pkgconfig/t.pc": "f",
        "tool": "l",
        "var": "d",
        "var/empty": "d",
    }
    link = found.entry("lib/libt.so")
    assert link is not None and (link.target, link.size) == ("libt.so.1", len("libt.so.1"))
    with pytest.raises(FileNotFoundError):
        found.number("lib/libt.so")


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "../../x", "a/../../../x", "", "..", "a\0b"])
def test_a_link_that_leads_out_is_not_shown(target: str) -> None:
    found = tree({"data/opt/demo/bin/t": b"t"}, inline=INFO, links={"data/opt/demo/bad": target})
    assert found.entry("bad") is None


def test_a_link_takes_no_file_s_place() -> None:
    found = tree({"data/opt/demo/x": b"t"}, inline=INFO, links={"data/opt/demo/x": "y"})
    entry = found.entry("x")
    assert entry is not None and entry.kind == "f"
