"""Kernels that nobody else on this machine can take a port from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager


class PrivateKernelManager(KernelManager):
    """Of a kernel that listens on sockets of a folder of its own.

    jupyter_client looks for free TCP ports and lets go of them for the kernel, which binds them half a second later;
    servers and kernels of other tests took one of them now and then, and the kernel died.
    """

    def __init__(self, **options: Any) -> None:
        # The path of a socket has at most 107 bytes, and a test's own folder can be longer.
        self._sockets = tempfile.TemporaryDirectory(prefix="kernel-", dir="/tmp")
        super().__init__(transport="ipc", ip=str(Path(self._sockets.name, "s")), **options)
