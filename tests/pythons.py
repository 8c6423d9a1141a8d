"""The other supported Pythons of this machine, and the tests that depend most on the Python, on each of them.

    python tests/pythons.py [--jobs N]

Each gets a virtual environment as ``make venv`` makes it, .venv312 and so on, kept for the next time. The exit code is
0 when there was one and everything passed.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloudshelf.environment.interpreter import Interpreter, describe_interpreter
from cloudshelf.errors import ShelfError
from cloudshelf.target import MINORS

ROOT = Path(__file__).parents[1]
TESTED = ("tests/importing", "tests/environment", "tests/faces")


@functools.cache
def find_pythons() -> dict[str, Interpreter]:
    """One of each supported version that this machine has, without this one's; by "3.12" and so on."""
    minors = [f"3.{minor}" for minor in MINORS if minor != sys.version_info[1]]
    return {minor: found for minor in minors if (found := _find(minor))}


def _find(minor: str) -> Interpreter | None:
    for path in _candidates(minor):
        try:
            found = describe_interpreter(str(path))
        except ShelfError:  # a shim of pyenv that points nowhere, a free-threaded build
            continue
        if found.minor == minor:
            return found
    return None


def _candidates(minor: str) -> Iterator[Path]:
    """What is on PATH, then what pyenv and uv have installed without putting it there."""
    home = Path.home()
    for folder in os.get_exec_path():
        yield from Path(folder).glob(f"python{minor}")
    for versions in (Path(os.environ.get("PYENV_ROOT", home / ".pyenv"), "versions"), home / ".local/share/uv/python"):
        yield from sorted(versions.glob(f"*{minor}.*/bin/python{minor}"))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1, help="tests at the same time")
    jobs = parser.parse_args(arguments).jobs
    said = {python.version: _test(python, jobs) for python in find_pythons().values()}
    for version, result in said.items():
        print(f"Python {version}: {result}")
    if not said:
        print("This machine has no other Python that is supported.")
    return 0 if set(said.values()) == {"passed"} else 1


def _test(python: Interpreter, jobs: int) -> str:
    print(f"== Python {python.version}, {python.executable}", flush=True)
    venv = f".venv{python.minor.replace('.', '')}"
    make = ["make", "--no-print-directory", "venv", f"PYTHON={python.executable}", f"VENV={venv}"]
    made = subprocess.run(make, cwd=ROOT)
    if made.returncode:
        return f"no virtual environment (make ended with {made.returncode})"
    pytest = [f"{venv}/bin/python", "-m", "pytest", "-n", str(jobs), "--dist", "loadgroup", *TESTED]
    tested = subprocess.run(pytest, cwd=ROOT)
    return f"failed ({tested.returncode})" if tested.returncode else "passed"


if __name__ == "__main__":
    sys.exit(main())
