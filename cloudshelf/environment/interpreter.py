"""The interpreter that an environment is made for."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from ..errors import PlatformUnsupported, UsageError

_SUPPORTED = "CPython 3.11 to 3.14 on Linux with glibc, x86-64 or aarch64, not free-threaded"

# Run with -I in the interpreter itself; its output is one line of JSON.
_QUESTION = """
import importlib.machinery, json, os, platform, sys, sysconfig
variables = {"base": "", "platbase": "", "installed_base": "", "installed_platbase": ""}
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "version": platform.python_version(),
    "implementation": sys.implementation.name,
    "cache_tag": sys.implementation.cache_tag or "",
    "soabi": sysconfig.get_config_var("SOABI") or "",
    "suffixes": importlib.machinery.EXTENSION_SUFFIXES,
    "site": sysconfig.get_path("purelib", "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix",
                               vars=variables).lstrip("/"),
    "platform": sysconfig.get_platform(),
    "libc": platform.libc_ver(os.path.realpath(sys.executable))[0] or os.confstr("CS_GNU_LIBC_VERSION") or "",
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
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
    interpreter = _ask(os.path.realpath(executable or sys.executable), executable or sys.executable)
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
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-c", _QUESTION], capture_output=True, text=True, timeout=60, check=True
        )
        facts = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{executable} is not a Python that runs: {error}") from None
    return Interpreter(**{**facts, "suffixes": tuple(facts["suffixes"])})
