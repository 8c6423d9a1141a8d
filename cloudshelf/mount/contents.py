"""The contents of an environment's files for who reads them through the drive; one object for the whole of it.

A file that is in its place is read there. A small one, and one that the recorded import covers, is brought whole; a
large one is read by parts (parts.py), which all its readers share.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from ..fetcher.environments import Environment
from ..fetcher.recalled import Recalled
from ..fetcher.transfer import Transfer
from ..importing.paths import unusable
from .lines import Lines
from .neighbours import Neighbours
from .open_files import OpenFiles
from .parts import PartFile
from .read_ahead import PartReader
from .view import Opened

MOST_KEPT = 256  # files of which some parts are here: each has a descriptor, and a place on the disk


class Contents:
    """Opens files. Any thread."""

    def __init__(self, transfer: Transfer, recalled: Recalled | None = None) -> None:
        self._transfer = transfer
        self._recalled = recalled
        self._asked: set[Path] = set()
        self._lines = Lines()
        self._neighbours = Neighbours(transfer)
        self._parts: OpenFiles[tuple[str, int], PartFile] = OpenFiles(MOST_KEPT)  # by digest and mode

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
        self._asked.add(environment.path)
        if self._recalled is not None:
            self._recalled.refuse(environment, [number])

    def blocked(self) -> frozenset[tuple[Path, str]]:
        """What nobody may open any more, of the environments whose files were asked for: folders and projects."""
        if self._recalled is None:
            return frozenset()
        return frozenset((path, name) for path in tuple(self._asked) for name in self._recalled.blocked(path))

    def close(self) -> None:
        """Forget the parts that nobody reads."""
        self._parts.close()

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

        def use() -> AbstractContextManager[PartFile]:
            return self._parts.use(key, partial(PartFile, environment, number, self._transfer, self._lines))

        with use() as file:
            is_damaged = file.is_damaged()
        if is_damaged:
            self._parts.drop(key)
        return PartReader(use)


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
