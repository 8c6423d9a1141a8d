"""What a program will import first, read from its text before it starts: its outermost statements.

Only these, because they are executed whatever its arguments are; and nothing of the program is executed here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST; the module ast itself is not needed
_LARGEST = 1 << 20  # bytes of a script that is read
_PYTHON = re.compile(r"python(3(\.\d+)?)?")
_TAKE_A_VALUE = "cmWX"  # options of python (python --help); the first two end them


def first_imports(program: str, words: Sequence[str]) -> list[str]:
    """Modules that ``program``, started with the arguments ``words``, imports first, by absolute name, in order.

    Empty for what is no Python program, and for one that cannot be read: it says so itself.
    """
    if not _PYTHON.fullmatch(program.rpartition("/")[2]):
        return _imports_of(_read(program, only_python=True), program)
    option, value = _what_python_runs(words)
    if option == "m":
        return [value]
    return _imports_of(value.encode() if option == "c" else _read(value), value)


def _what_python_runs(words: Sequence[str]) -> tuple[str, str]:
    """("c", code), ("m", module), or ("", path), which is empty where there is no script."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            next(rest, "")  # --check-hash-based-pycs takes a value; the others start no program
            continue
        if not word.startswith("-") or word == "-":
            return "", word.removeprefix("-")
        taking = next((i for i, letter in enumerate(word) if letter in _TAKE_A_VALUE), -1)
        if taking > 0:
            value = word[taking + 1 :] or next(rest, "")
            if word[taking] in "cm":
                return word[taking], value
    return "", ""


def _read(path: str, *, only_python: bool = False) -> bytes:
    try:
        with open(path, "rb") as file:
            start = file.read(2) if only_python else b""
            if only_python and start != b"#!":
                return b""
            text = start + file.read(_LARGEST)
    except OSError:
        return b""
    return text if not only_python or b"python" in text.partition(b"\n")[0] else b""


def _imports_of(source: bytes, name: str) -> list[str]:
    if not source:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the program's own start says them
            tree: Any = compile(source, name, "exec", _ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return list(dict.fromkeys(_modules(tree.body)))


def _modules(statements: Sequence[Any]) -> Iterator[str]:
    for statement in statements:
        kind = type(statement).__name__
        if kind == "Import":
            yield from (alias.name for alias in statement.names)
        elif kind == "ImportFrom" and not statement.level:
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names if alias.name != "*")
        elif kind in ("Try", "With"):
            yield from _modules(statement.body)
