"""A folder that holds modules called like those of Python, pip and the engine: what is in it is data, and never run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.mount.drives import needs_fuse
from tests.publisher.wheels import build_wheel

from .conftest import User

# With what needs no import, since all modules are traps.
TRAP = """
import sys
with open(__file__.rpartition("/user")[0] + "/sprung", "a") as file:
    file.write(f"{__name__} in {sys.argv}\\n")
"""
FIND = ("--no-index", "--find-links", "{wheels}")
COMMANDS = {
    "publish": ("publish", *FIND, "needs"),
    "publish a wheel": ("publish", *FIND, "{wheels}/needs-1.0-py3-none-any.whl"),
    "publish from where pip is configured to": ("publish", "needs"),
    "lock": ("lock", "badone"),
    "fill": ("fill", "badone"),
    "run": ("run", "--with", "badone", "--", "true"),
    "env": ("env", "--with", "badone"),
    "ls": ("ls",),
    "doctor": ("doctor",),
}


@pytest.fixture
def trapped(users: Callable[..., User], published: Path, tmp_path: Path) -> User:
    """A user in such a folder, with a copy of the shelf."""
    subprocess.run(["cp", "-r", published, tmp_path / "copy"], check=True)
    user = users((tmp_path / "copy").as_uri())
    for name in {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize"}:
        (user.folder / f"{name}.py").write_text(TRAP)
    (user.folder / "cloudshelf").mkdir()
    for name in ("__init__", "__main__", "fetcher", "mount", "publisher"):
        (user.folder / "cloudshelf" / f"{name}.py").write_text(TRAP)
    return user


def run(user: User, *words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "cloudshelf"), *map(str, words)]
    environ = user.environ | environ
    return subprocess.run(
        command, env=environ, cwd=user.folder, capture_output=True, text=True, timeout=240, check=False
    )


def sprung(user: User) -> str:
    found = user.folder.parent / "sprung"
    return found.read_text() if found.exists() else ""


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_command_runs_what_lies_in_the_working_folder(trapped: User, tmp_path: Path, words: tuple[str, ...]) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "needs", files={"needs.py": b"x = 1\n"}, requires=["needed"])
    build_wheel(wheels, "needed", files={"needed.py": b"x = 1\n"})
    configured = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    done = run(trapped, *(word.format(wheels=wheels) for word in words), **configured)
    assert sprung(trapped) == "", sprung(trapped)
    assert done.returncode == 0, done.stderr


@needs_fuse
def test_no_mount_runs_what_lies_in_the_working_folder(trapped: User, tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    assert run(trapped, "mount", folder, "--with", "badone").returncode == 0
    try:
        assert list((folder / "env" / "lib").glob("python3*/site-packages/badone/__init__.py"))
    finally:
        assert run(trapped, "umount", folder).returncode == 0
    assert sprung(trapped) == "", sprung(trapped)
