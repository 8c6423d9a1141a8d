"""The copy of the importing half of the engine that environments use: versions of it live beside each other."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import marshal
import os
import shutil
import struct
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER
from pathlib import Path

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
            _compile(temporary / PACKAGE, interpreter)
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
    (folder / "importing").mkdir(mode=0o700, parents=True)
    for name, content in engine_files().items():
        with open(f"{folder}/{name}", "xb") as file:
            file.write(content)


def _compile(folder: Path, interpreter: Interpreter) -> None:
    """Bytecode for ``interpreter``: its first start must not pay for that. Without it, everything works slower.

    That of ``__init__`` is the last: it says that all are there.
    """
    if _bytecode_of(folder / "__init__.py", interpreter).exists():
        return
    with contextlib.suppress(OSError, SyntaxError):
        if interpreter.cache_tag != sys.implementation.cache_tag:
            _compile_for_other(folder, interpreter)
            return
        for part in (folder / "importing", folder):
            (part / "__pycache__").mkdir(0o700, exist_ok=True)
        for name in sorted(engine_files(), reverse=True):
            code = _own_code(_SOURCE / name if name != "__init__.py" else folder / name, interpreter)
            place = _bytecode_of(folder / name, interpreter)
            temporary = temporary_sibling(place)
            temporary.write_bytes(MAGIC_NUMBER + struct.pack("<I", _UNCHECKED_HASH) + bytes(8) + code)
            temporary.replace(place)


def _own_code(source: Path, interpreter: Interpreter) -> bytes:
    """The code of a module of ours, as a .pyc has it: out of that which this process itself would load, else compiled,
    and kept where that is for the next time.

    A .pyc begins with a magic number, flags, and (flags 0) time and size of its source; the copy's says that nobody
    need look (PEP 552, "unchecked hash").
    """
    with contextlib.suppress(OSError):
        status = source.stat()
        stamp = struct.pack("<4sIII", MAGIC_NUMBER, 0, int(status.st_mtime) & _32_BITS, status.st_size & _32_BITS)
        data = _bytecode_of(source, interpreter).read_bytes()
        if data[:16] == stamp:
            return data[16:]
    return marshal.dumps(SourceFileLoader(PACKAGE, str(source)).get_code(PACKAGE))


def _compile_for_other(folder: Path, interpreter: Interpreter) -> None:
    import subprocess

    with contextlib.suppress(subprocess.SubprocessError):
        subprocess.run(
            [
                *(interpreter.executable, "-I", "-S", "-m", "compileall", "-q"),
                *("--invalidation-mode", "unchecked-hash", os.fspath(folder)),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )


def _bytecode_of(source: Path, interpreter: Interpreter) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.{interpreter.cache_tag}.pyc"
