"""The copy of the importing half is what we are, with bytecode from the start."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from cloudshelf.environment import engine
from cloudshelf.environment.interpreter import describe_interpreter


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package to copy, with bytecode of one module and none of another."""
    folder = tmp_path / "package"
    (folder / "importing").mkdir(parents=True)
    (folder / "errors.py").write_text("def where(): return where.__code__.co_filename\n")
    (folder / "importing" / "__init__.py").write_text("value = 1\n")
    py_compile.compile(os.fspath(folder / "errors.py"), doraise=True)
    monkeypatch.setattr(engine, "_SOURCE", folder)
    for cached in (engine.engine_files, engine.engine_digest):
        cached.cache_clear()
    yield folder
    for cached in (engine.engine_files, engine.engine_digest):
        cached.cache_clear()


def run_copy(copy: Path, code: str) -> str:
    command = [sys.executable, "-I", "-v", "-c", f"import sys; sys.path.insert(0, {os.fspath(copy)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = [line for line in done.stderr.splitlines() if "matches" in line and os.fspath(copy) in line]
    return f"{done.stdout.strip()} {len(loaded)}"


def test_every_module_of_a_copy_has_bytecode_that_names_the_copy(source: Path, tmp_path: Path) -> None:
    copy = engine.install_engine(tmp_path / "cache", describe_interpreter())
    code = "import _cloudshelf.importing, _cloudshelf.errors as e; print(e.where())"
    assert run_copy(copy, code) == f"{copy}/_cloudshelf/errors.py 3"  # the package, its part and the module


def test_bytecode_of_another_source_is_not_copied(source: Path, tmp_path: Path) -> None:
    text = (source / "errors.py").read_text()
    (source / "errors.py").write_text("old = 1\n")
    os.utime(source / "errors.py", (1_600_000_000, 1_600_000_000))
    py_compile.compile(os.fspath(source / "errors.py"), doraise=True)
    (source / "errors.py").write_text(text)
    copy = engine.install_engine(tmp_path / "cache", describe_interpreter())
    assert run_copy(copy, "import _cloudshelf.errors as e; print(hasattr(e, 'old'))") == "False 2"


def test_what_is_not_bytecode_is_not_copied(source: Path, tmp_path: Path) -> None:
    Path(importlib.util.cache_from_source(os.fspath(source / "errors.py"))).write_bytes(b"no bytecode")
    copy = engine.install_engine(tmp_path / "cache", describe_interpreter())
    assert run_copy(copy, "import _cloudshelf.errors as e; print(e.__name__)") == "_cloudshelf.errors 2"


def test_what_had_to_be_compiled_is_compiled_for_one_cache_only(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who installed with uv has no bytecode at first."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    engine.install_engine(tmp_path / "cache", describe_interpreter())
    kept = Path(importlib.util.cache_from_source(os.fspath(source / "importing" / "__init__.py")))
    assert kept.exists()
    compiled: list[Path] = []

    def loader(name: str, path: str) -> SourceFileLoader:
        compiled.append(Path(path))
        return SourceFileLoader(name, path)

    monkeypatch.setattr(engine, "SourceFileLoader", loader)
    engine.install_engine(tmp_path / "another", describe_interpreter())
    assert [path.name for path in compiled] == ["__init__.py"]
    assert compiled[0].parent.name == "_cloudshelf"  # the copy's own first file, which we do not have
