"""The copy of the importing half of the engine that environments use: versions of it live beside each other."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

from ..errors import CacheUnusable
from .interpreter import Interpreter
from .writing import disk_errors, temporary_sibling

PACKAGE = "_cloudshelf"
_SOURCE = Path(__file__).parents[1]


@functools.lru_cache
def engine_files() -> dict[str, bytes]:
    """What is copied, by its path in the copy."""
    files = {"__init__.py": b'"""A copy of the importing half of cloudshelf."""\n'}
    files["errors.py"] = (_SOURCE / "errors.py").read_bytes()
    for file in sorted((_SOURCE / "importing").glob("*.py")):
        files[f"importing/{file.name}"] = file.read_bytes()
    return files


@functools.lru_cache
def engine_digest() -> str:
    """Names the version: another content is another engine, and another environment."""
    state = hashlib.sha256()
    for name, content in engine_files().items():
        state.update(f"{name}\0{len(content)}\0".encode() + content)
    return state.hexdigest()[:32]


def install_engine(cache: Path, interpreter: Interpreter) -> Path:
    """The folder to import ``_cloudshelf`` from, made in ``cache`` when it is not there. Raises CacheUnusable."""
    folder = cache / "engine" / engine_digest()
    if not folder.is_dir():
        with disk_errors(folder):
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = temporary_sibling(folder)
            _write(temporary / PACKAGE)
            try:
                temporary.rename(folder)
            except OSError:  # somebody else was faster
                shutil.rmtree(temporary, ignore_errors=True)
                if not folder.is_dir():
                    raise
    _compile(folder / PACKAGE, interpreter)
    return folder


def _write(folder: Path) -> None:
    for name, content in engine_files().items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)


def _compile(folder: Path, interpreter: Interpreter) -> None:
    """Bytecode for ``interpreter``: its first start must not pay for that. Without it, everything works slower."""
    if (folder / "__pycache__" / f"__init__.{interpreter.cache_tag}.pyc").exists():
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError, py_compile.PyCompileError, CacheUnusable):
        if interpreter.cache_tag == sys.implementation.cache_tag:
            for file in sorted(folder.rglob("*.py"), reverse=True):  # __init__ last: it says that all are there
                py_compile.compile(
                    os.fspath(file), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
                )
        else:
            subprocess.run(
                [
                    *(interpreter.executable, "-I", "-S", "-m", "compileall", "-q"),
                    *("--invalidation-mode", "unchecked-hash", os.fspath(folder)),
                ],
                check=True,
                capture_output=True,
                timeout=60,
            )
