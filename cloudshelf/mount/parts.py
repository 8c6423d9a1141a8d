"""Files of an environment, opened for reading: brought when they are not here."""

from __future__ import annotations

import os

from ..fetcher.disk import disk_errors
from ..fetcher.environments import Environment
from ..fetcher.transfer import Transfer
from .view import Opened


def open_file(transfer: Transfer, environment: Environment, number: int) -> Opened:
    """File ``number`` of ``environment``, open for reading.

    Raises what bringing it raises: StoreError (an outage), ObjectInvalid (damage), DiskFull, CacheUnusable.
    """
    if not environment.presence[number]:
        transfer.ensure(environment, [number]).result()
    return WholeFile(environment.destination(number))


class WholeFile:
    """A file that is in its place."""

    def __init__(self, path: str) -> None:
        """Raises CacheUnusable when it is not there (any more)."""
        with disk_errors(path):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        return os.pread(self._descriptor, size, offset)

    def close(self) -> None:
        os.close(self._descriptor)
