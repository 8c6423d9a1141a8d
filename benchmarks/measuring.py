"""Running a command whole: its seconds, what it printed, and the memory of all its processes together."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage import CannotRun, last_line

FEWER = ((20.0, 2), (60.0, 1))  # (seconds that the first run took at least, runs in all): the table says so
_BETWEEN = 0.05  # seconds between two looks at memory


@dataclass(frozen=True, slots=True)
class Spent:
    """``memory``: KiB of anonymous memory at its peak, the command's children included; 0 when nobody looked."""

    seconds: float
    memory: int
    said: str


def spend(
    command: Sequence[str], environ: Mapping[str, str], *, cwd: Path | None = None, memory: bool = False
) -> Spent:
    """Run ``command`` to its end. Raises CannotRun with its last words."""
    begun = time.monotonic()
    with subprocess.Popen(
        list(command), env=dict(environ), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = _Watch(process.pid) if memory else None
        said, errors = process.communicate()
    seconds = time.monotonic() - begun
    peak = watch.end() if watch else 0
    if process.returncode:
        raise CannotRun(last_line(errors) or f"exit code {process.returncode}")
    return Spent(seconds, peak, said)


def runs_of(first: float, runs: int) -> int:
    """How many runs what took ``first`` seconds the first time gets."""
    return min([runs, *(few for seconds, few in FEWER if first > seconds)])


class _Watch:
    """Looks at a process and its descendants until ``end``."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(_BETWEEN):
            self._peak = max(self._peak, sum(_anonymous(pid) for pid in _family(self._process)))

    def end(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._peak


def _family(process: int) -> list[int]:
    """``process`` and its descendants, as far as they are there."""
    found = [process]
    for pid in found:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def _anonymous(process: int) -> int:
    try:
        found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
