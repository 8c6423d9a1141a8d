"""The copy of the importing half of the engine that environments use: versions of it live beside each other."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import struct
import sys
from collections.abc import Mapping
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from ..errors import CacheUnusable
from .interpreter import Interpreter
from .writing import disk_errors, temporary_sibling

PACKAGE = "_cloudshelf"
_SOURCE = Path(__file__).parents[1]
_UNCHECKED_HASH = 1  # PEP 552, flags: a hash, that is not compared
_32_BITS = 0xFFFFFFFF


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
    return digest_of_files(engine_files())


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """The name of a copy that has these files, by path, in their order."""
    state = hashlib.sha256()
    for name, content in files.items():
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
    with contextlib.suppress(OSError):
        os.utime(folder)  # an environment will name it: prune leaves it
    _compile(folder / PACKAGE, interpreter)
    return folder


def _write(folder: Path) -> None:
    for name, content in engine_files().items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)


def _compile(folder: Path, interpreter: Interpreter) -> None:
    """Bytecode for ``interpreter``: its first start must not pay for that. Without it, everything works slower."""
    if _bytecode_of(folder / "__init__.py", interpreter).exists():
        return
    with contextlib.suppress(OSError, CacheUnusable):
        if interpreter.cache_tag == sys.implementation.cache_tag:
            _copy_bytecode(folder, interpreter)
        _compile_missing(folder, interpreter)


def _copy_bytecode(folder: Path, interpreter: Interpreter) -> None:
    """What this process itself would load: the copied sources are the same, and compiling takes longer than a start.

    A .pyc begins with a magic number, flags, and (flags 0) time and size of its source, which must be those of the file
    that we copied; the copy's says that nobody need look (PEP 552, "unchecked hash").
    """
    for name in engine_files():
        source = _SOURCE / name
        try:
            data = _bytecode_of(source, interpreter).read_bytes()
            status = source.stat()
        except OSError:
            continue
        stamp = struct.pack("<4sIII", MAGIC_NUMBER, 0, int(status.st_mtime) & _32_BITS, status.st_size & _32_BITS)
        if name != "__init__.py" and data[:16] == stamp:
            place = _bytecode_of(folder / name, interpreter)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            temporary = temporary_sibling(place)
            temporary.write_bytes(MAGIC_NUMBER + struct.pack("<I", _UNCHECKED_HASH) + bytes(8) + data[16:])
            temporary.rename(place)


def _compile_missing(folder: Path, interpreter: Interpreter) -> None:
    import subprocess

    with contextlib.suppress(subprocess.SubprocessError):
        if interpreter.cache_tag != sys.implementation.cache_tag:
            subprocess.run(
                [
                    *(interpreter.executable, "-I", "-S", "-m", "compileall", "-q"),
                    *("--invalidation-mode", "unchecked-hash", os.fspath(folder)),
                ],
                check=True,
                capture_output=True,
                timeout=60,
            )
            return
    import py_compile

    with contextlib.suppress(py_compile.PyCompileError):
        for file in sorted(folder.rglob("*.py"), reverse=True):  # __init__ last: it says that all are there
            place = _bytecode_of(file, interpreter)
            if not place.exists():
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(os.fspath(file), os.fspath(place), doraise=True, invalidation_mode=mode)


def _bytecode_of(source: Path, interpreter: Interpreter) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.{interpreter.cache_tag}.pyc"
