"""The numbers by which the kernel speaks of files and folders, and which of them it still knows."""

from __future__ import annotations

import itertools
import os
import threading

from .protocol import ROOT


class Nodes:
    """A path has one number as long as the kernel knows it, but for ``renew``. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = itertools.count(ROOT + 1)
        self._paths = {ROOT: ""}
        self._numbers = {"": ROOT}
        self._read: set[int] = set()  # of which the kernel may have contents
        self._lookups: dict[int, int] = {}  # how often the kernel was told of it, and has not forgotten

    def __len__(self) -> int:
        return len(self._paths)

    def path(self, number: int) -> str:
        """It begins with ``/``; the uppermost is ``""``. Raises KeyError for what the kernel cannot know."""
        return self._paths[number]

    def find(self, path: str) -> int | None:
        """The number of ``path``, if the kernel knows it."""
        return self._numbers.get(path)

    def told(self, path: str) -> int:
        """The number of ``path``, of which the kernel is told now."""
        with self._lock:
            number = self._numbers.get(path)
            if number is None:
                number = next(self._next)
                self._paths[number], self._numbers[path] = path, number
            self._lookups[number] = self._lookups.get(number, 0) + 1
            return number

    def read(self, number: int) -> None:
        """The kernel is given contents of a file."""
        if number not in self._read:  # mostly it is
            with self._lock:
                if number in self._paths:
                    self._read.add(number)

    def renew(self) -> list[tuple[int, bytes]]:
        """Every file that was read has another number from now on, for who looks it up; the folder and name of each.

        What the kernel asks by an old number is still about the same path.
        """
        with self._lock:
            found = []
            for path in {self._paths[number] for number in self._read}:
                self._numbers.pop(path, None)
                folder, _, name = path.rpartition("/")
                if folder in self._numbers:
                    found.append((self._numbers[folder], os.fsencode(name)))
            return found

    def forget(self, number: int, lookups: int) -> bool:
        """The kernel forgot so many of the times that it was told of a number; whether it knows it no more."""
        with self._lock:
            left = self._lookups.get(number, 0) - lookups
            if left > 0:
                self._lookups[number] = left
                return False
            if number == ROOT or number not in self._paths:
                return False
            self._lookups.pop(number, None)
            self._read.discard(number)
            path = self._paths.pop(number)
            if self._numbers.get(path) == number:
                del self._numbers[path]
            return True
