"""What the wheel and ELF codecs and the table of kinds promise."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudshelf.codecs.elf import is_elf, needed
from cloudshelf.codecs.wheel import (
    extension_name,
    importable_modules,
    parse_entry_points,
    parse_metadata,
    parse_wheel_name,
)
from cloudshelf.errors import WheelInvalid
from cloudshelf.model import Kind
from cloudshelf.publisher.kinds import kind_of


def test_a_wheels_name_is_taken_apart() -> None:
    name = parse_wheel_name("Ruamel.Yaml_clib-0.2.8-1-cp311-cp311-manylinux1_x86_64.manylinux2014_x86_64.whl")
    assert (name.project, name.version, len(name.tags)) == ("ruamel-yaml-clib", "0.2.8", 2)


@given(st.text(max_size=40))
def test_any_other_name_is_refused(text: str) -> None:
    with pytest.raises(WheelInvalid):
        parse_wheel_name(f"{text}.zip")


METADATA = (
    b"Metadata-Version: 2.1\nName: My.Demo\nVersion: 1.00\nSummary: does\n  things\nRequires-Python: >=3.9\n"
    b"Requires-Dist: six (>=1)\nRequires-Dist: x; extra == 'All_Of'\nProvides-Extra: All_Of\n"
)


def test_metadata_is_normalized() -> None:
    metadata = parse_metadata(METADATA, "w")
    assert (metadata.project, metadata.version, metadata.summary) == ("my-demo", "1.0", "does things")
    assert metadata.requires_dist == ("six (>=1)", "x; extra == 'All_Of'")
    assert metadata.extras == ("all-of",)


@pytest.mark.parametrize(
    "lines, found",
    [
        (b"License-Expression: MIT\nLicense: x\n", "MIT"),
        (b"License: BSD\n", "BSD"),
        (
            b"License: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n",
            "Apache Software License",
        ),
        (b"License: " + b"whole text " * 50 + b"\nClassifier: License :: OSI Approved :: MIT License\n", "MIT License"),
        (b"", ""),
    ],
)
def test_the_licence_is_a_name_not_a_text(lines: bytes, found: str) -> None:
    assert parse_metadata(METADATA + lines, "w").license == found


@pytest.mark.parametrize("data", [b"", b"Name: x\n", b"Name: x\nVersion: one\n", b"\xff\xfe"])
def test_metadata_without_a_name_or_version_is_refused(data: bytes) -> None:
    with pytest.raises(WheelInvalid):
        parse_metadata(data, "w")


def test_scripts_are_the_entry_points_of_two_groups() -> None:
    text = "[console_scripts]\na = m:f\nb=m.n : C.f [x]\n[gui_scripts]\ng = m:g\n[other]\nz = 100%\n"
    assert [(p.name, p.module, p.attribute) for p in parse_entry_points(text, "w")] == [
        ("a", "m", "f"),
        ("b", "m.n", "C.f"),
        ("g", "m", "g"),
    ]


@pytest.mark.parametrize(
    "paths, modules",
    [
        (["six.py"], ("six",)),
        (["numpy/__init__.py", "numpy/core/__init__.py", "numpy.libs/liba.so"], ("numpy",)),
        (
            ["google/protobuf/__init__.py", "google/protobuf/x.py", "google/_upb/_m.abi3.so"],
            ("google._upb._m", "google.protobuf"),
        ),
        (["_cffi_backend.cpython-311-x86_64-linux-gnu.so", "cffi/__init__.py"], ("_cffi_backend", "cffi")),
        (["fast/__init__.cpython-311-x86_64-linux-gnu.so"], ("fast",)),
        (["demo/__init__.py", "tests/__init__.py", "docs/conf.py"], ("demo",)),
        (["tests/__init__.py"], ("tests",)),
        (["demo-1.0.dist-info/x.py", "not-a-name/a.py", "__pycache__/x.py", "__main__.py"], ()),
        (["data/readme.txt"], ()),
    ],
)
def test_top_level_modules(paths: list[str], modules: tuple[str, ...]) -> None:
    assert importable_modules(paths) == modules


def test_an_init_that_only_declares_a_namespace_is_looked_through() -> None:
    paths = ["zope/__init__.py", "zope/interface/__init__.py"]
    assert importable_modules(paths, {"zope"}) == ("zope.interface",)


@pytest.mark.parametrize(
    "filename, name",
    [
        ("x.so", "x"),
        ("x.abi3.so", "x"),
        ("x.cpython-312-aarch64-linux-gnu.so", "x"),
        ("x.so.1", ""),
        ("lib-x.so", ""),
        ("x.py", ""),
    ],
)
def test_the_module_of_a_native_file(filename: str, name: str) -> None:
    assert extension_name(filename) == name


@pytest.mark.parametrize(
    "path, kind",
    [
        ("site/numpy/testing/_private/utils.py", Kind.SOURCE),
        ("site/pandas/testing.py", Kind.SOURCE),
        ("site/pandas/tests/io/data.csv", Kind.IDLE),
        ("site/django/test/client.py", Kind.IDLE),  # still importable, fetched when touched
        ("site/latest/x.py", Kind.SOURCE),
        ("site/a/__pycache__/b.cpython-311.pyc", Kind.BYTECODE),
        ("site/a/b.pyi", Kind.IDLE),
        ("site/a/include/x.hpp", Kind.IDLE),
        ("site/a/libx.a", Kind.IDLE),
        ("site/a/fonts/x.ttf", Kind.DATA),
        ("site/a-1.dist-info/METADATA", Kind.INLINE),
        ("site/a-1.dist-info/RECORD", Kind.IDLE),
        ("site/a.pth", Kind.INLINE),
        ("site/a/b.pth", Kind.DATA),
        ("scripts/x", Kind.INLINE),
        ("data/share/man/man1/x.1", Kind.IDLE),
        ("data/share/x/y.json", Kind.DATA),
        ("headers/a/x.h", Kind.IDLE),
    ],
)
def test_kinds(path: str, kind: Kind) -> None:
    assert kind_of(path, 10) is kind


def test_native_kinds() -> None:
    assert kind_of("site/a/x.abi3.so", 10, elf=True, module=True) is Kind.EXTENSION
    assert kind_of("site/a/libx.so", 10, elf=True) is Kind.LIBRARY
    assert kind_of("site/a/bin/tool", 10, elf=True) is Kind.LIBRARY
    assert kind_of("scripts/ruff", 10, elf=True) is Kind.LIBRARY


@pytest.mark.parametrize("name", ["test_api", "Dict_test", "TCPStoreTest"])
def test_a_program_that_tests_is_idle(name: str) -> None:
    assert kind_of(f"site/torch/bin/{name}", 10, elf=True) is Kind.IDLE
    assert kind_of(f"site/torch/bin/{name}", 10) is Kind.DATA
    assert kind_of(f"site/torch/{name}.so", 10, elf=True) is Kind.LIBRARY
    assert kind_of(f"site/torch/{name}.so", 10, elf=True, module=True) is Kind.EXTENSION
    assert kind_of(f"scripts/{name}", 10, elf=True) is Kind.LIBRARY, "who installed it may call it"


def test_needed_names_are_read_from_a_real_library() -> None:
    from zstandard import backend_c  # one of our own dependencies: what Python itself has as a library differs

    path = Path(backend_c.__file__)
    with path.open("rb") as stream:
        assert is_elf(stream.read(4))
        names = needed(stream)
    assert any(re.match(r"libc\.so", name) for name in names)


@given(st.binary(max_size=300))
def test_damaged_elf_needs_nothing_and_raises_nothing(data: bytes) -> None:
    assert needed(io.BytesIO(b"\x7fELF" + data)) == ()
