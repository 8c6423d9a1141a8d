"""A real kernel, as a front end has it: a process of its own, asked over its sockets."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from benchmarks.stage import CannotRun

_SECONDS = 60.0


class Kernel:
    """A kernel that runs."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, code: str) -> str:
        """What a cell printed. Raises CannotRun when it fails."""
        said: list[str] = []

        def take(message: Mapping[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")

        reply = self._client.execute_interactive(code, timeout=_SECONDS, output_hook=take, allow_stdin=False)
        if reply["content"]["status"] != "ok":
            raise CannotRun("".join(said)[-200:])
        return "".join(said)

    def complete(self, text: str) -> tuple[float, list[str]]:
        """Seconds from a Tab at the end of ``text`` to the words that a front end gets, and the words."""
        begun = time.perf_counter()
        reply = self._client.complete(text, len(text), reply=True, timeout=_SECONDS)
        return time.perf_counter() - begun, list(reply["content"]["matches"])


@contextlib.contextmanager
def running_kernel(environ: Mapping[str, str], folder: Path, python: str) -> Iterator[Kernel]:
    """A new kernel of ``python``, ready."""
    manager = KernelManager()
    assert manager.kernel_spec
    manager.kernel_spec.argv[0] = python
    manager.start_kernel(env=dict(environ), cwd=str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_SECONDS)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
