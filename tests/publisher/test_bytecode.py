"""What compiled trees promise: Python takes them as its own, nothing of the temporary folder is in them."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

from cloudshelf.model import Kind
from cloudshelf.publisher.bytecode import compile_tree, compiled_path
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.tree import InstalledTree, unpack_wheel

from .wheels import build_wheel

HERE = find_interpreter(None, None)


def compiled(folder: Path, files: dict[str, bytes]) -> InstalledTree:
    tree = unpack_wheel(build_wheel(folder, files=files), folder / "tree")
    compile_tree(tree, HERE)
    return tree


def test_bytecode_fits_its_source_by_time_and_size(tmp_path: Path) -> None:
    tree = compiled(tmp_path, {"demo/__init__.py": b"x = 1\n"})
    source = tree.root / "site/demo/__init__.py"
    assert str(tree.root / compiled_path("site/demo/__init__.py", HERE.tag)) == importlib.util.cache_from_source(
        str(source)
    )
    content = (tree.root / compiled_path("site/demo/__init__.py", HERE.tag)).read_bytes()
    assert content[:4] == importlib.util.MAGIC_NUMBER
    status = source.stat()
    stamp = [0, int(status.st_mtime), status.st_size]  # PEP 552: no flags, then time and size
    assert [int.from_bytes(content[at : at + 4], "little") for at in (4, 8, 12)] == stamp


def test_the_file_name_in_code_is_the_path_in_site_packages(tmp_path: Path) -> None:
    tree = compiled(tmp_path, {"demo/deep.py": b"def f():\n    return 1\n"})
    content = (tree.root / compiled_path("site/demo/deep.py", HERE.tag)).read_bytes()
    assert marshal.loads(content[16:]).co_filename == "demo/deep.py"
    assert str(tmp_path).encode() not in content


def test_sources_that_do_not_compile_are_left_alone(tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"", "demo/old.py": b"print 'two'\n", "demo/bad.py": b"# coding: none\nx=1\n"}
    tree = compiled(tmp_path, files | {"demo/nul.py": b"\0"})
    made = {path for path in tree.files if path.endswith(".pyc")}
    assert made == {compiled_path("site/demo/__init__.py", HERE.tag)}


def test_bytecode_of_tests_waits_with_them(tmp_path: Path) -> None:
    tree = compiled(tmp_path, {"demo/a.py": b"", "demo/tests/b.py": b""})
    kinds = {path: file.kind for path, file in tree.files.items() if path.endswith(".pyc")}
    assert set(kinds.values()) == {Kind.BYTECODE, Kind.IDLE}
    assert kinds[compiled_path("site/demo/tests/b.py", HERE.tag)] is Kind.IDLE
