"""Bytecode for the interpreter at hand, as ``compileall`` makes it: PEP 552, checked by the source's time and size."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..codecs.names import sha256
from ..errors import PublishFailed
from ..model import Kind
from .interpreter import Interpreter
from .tree import InstalledTree, TreeFile

# What marshal writes depends on which strings the process has interned before, so the division of the work is fixed
# and not a matter of this machine's cores: equal wheels make equal packs.
_PARTS = 4
_TIMEOUT = 3600
_SCRIPT = Path(__file__).with_name("compiling.py")


def compile_tree(tree: InstalledTree, interpreter: Interpreter, *, workers: int | None = None) -> None:
    """Add ``site/.../__pycache__/x.<tag>.pyc`` for every source that compiles, and to ``tree.imports`` and
    ``tree.later`` what it and its functions import.

    ``co_filename`` is the path within site-packages ("numpy/__init__.py"), the same wherever this is done; readers make
    it absolute. Raises PublishFailed when the interpreter itself fails.
    """
    if interpreter.executable is None:
        return
    sources = sorted(path for path in tree.files if path.startswith("site/") and path.endswith(".py"))
    if not sources:
        return
    executable = interpreter.executable
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        parts = [part for part in _divide(tree, sources) if part]
        for imports in pool.map(lambda part: _compile(tree, executable, part), parts):
            tree.imports.update((f"site/{path}", tuple(now)) for path, (now, _) in imports.items())
            tree.later.update((f"site/{path}", tuple(later)) for path, (_, later) in imports.items() if later)
    for source in sources:
        _add_compiled(tree, source, interpreter.tag)


def compiled_path(source: str, tag: str) -> str:
    """``site/a/b.py`` → ``site/a/__pycache__/b.cpython-311.pyc`` (PEP 3147)."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def _divide(tree: InstalledTree, sources: Sequence[str]) -> list[list[str]]:
    """Neighbours together, about equally many bytes in each part."""
    total = sum(tree.files[path].size for path in sources) or 1
    parts: list[list[str]] = [[] for _ in range(_PARTS)]
    before = 0
    for path in sources:
        parts[min(_PARTS - 1, before * _PARTS // total)].append(path.removeprefix("site/"))
        before += tree.files[path].size
    return parts


def _compile(tree: InstalledTree, executable: Path, paths: list[str]) -> dict[str, tuple[list[str], list[str]]]:
    environ = {"PATH": os.defpath, "PYTHONHASHSEED": "0"}  # the seed orders the members of frozen sets
    try:
        done = subprocess.run(
            [executable, "-s", "-S", "-W", "ignore", _SCRIPT],
            input=json.dumps([str(tree.root), paths]).encode(),
            env=environ,
            cwd=tree.root,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT,
        )
        return dict(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        stderr = getattr(error, "stderr", None) or b""
        lines = stderr.decode(errors="replace").strip().splitlines() or [str(error)]
        raise PublishFailed(f"bytecode of {tree.wheel}", lines[-1]) from None


def _add_compiled(tree: InstalledTree, source: str, tag: str) -> None:
    path = compiled_path(source, tag)
    target = tree.root / path
    if not target.exists():
        return
    content = target.read_bytes()
    target.chmod(0o644)
    os.utime(target, (tree.files[source].mtime,) * 2)
    kind = Kind.IDLE if tree.files[source].kind is Kind.IDLE else Kind.BYTECODE
    tree.files[path] = TreeFile(path, len(content), 0o644, tree.files[source].mtime, sha256(content), kind)
