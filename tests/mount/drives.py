"""Drives that are mounted for real, by the command, and programs that look at them."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cloudshelf.errors import NoFuse
from cloudshelf.mount.machine import check_machine
from cloudshelf.mount.mountpoint import TYPE, find_mount
from cloudshelf.mount.process import Mount
from tests.bad_input.conftest import User

PATIENCE = 120.0  # seconds for a state that comes in moments on a quiet machine


def _why_not() -> str:
    try:
        check_machine()
    except NoFuse as error:
        return str(error)
    return ""


WHY_NOT = _why_not()
needs_fuse = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


class Drive:
    """A folder that is mounted for ``user``."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user, self.folder = user, folder
        self.log = Mount(str(folder), str(user.cache)).log

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def site(self) -> Path:
        return self.env / SITE

    @property
    def pid(self) -> int:
        """The process that serves it; 0: none."""
        found = find_mount(str(self.folder))
        return found.pid if found is not None and found.kind == TYPE else 0

    def is_mounted(self) -> bool:
        return find_mount(str(self.folder)) is not None

    def mount(self, *words: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.user.run("mount", self.folder, *words, code=code, **environ)

    def umount(self, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.user.run("umount", self.folder, code=code)

    def kill(self) -> None:
        """Kill its process as nobody should; returns when it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid))

    def python(self, code: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A Python that has nothing of ours, with the drive's site-packages on PYTHONPATH."""
        own = {k: v for k, v in self.user.environ.items() if not k.startswith("CLOUDSHELF")}
        command = [sys._base_executable, "-c", code]
        own |= {"PYTHONPATH": str(self.site), "PYTHONNOUSERSITE": "1", **environ}
        return subprocess.run(command, env=own, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/")


class Facts(NamedTuple):
    """What a file, folder or link is to a program."""

    kind: str
    mode: int
    size: int
    mtime: int
    content: str  # a digest, or where a link leads


def facts_of(path: Path) -> Facts:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return Facts("link", 0o777, 0, 0, os.fspath(path.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return Facts("folder", mode, 0, 0, "")
    return Facts("file", mode, status.st_size, int(status.st_mtime), hashlib.sha256(path.read_bytes()).hexdigest())


def walk(root: Path) -> Iterator[str]:
    """Every path below ``root``, relative to it; links are not followed."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118  (many thousands)


def is_running(pid: int) -> bool:
    """Whether a process does anything: one that has ended may wait to be asked how.

    Its first thread may have ended before the others, which still hold its files.
    """
    try:
        lines = Path("/proc", str(pid), "status").read_text().splitlines()
    except OSError:
        return False
    status = dict(line.split(":\t", 1) for line in lines)
    return status["State"][0] not in "ZX" or int(status["Threads"]) > 1


def wait_until(is_so: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Return when ``is_so`` holds; fail when it does not come to that."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        os.sched_yield()
