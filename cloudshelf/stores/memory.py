"""A store in this process's memory, with every rule of the others: for tests and trials."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator

from ..errors import Conflict, ObjectInvalid, ObjectMissing
from .keys import check_key, check_prefix, check_range
from .protocols import Stored


class MemoryStore:
    """Objects in a dictionary; thread-safe."""

    def __init__(self, url: str = "memory:") -> None:
        self._url = url
        self._objects: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self._url

    def get(self, key: str) -> bytes:
        try:
            return self._objects[check_key(key)][0]
        except KeyError:
            raise ObjectMissing(key, self._url) from None

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        data = self.get(key)
        return data, _tag(data)

    def get_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        found = self.get_tagged(key)
        return None if found[1] == etag else found

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        check_range(key, start, length)
        data = self.get(key)[start : start + length]
        if len(data) != length:
            raise ObjectInvalid(key, f"it ends before byte {start + length}")
        yield data

    def put_new(self, key: str, data: bytes) -> None:
        self.replace(key, data, etag=None)

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        check_key(key)
        with self._lock:
            found = self._objects.get(key)
            if (None if found is None else _tag(found[0])) != etag:
                raise Conflict(key)
            self._objects[key] = (bytes(data), time.time())
        return _tag(data)

    def list(self, prefix: str) -> Iterator[Stored]:
        check_prefix(prefix)
        with self._lock:
            found = sorted((k, len(v), at) for k, (v, at) in self._objects.items() if k.startswith(prefix))
        for key, size, modified in found:
            yield Stored(key, size, modified)

    def delete(self, key: str) -> None:
        check_key(key)
        with self._lock:
            self._objects.pop(key, None)


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
