"""The contents of an environment's files for who reads them through the drive; one object for the whole of it.

A file that is in its place is read there. A small one, and one that the recorded import covers, is brought whole; a
large one is read by parts (parts.py), which all its readers share.
"""

from __future__ import annotations

import os
import threading
from functools import partial

from ..fetcher.environments import Environment
from ..fetcher.recalled import Recalled
from ..fetcher.transfer import Transfer
from ..importing.paths import unusable
from .lines import Lines
from .neighbours import Neighbours
from .parts import PartFile
from .read_ahead import PartReader
from .view import Opened

MOST_KEPT = 64  # files of which some parts are here and that nobody has open: each has a descriptor


class Contents:
    """Opens files. Any thread."""

    def __init__(self, transfer: Transfer, recalled: Recalled | None = None) -> None:
        self._transfer = transfer
        self._recalled = recalled
        self._lines = Lines()
        self._neighbours = Neighbours(transfer)
        self._lock = threading.Lock()
        self._parts: dict[tuple[str, int], PartFile] = {}  # by digest and mode; the one that was used last is the last
        self._readers: dict[PartFile, int] = {}

    def open(self, environment: Environment, number: int) -> Opened:
        """File ``number`` of ``environment``, for reading.

        Raises Blocked, and what bringing it raises: StoreError (an outage), ObjectInvalid (damage), DiskFull,
        CacheUnusable. Of a file that is read by parts, ``read`` raises these.
        """
        self.refuse(environment, number)
        if not environment.presence[number]:
            if self._comes_by_parts(environment, number):
                return self._open_parts(environment, environment.original(number))
            self._neighbours.bring(environment, number)
        return WholeFile(environment.destination(number))

    def refuse(self, environment: Environment, number: int) -> None:
        """Raises Blocked for a file that nobody may use any more."""
        if self._recalled is not None:
            self._recalled.refuse(environment, [number])

    def close(self) -> None:
        """Forget the parts that nobody reads."""
        self._drop_unused(0)

    def _comes_by_parts(self, environment: Environment, number: int) -> bool:
        number = environment.original(number)
        digest, mode, size = environment.digest(number), environment.modes[number], environment.sizes[number]
        return (
            len(environment.pieces(number)) > 1
            and not environment.is_recorded(number)
            and not self._transfer.blobs.has(digest, mode, size)
        )

    def _open_parts(self, environment: Environment, number: int) -> Opened:
        key = environment.digest(number), environment.modes[number]
        with self._lock:
            file = self._parts.pop(key, None)
            if file is None or file.is_damaged():
                file = PartFile(environment, number, self._transfer, self._lines)
            self._parts[key] = file
            self._readers[file] = self._readers.get(file, 0) + 1
        return PartReader(file, partial(self._closed, file))

    def _closed(self, file: PartFile) -> None:
        with self._lock:
            self._readers[file] -= 1
            if not self._readers[file]:
                del self._readers[file]
        self._drop_unused(MOST_KEPT)

    def _drop_unused(self, keep: int) -> None:
        """Close files that nobody reads, but for the ``keep`` that were used last and are of use."""
        with self._lock:
            unused = [key for key, file in self._parts.items() if file not in self._readers]
            useless = [key for key in unused if self._parts[key].is_whole() or self._parts[key].is_damaged()]
            kept = [key for key in unused if key not in useless]
            dropped = [self._parts.pop(key) for key in (*useless, *kept[: max(0, len(kept) - keep)])]
        for file in dropped:
            file.close()


class WholeFile:
    """A file that is in its place."""

    def __init__(self, path: str) -> None:
        """Raises CacheUnusable when it is not there (any more)."""
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise unusable(path, error) from error

    def read(self, offset: int, size: int) -> bytes:
        """As ``Opened.read``."""
        return os.pread(self._descriptor, size, offset)

    def close(self) -> None:
        os.close(self._descriptor)
