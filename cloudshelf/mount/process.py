"""Starting the process of a mount, and hearing from it that the drive is there, or why not."""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .. import errors
from ..errors import MountFailed
from .mountpoint import MODULE

START = 60.0  # seconds after which a process that has not mounted is given up
FOREGROUND = "--foreground"


class Mount(NamedTuple):
    """What shall be mounted where: ``environment`` (a folder of the cache) and ``shelf`` (a URL) may be empty."""

    directory: str
    cache: str
    environment: str = ""
    shelf: str = ""
    trust: str = ""

    def words(self, *options: str) -> list[str]:
        """The command of its process."""
        named = [word for name, value in self._asdict().items() if value for word in (f"--{name}", str(value))]
        return [sys.executable, "-P", "-m", MODULE, *named, *options]

    @property
    def log(self) -> Path:
        """Where its process writes what it cannot tell a program."""
        digest = hashlib.sha256(self.directory.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return Path(self.cache) / "mounts" / f"{digest}.log"


def start(mount: Mount) -> int:
    """Mount in the background; the process that does it. Returns when the drive is there.

    Raises what keeps the process from mounting: MountFailed, and errors of an environment and a shelf.
    """
    process = subprocess.Popen(
        mount.words(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    printed: list[str] = []
    with process, process.stdout as stream:
        for line in _lines(stream.fileno(), time.monotonic() + START):
            told = _told(line)
            if told is not None and "ready" in told:
                return int(told["ready"])
            if told is not None:
                raise errors.by_name(told["error"], told["args"])
            printed.append(line)
        if not printed:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    raise MountFailed(mount.directory, _reason(printed) or "its process was not ready within a minute")


def _lines(descriptor: int, deadline: float) -> Iterator[str]:
    """What comes until its end, or until ``deadline``."""
    text = b""
    while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        *lines, text = (text + part).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
        if not part:
            return


def tell(**facts: Any) -> None:
    """Say something to who started this process."""
    print(json.dumps(facts, default=str), flush=True)


def _told(line: str) -> dict[str, Any] | None:
    """What ``tell`` said; None for what else is printed."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _reason(printed: Sequence[str]) -> str:
    return "; ".join(line.removeprefix("fuse: ").rstrip(".") for line in printed if line)
