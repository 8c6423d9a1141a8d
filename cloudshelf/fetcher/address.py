"""The name of the fetcher's socket, which one fetcher has at a time: a lock beside it says whose it is."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from pathlib import Path

from ..importing.paths import private_folder
from .disk import disk_errors

BACKLOG = 128  # clients that may wait until they are accepted
PATIENCE = 5.0  # seconds for another fetcher to listen, or to be gone


class Address:
    """``claim`` it, listen, ``release`` it: before the end, so that the next fetcher need not wait for that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._flock = -1

    def claim(self) -> socket.socket | None:
        """A socket that listens; None when another fetcher does. Raises CacheUnusable for a folder not ours alone."""
        private_folder(str(self.path.parent))
        lock = self.path.with_name(self.path.name + ".lock")
        with disk_errors(lock):
            self._flock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not self._take_lock():
            os.close(self._flock)
            self._flock = -1
            return None
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with disk_errors(self.path):
            self.path.unlink(missing_ok=True)  # of a fetcher that was killed
            listener.bind(str(self.path))
            self.path.chmod(0o600)
        listener.listen(BACKLOG)
        return listener

    def release(self) -> None:
        """Another fetcher may have the name; what is connected stays so."""
        if self._flock >= 0:
            self.path.unlink(missing_ok=True)  # before the lock: the next one's name must not be removed
            os.close(self._flock)
            self._flock = -1

    def _take_lock(self) -> bool:
        """Waits while the lock is held by one that does not listen: it is just starting, or was killed just now."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._flock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if self._is_answered() or time.monotonic() > deadline:
                    return False
            time.sleep(0.005)  # flock(2) knows no timeout

    def _is_answered(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.path)) == 0
