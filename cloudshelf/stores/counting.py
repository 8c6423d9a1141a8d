"""Honest numbers: what a store was asked, and how many bytes went each way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .protocols import Store, Stored


class Counts(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """A moment's totals. ``requests`` counts verbs asked, failed ones included; retries of a transport are not seen."""

    requests: Mapping[str, int] = {}
    received: int = 0
    sent: int = 0

    @property
    def total(self) -> int:
        """Requests of all verbs."""
        return sum(self.requests.values())

    def since(self, before: Counts) -> Counts:
        """What was added after ``before``."""
        requests = {verb: n - before.requests.get(verb, 0) for verb, n in self.requests.items()}
        return Counts(
            {verb: n for verb, n in requests.items() if n}, self.received - before.received, self.sent - before.sent
        )


class CountingStore:
    """A store with ``counts``; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._requests: dict[str, int] = {}
        self._received = 0
        self._sent = 0

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def counts(self) -> Counts:
        with self._lock:
            return Counts(dict(self._requests), self._received, self._sent)

    def get(self, key: str) -> bytes:
        self._asked("get")
        return self._got(self._store.get(key))

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        self._asked("get_tagged")
        data, etag = self._store.get_tagged(key)
        return self._got(data), etag

    def get_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        self._asked("get_changed")
        found = self._store.get_changed(key, etag)
        return None if found is None else (self._got(found[0]), found[1])

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        self._asked("stream_range")
        for part in self._store.stream_range(key, start=start, length=length):
            self._came(len(part))
            yield part

    def put_new(self, key: str, data: bytes) -> None:
        self._asked("put_new", len(data))
        self._store.put_new(key, data)

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        self._asked("replace", len(data))
        return self._store.replace(key, data, etag=etag)

    def list(self, prefix: str) -> Iterator[Stored]:
        self._asked("list")
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        self._asked("delete")
        self._store.delete(key)

    def _asked(self, verb: str, sent: int = 0) -> None:
        with self._lock:
            self._requests[verb] = self._requests.get(verb, 0) + 1
            self._sent += sent

    def _got(self, data: bytes) -> bytes:
        self._came(len(data))
        return data

    def _came(self, size: int) -> None:
        with self._lock:
            self._received += size
