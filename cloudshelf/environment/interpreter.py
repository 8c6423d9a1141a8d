"""The interpreter that an environment is made for."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..build_variables import settle
from ..errors import PlatformUnsupported, UsageError
from . import answering

_SUPPORTED = "CPython 3.11 to 3.14 on Linux with glibc, x86-64 or aarch64, not free-threaded"


class Interpreter(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """Everything of an interpreter that an environment depends on."""

    executable: str  # real path of the base interpreter, never a virtual environment's
    version: str  # full, "3.11.7"
    implementation: str
    cache_tag: str  # "cpython-311"
    soabi: str
    suffixes: tuple[str, ...]  # of extension modules, most specific first
    site: str  # where site-packages is under a prefix: "lib/python3.11/site-packages"
    platform: str  # "linux-x86_64"
    libc: str
    free_threaded: bool

    @property
    def minor(self) -> str:
        """ "3.11"."""
        return ".".join(self.version.split(".")[:2])


def describe_interpreter(executable: str | None = None) -> Interpreter:
    """The interpreter at ``executable`` (default: the running one); that of a virtual environment means its base.

    Raises UsageError when it does not run, PlatformUnsupported when environments cannot be made for it.
    """
    interpreter = _ask(os.path.realpath(executable), executable) if executable else _describe_own()
    check_supported(interpreter)
    return interpreter


def check_supported(interpreter: Interpreter) -> None:
    """Raises PlatformUnsupported: a clear refusal is better than a guess."""
    version = tuple(int(part) for part in interpreter.minor.split("."))
    fits = (
        interpreter.implementation == "cpython"
        and (3, 11) <= version <= (3, 14)
        and not interpreter.free_threaded
        and interpreter.platform in ("linux-x86_64", "linux-aarch64")
        and interpreter.libc.startswith("glibc")
    )
    if not fits:
        threads = ", free-threaded" if interpreter.free_threaded else ""
        libc = f", {interpreter.libc}" if interpreter.libc else ""
        found = f"{interpreter.implementation} {interpreter.version} on {interpreter.platform}{libc}{threads}"
        raise PlatformUnsupported(found, _SUPPORTED)


@functools.lru_cache
def _ask(real: str, executable: str) -> Interpreter:
    """Asked by the path as given: the real path of a virtual environment's python has lost its home."""
    import subprocess

    try:
        done = subprocess.run(
            [executable, "-I", "-S", answering.__file__], capture_output=True, text=True, timeout=60, check=True
        )
        facts = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{executable} is not a Python that runs: {error}") from None
    return _described(facts)


@functools.lru_cache
def _describe_own() -> Interpreter:
    """Without a process: a start of Python takes longer than all the rest of a warm run."""
    settle()
    return _described(answering.facts())


def _described(facts: Mapping[str, Any]) -> Interpreter:
    return Interpreter(**{**facts, "suffixes": tuple(facts["suffixes"])})
