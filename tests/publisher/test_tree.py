"""What unpacking promises: the tree that pip would install, or a refusal that names the entry."""

from __future__ import annotations

import csv
import re
import shutil
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from cloudshelf.errors import WheelInvalid
from cloudshelf.model import Kind
from cloudshelf.publisher.archive import Limits
from cloudshelf.publisher.tree import unpack_wheel, write_record

from .wheels import build_wheel, entry, record_row

FULL = {
    "demo/__init__.py": b"from . import deep\n",
    "demo/deep/__init__.py": b"",
    "demo/tests/test_demo.py": b"pass\n",
    "demo/table.csv": b"1,2\n",
    "demo.pth": b"import sys\n",
    "demo-1.0.data/scripts/old": b"#!python -u\nprint(1)\n",
    "demo-1.0.data/scripts/shell": b"#!/bin/sh\nexit 0\n",
    "demo-1.0.data/data/share/demo/x.txt": b"x",
    "demo-1.0.data/headers/demo.h": b"int x;",
    "demo-1.0.data/purelib/spread.py": b"y = 2\n",
}


def test_files_go_where_their_scheme_says(tmp_path: Path) -> None:
    tree = unpack_wheel(build_wheel(tmp_path, files=FULL), tmp_path / "t")
    assert {
        "site/demo/__init__.py",
        "site/demo.pth",
        "scripts/old",
        "data/share/demo/x.txt",
        "headers/demo/demo.h",
        "site/spread.py",
        "site/demo-1.0.dist-info/INSTALLER",
    } <= tree.files.keys()
    assert (tree.root / "site/demo-1.0.dist-info/INSTALLER").read_text().strip() == "cloudshelf"
    assert tree.modules == ("demo", "spread")
    assert (tree.root / "site/demo-1.0.dist-info/top_level.txt").read_text() == "demo\nspread\n"


def test_only_scripts_of_python_get_the_placeholder(tmp_path: Path) -> None:
    points = "[console_scripts]\nnew = demo.deep:main.run\n"
    tree = unpack_wheel(build_wheel(tmp_path, files=FULL, entry_points=points), tmp_path / "t")
    assert (tree.root / "scripts/old").read_bytes() == b"#!python\nprint(1)\n"
    assert (tree.root / "scripts/shell").read_bytes() == FULL["demo-1.0.data/scripts/shell"]
    assert (tree.root / "scripts/new").read_bytes().startswith(b"#!python\n")
    assert "from demo.deep import main" in (tree.root / "scripts/new").read_text()
    assert tree.scripts == ("new", "old", "shell")
    assert {tree.files[f"scripts/{name}"].mode for name in tree.scripts} == {0o755}


def test_modes_and_times_are_those_of_the_wheel(tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"", "demo/tool": b"\x7fELF"}
    wheel = build_wheel(tmp_path, files=files, modes={"demo/tool": 0o100777, "demo/__init__.py": 0o100600})
    tree = unpack_wheel(wheel, tmp_path / "t")
    assert [tree.files[f"site/{name}"].mode for name in files] == [0o644, 0o755]
    status = (tree.root / "site/demo/tool").stat()
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert status.st_mtime == tree.files["site/demo/tool"].mtime == 1714979290  # 2024-05-06 07:08:10 UTC


def test_record_names_every_installed_file_as_pip_does(tmp_path: Path) -> None:
    tree = unpack_wheel(build_wheel(tmp_path, files=FULL), tmp_path / "t")
    write_record(tree, "3.11")
    rows = {row[0]: row for row in csv.reader((tree.root / "site/demo-1.0.dist-info/RECORD").read_text().splitlines())}
    assert len(rows) == len(tree.files)
    assert {"../../../bin/old", "../../../share/demo/x.txt", "../../../include/site/python3.11/demo/demo.h"} <= set(
        rows
    )
    assert ",".join(rows["demo/table.csv"]) + "\n" == record_row("demo/table.csv", b"1,2\n")
    assert rows["demo-1.0.dist-info/RECORD"][1:] == ["", ""]


def test_kinds_are_given(tmp_path: Path) -> None:
    files = unpack_wheel(build_wheel(tmp_path, files=FULL), tmp_path / "t").files
    assert files["site/demo/__init__.py"].kind is Kind.SOURCE
    assert files["site/demo/tests/test_demo.py"].kind is Kind.IDLE
    assert files["site/demo/table.csv"].kind is Kind.DATA
    assert files["site/demo.pth"].kind is Kind.INLINE
    assert files["headers/demo/demo.h"].kind is Kind.IDLE


def test_the_script_of_an_entry_point_wins_over_a_shipped_one(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files=FULL, entry_points="[console_scripts]\nold = demo:main\n")
    tree = unpack_wheel(wheel, tmp_path / "t")
    assert b"from demo import main" in (tree.root / "scripts/old").read_bytes()


LINK = entry("demo/link", mode=stat.S_IFLNK | 0o777)


