"""What is written into an environment's bin: scripts with its own python, stubs for binaries, activate."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from types import SimpleNamespace

_LONGEST_SHEBANG = 127  # bytes; Linux before 5.1 cuts the line there (BINPRM_BUF_SIZE)
_ACTIVATE = ("activate", "activate.csh", "activate.fish")


def shebang(python: str, options: str = "") -> bytes:
    """The first line of a script for ``python``.

    A long path, or one with a space, does not fit there: then /bin/sh starts it, by lines that Python takes for a text.
    """
    line = os.fsencode(f"#!{python}{f' {options}' if options else ''}\n")
    if len(line) <= _LONGEST_SHEBANG and " " not in python:
        return line
    return os.fsencode(f"#!/bin/sh\n'''exec' \"{python}\" {options} \"$0\" \"$@\"\n' '''\n")


def rewritten(content: bytes, python: str) -> bytes:
    """A script of a wheel, which begins with ``#!python`` (binary distribution format, "scripts directory")."""
    options, rest = _split(content)
    return content if options is None else shebang(python, options) + rest


def portable(content: bytes) -> bytes:
    """A script of a wheel, for whichever Python is first on the PATH (env(1), coreutils)."""
    options, rest = _split(content)
    if options is None:
        return content
    return f"#!/usr/bin/env {f'-S python3 {options}' if options else 'python3'}\n".encode() + rest


def _split(content: bytes) -> tuple[str | None, bytes]:
    """The options in a first line that begins with ``#!python``, and the rest; None for any other file."""
    first, newline, rest = content.partition(b"\n")
    words = first.strip().split(None, 1)
    if not newline or not words or words[0] not in (b"#!python", b"#!pythonw"):
        return None, content
    return words[1].decode() if len(words) > 1 else "", rest


def stub(environment: str, python: str, number: int) -> bytes:
    """A program that brings file ``number`` and becomes it."""
    code = f"from _cloudshelf.importing.stub import run\n\nrun({environment!r}, {number})\n"
    return shebang(python, "-I") + code.encode()


def program_of(python: str) -> str:
    """A program that becomes ``python``, and is another file (importing/installers.py says for whom)."""
    return f'#!/bin/sh\nexec {shlex.quote(python)} "$@"\n'


def activate_scripts(environment: Path) -> dict[str, str]:
    """activate for each shell, by file name: the templates of the ``venv`` module; those it does not have are left."""
    import venv  # only building needs it

    builder = venv.EnvBuilder(prompt="cloudshelf")
    context = SimpleNamespace(
        env_dir=str(environment),
        env_name="cloudshelf",
        prompt="(cloudshelf) " if _has_parentheses() else "cloudshelf",
        bin_name="bin",
        env_exe=f"{environment}/bin/python",
        bin_path=f"{environment}/bin",
    )
    found = {}
    for name in _ACTIVATE:
        for folder in ("common", "posix"):  # 3.13 moved fish's from one to the other
            template = Path(venv.__file__).parent / "scripts" / folder / name
            if template.is_file():
                context.script_path = str(template)  # read by every venv that has the fix of CVE-2024-9287
                found[name] = builder.replace_variables(template.read_text(), context)
                break
    return found


def _has_parentheses() -> bool:
    """Up to 3.12 venv's context has them in the prompt, later its templates do."""
    import sys

    return sys.version_info < (3, 13)
