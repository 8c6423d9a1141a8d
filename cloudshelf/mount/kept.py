"""Values that are made when they are first asked for, of which the last used ones are kept, within a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Any thread. Of many that ask for one value at once, one makes it; an error is told to its maker alone."""

    def __init__(self, most: int, weigh: Callable[[V], int]) -> None:
        """``most`` bounds the weights together; the value that was used last stays whatever it weighs."""
        self._most = most
        self._weigh = weigh
        self._lock = threading.Lock()
        self._values: dict[K, V] = {}  # the one that was used last is the last
        self._makers: dict[K, tuple[threading.Lock, int]] = {}  # and how many are in line
        self._weight = 0
        self._last: tuple[K, V] | None = None

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of ``key``. Raises what ``make`` raises."""
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        found = self._find(key)
        if found is not None:
            return found
        with self._lock:
            maker, waiting = self._makers.get(key, (threading.Lock(), 0))
            self._makers[key] = maker, waiting + 1
        try:
            with maker:
                found = self._find(key)
                if found is None:
                    found = make()
                    self._add(key, found)
                return found
        finally:
            with self._lock:
                maker, waiting = self._makers.pop(key)
                if waiting > 1:
                    self._makers[key] = maker, waiting - 1

    def drop(self, key: K) -> None:
        """Have it made anew."""
        with self._lock:
            if key in self._values:
                self._weight -= self._weigh(self._values.pop(key))
            self._last = None

    def _find(self, key: K) -> V | None:
        with self._lock:
            found = self._values.pop(key, None)
            if found is not None:
                self._values[key] = found
                self._last = key, found
            return found

    def _add(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._weight += self._weigh(value)
            self._last = key, value
            while self._weight > self._most and len(self._values) > 1:
                self._weight -= self._weigh(self._values.pop(next(iter(self._values))))
