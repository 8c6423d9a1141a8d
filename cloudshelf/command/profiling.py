"""``cloudshelf run --profile``: the command as a child, and at its end what its imports took.

Without ``--profile``, ``run`` becomes the command; here somebody has to be left who shows the picture.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..importing.recording import FOLDER
from ..render.waterfall import read_rows, total_seconds

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def run_profiled(
    program: str, words: Sequence[str], environ: Mapping[str, str], presence: bytes
) -> tuple[int, dict[str, Any]]:
    """The command's exit status as a shell tells it, and the result of the verb "profile" for its imports.

    ``presence`` tells what was in place before anything was brought for the command. Ctrl-C reaches the command from
    the terminal; what is sent to this process is passed on.
    """
    with tempfile.TemporaryDirectory(prefix="cloudshelf-profile-") as folder:
        process = subprocess.Popen(words, executable=program, env={**environ, FOLDER: folder})
        status = _wait(process)
        timelines = {int(path.stem): _read(path, presence) for path in Path(folder).glob("*.json")}
    return status, _profile(process.pid, timelines)


def _wait(process: subprocess.Popen[bytes]) -> int:
    before = {number: signal.signal(number, lambda n, _: process.send_signal(n)) for number in _PASSED_ON}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - status if status < 0 else status


def _read(path: Path, presence: bytes) -> dict[str, Any]:
    """A timeline that a process left; an empty one where it was ended while it wrote.

    What was brought while the process started is in place for it, and fetched for whoever waits for the command.
    """
    try:
        timeline = dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {"spans": [], "waits": []}
    for span in timeline["spans"]:
        *_, source, number = span
        if source == "cached" and 0 <= number < len(presence) and not presence[number]:
            span[4] = "fetched"
    return timeline


def _profile(process: int, timelines: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Of the command's own process; of the one that imported longest where it is no Python of the environment."""
    found = {pid: read_rows(timeline) for pid, timeline in timelines.items()}
    best = process if found.get(process) else max(found, key=lambda pid: total_seconds(found[pid]), default=process)
    rows = found.get(best, [])
    result: dict[str, Any] = {"imports": rows, "seconds": total_seconds(rows), "notes": []}
    if not rows:
        result["note"] = "No import was seen: the command started no Python of the environment, or was ended by force."
    if others := len(found) - (best in found):
        result["notes"] = [f"{others} more process{'es' if others > 1 else ''} of the command imported, too."]
    return result


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """On stderr: stdout is the command's."""
    from .. import render

    print(render.to_json(result) if as_json else render.to_text("profile", result), file=sys.stderr)


def end_as(status: int) -> int:
    """``status`` as the exit status of this process; where a signal ended the command, by that signal."""
    if status > 128 and status - 128 in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(status - 128, signal.SIG_DFL)
        sys.stderr.flush()
        os.kill(os.getpid(), status - 128)
    return status
