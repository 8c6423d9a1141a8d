"""Which modules a module imports: what sources say, and what native modules were seen to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.publisher.bytecode import compile_tree
from cloudshelf.publisher.compiling import imports_of, later_imports_of
from cloudshelf.publisher.imports import find_imports, find_later, module_name
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.tree import unpack_wheel

from .wheels import build_wheel

HERE = find_interpreter(None, None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy, scipy.linalg", ["numpy", "scipy.linalg"]),
        ("import scipy.linalg as la", ["scipy.linalg"]),
        ("from numpy import ma, array", ["numpy", "numpy:ma", "numpy:array"]),
        ("from numpy.ma import *", ["numpy.ma"]),
        ("from . import sister", ["pack.deep", "pack.deep:sister"]),
        ("from .sister import f", ["pack.deep.sister", "pack.deep.sister:f"]),
        ("from ..aunt import f", ["pack.aunt", "pack.aunt:f"]),
        ("from .... import beyond", []),
        ("import os, sys, json.decoder", []),
        (
            "try:\n import a\nexcept ImportError:\n import b\nelse:\n import c\nfinally:\n import d",
            ["a", "c", "b", "d"],
        ),
        ("if x:\n import a\nelse:\n import b", ["a", "b"]),
        ("with x:\n class C:\n  import a", ["a"]),
        ("for x in y:\n import a\nwhile x:\n import b", ["a", "b"]),
        ("match x:\n case 1:\n  import a", ["a"]),
        ("def f():\n import a\nasync def g():\n import b\nh = lambda: __import__('c')", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import a\nelse:\n import b", ["b"]),
        ("import typing\nif typing.TYPE_CHECKING:\n import a", []),
        ("if not TYPE_CHECKING:\n import a", ["a"]),
        ("if TYPE_CHECKING and x:\n import a\nimport b", ["b"]),
        ("if x or TYPE_CHECKING:\n import a", ["a"]),
        ("if x:\n import a\nelif TYPE_CHECKING:\n import b\nelse:\n import c", ["a", "c"]),
        ("if TYPE_CHECKING:\n from a import b, c\n class D:\n  pass\nfrom e import f", ["e", "e:f"]),
        ("try:\n if TYPE_CHECKING:\n  import a\nexcept ImportError:\n import b", ["b"]),
        ("class C:\n class D:\n  from a import b", ["a", "a:b"]),
        ("def f():\n class C:\n  import a", []),
        ("".join(f"x = {n}.5\n" for n in range(300)) + "from a import b", ["a", "a:b"]),  # constants past the 256th
    ],
)
def test_what_a_body_imports(source: str, expected: list[str]) -> None:
    assert sorted(imports_of(compile(source, "module.py", "exec"), "pack/deep/module.py")) == sorted(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n import a\nasync def g():\n from b import c", ["a", "b", "b:c"]),
        ("def f():\n def g():\n  class C:\n   from . import a", ["pack.deep", "pack.deep:a"]),
        ("class C:\n def f(self):\n  import a, json", ["a"]),
        ("def f():\n if TYPE_CHECKING:\n  import a\n import b", ["b"]),
        ("import a\ndef f():\n import a.b", ["a", "a.b"]),
        ("known = {'pdf': 'pack.backend_pdf', 'ps': 'no module', 'x': 'alone'}", ["pack:backend_pdf"]),
        ("def f(x='a.b.c', y=('d.e', 'os.path', 'file.')):\n return x", ["a.b:c", "d:e"]),
    ],
)
def test_what_functions_import_and_what_may_be_modules_by_name(source: str, expected: list[str]) -> None:
    assert sorted(later_imports_of(compile(source, "module.py", "exec"), "pack/deep/module.py")) == sorted(expected)


def test_in_a_package_a_dot_is_the_package_itself() -> None:
    code = compile("from .sister import f", "__init__.py", "exec")
    assert imports_of(code, "pack/__init__.py") == ["pack.sister", "pack.sister:f"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("site/a/b.py", "a.b"),
        ("site/a/b/__init__.py", "a.b"),
        ("site/six.py", "six"),
        ("site/a/c.cpython-311-x86_64-linux-gnu.so", "a.c"),
        ("site/a/c.abi3.so", "a.c"),
        ("site/a/__pycache__/b.cpython-311.pyc", ""),
        ("site/a/table.csv", ""),
        ("site/a-1.0.dist-info/METADATA", ""),
        ("site/not-a-package/b.py", ""),
        ("data/share/b.py", ""),
    ],
)
def test_the_name_of_a_module(path: str, name: str) -> None:
    assert module_name(path) == name


def test_an_attribute_counts_only_where_it_is_a_module(tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": b"from . import a, value\nfrom other import known, unknown\n",
        "demo/a.py": b"",
        "demo/broken.py": b"import (",
    }
    tree = unpack_wheel(build_wheel(tmp_path, "demo", files=files), tmp_path / "demo")
    compile_tree(tree, HERE)
    found = find_imports(tree, [{"site/demo/a.py": ["demo.native"]}, {"site/gone.so": ["x"]}], {"other.known"})
    assert found == {
        "site/demo/__init__.py": ("demo", "demo.a", "other", "other.known"),
        "site/demo/a.py": ("demo.native",),
    }


def test_a_native_module_imports_what_the_source_beside_it_says(tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"", "demo/a.py": b"import demo.b\n", "demo/a.cpython-311-x86_64-linux-gnu.so": b"-"}
    tree = unpack_wheel(build_wheel(tmp_path, "demo", files=files), tmp_path / "demo")
    compile_tree(tree, HERE)
    native = "site/demo/a.cpython-311-x86_64-linux-gnu.so"
    assert find_imports(tree, [{native: ["other"]}], set())[native] == ("demo.b", "other")


def test_what_functions_import_is_apart_and_a_name_counts_only_where_it_is_a_module(tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": b"from . import a\ndef f():\n from . import a, b, c\n",
        "demo/a.py": b"known = ['demo.b', 'demo.nothing', 'other.known', 'other.unknown']\n",
        "demo/b.py": b"",
        "demo/tests/test_it.py": b"def test():\n import demo.b\n",
    }
    tree = unpack_wheel(build_wheel(tmp_path, "demo", files=files), tmp_path / "demo")
    compile_tree(tree, HERE)
    assert find_later(tree, {"other.known"}) == {
        "site/demo/__init__.py": ("demo.b",),
        "site/demo/a.py": ("demo.b", "other.known"),
    }
    assert find_imports(tree, [], set())["site/demo/__init__.py"] == ("demo", "demo.a")