@pytest.mark.parametrize(
    "member, content, named",
    [
        (entry("../evil.py"), b"", "'../evil.py' leaves its folder"),
        (entry("demo/../../evil.py"), b"", "leaves its folder"),
        (entry("/etc/evil"), b"", "'/etc/evil' is absolute"),
        (entry("C:/evil"), b"", "absolute"),
        (entry("demo/a\0b.py"), b"", "holds a NUL"),
        (entry("demo\\evil.py"), b"", "holds a backslash"),
        (entry("demo//evil.py"), b"", "leaves its folder"),
        (LINK, b"../../../etc/passwd", "demo/link is a symbolic link"),
        (entry("demo/pipe", mode=stat.S_IFIFO | 0o644), b"", "neither a file nor a folder"),
        (entry("demo/__init__.py"), b"x = 2\n", "demo/__init__.py stands in it twice"),
        (entry("Demo/__init__.py"), b"", "differ in case only"),
        (entry("demo/__init__.py/x"), b"", "is a file and a folder"),
        (entry("demo/extra.py"), b"", "demo/extra.py is not in its RECORD"),
        (entry("other-2.0.dist-info/METADATA"), b"", "2 .dist-info folders"),
    ],
)
def test_a_malicious_entry_is_refused_and_named(
    tmp_path: Path, member: zipfile.ZipInfo, content: bytes, named: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicate names
        wheel = build_wheel(tmp_path, extra=[(member, content)])
    with pytest.raises(WheelInvalid, match=re.escape(named)):
        unpack_wheel(wheel, tmp_path / "t")
    assert not (tmp_path / "evil.py").exists()


def test_a_file_that_record_promises_must_be_there(tmp_path: Path) -> None:
    rows = "".join(f"{name},sha256=x,1\n" for name in ("demo/__init__.py", "demo/gone.py", "demo-1.0.dist-info/WHEEL"))
    wheel = build_wheel(tmp_path, record=f"{rows}demo-1.0.dist-info/METADATA,sha256=x,1\n")
    with pytest.raises(WheelInvalid, match=r"demo/gone\.py is in its RECORD, but not in the wheel"):
        unpack_wheel(wheel, tmp_path / "t")


@pytest.mark.parametrize("row", [record_row("demo/__init__.py", b"other!"), "demo/__init__.py,md5=abc,6\n"])
def test_a_digest_that_is_wrong_or_weak_is_refused(tmp_path: Path, row: str) -> None:
    good = build_wheel(tmp_path)
    with zipfile.ZipFile(good) as archive:
        lines = archive.read("demo-1.0.dist-info/RECORD").decode().splitlines(keepends=True)
    wheel = build_wheel(tmp_path, record=row + "".join(lines[1:]))
    with pytest.raises(WheelInvalid, match=r"demo/__init__\.py"):
        unpack_wheel(wheel, tmp_path / "t")


def test_a_record_that_names_a_file_twice_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, record="a,,\na,,\n")
    with pytest.raises(WheelInvalid, match="names a twice"):
        unpack_wheel(wheel, tmp_path / "t")


@pytest.mark.parametrize("name, version", [("other", None), (None, "2.0")])
def test_metadata_of_another_project_or_version_is_refused(
    tmp_path: Path, name: str | None, version: str | None
) -> None:
    wheel = build_wheel(tmp_path, metadata_name=name, metadata_version=version)
    with pytest.raises(WheelInvalid, match="its METADATA is of"):
        unpack_wheel(wheel, tmp_path / "t")


def test_a_file_name_that_is_no_wheels_is_refused(tmp_path: Path) -> None:
    path = shutil.move(build_wheel(tmp_path), tmp_path / "demo.whl")
    with pytest.raises(WheelInvalid, match=r"demo\.whl was refused: its file name"):
        unpack_wheel(Path(path), tmp_path / "t")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    content = wheel.read_bytes()
    for number, length in enumerate(range(0, len(content), 97)):
        wheel.write_bytes(content[:length])
        with pytest.raises(WheelInvalid):
            unpack_wheel(wheel, tmp_path / f"t{number}")


@pytest.mark.parametrize("before, behind", [(b"#!/bin/sh\n", b""), (b"", b"more")])
def test_a_zip_with_something_around_it_is_refused(tmp_path: Path, before: bytes, behind: bytes) -> None:
    wheel = build_wheel(tmp_path)
    wheel.write_bytes(before + wheel.read_bytes() + behind)
    with pytest.raises(WheelInvalid, match="stands be"):
        unpack_wheel(wheel, tmp_path / "t")


def test_a_bomb_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files={"demo/zeros.bin": b"\0" * 3_000_000})
    with pytest.raises(WheelInvalid, match="times its size, as bombs do"):
        unpack_wheel(wheel, tmp_path / "t", limits=Limits(harmless=1_000_000))
    with pytest.raises(WheelInvalid, match="2000000 are allowed"):
        unpack_wheel(wheel, tmp_path / "t", limits=Limits(total=2_000_000))
    assert not (tmp_path / "t").exists()


def test_a_size_that_the_directory_understates_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files={"demo/big.bin": b"ab" * 5000})
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace((10000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(WheelInvalid):
        unpack_wheel(wheel, tmp_path / "t")


@pytest.mark.parametrize("script", ["x = demo", "../x = demo:main", "x = demo:ma in"])
def test_a_script_that_cannot_be_made_is_refused(tmp_path: Path, script: str) -> None:
    wheel = build_wheel(tmp_path, entry_points=f"[console_scripts]\n{script}\n")
    with pytest.raises(WheelInvalid, match="cannot be made"):
        unpack_wheel(wheel, tmp_path / "t")
