"""The floor: the bytes that a workload opens, fetched in parallel ranges, checked, decompressed, hashed and written.

A program without import machinery does that; then the script runs in a new process, from those files. Nothing that
verifies what it fetches can be faster by much.

``plan_of`` makes the plan, off the clock; this file run as a program carries it out:  python floor.py PLAN FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

CONNECTIONS = 8
LARGEST = 8 << 20  # bytes of a range


def fetch(plan: dict[str, Any], folder: Path) -> None:
    """Carry out ``plan``: every file below ``folder``, verified."""
    from obstore.store import S3Store

    store = S3Store(**plan["store"], client_options={"allow_http": True})
    writing = _Writing(plan, folder)

    def bring(key: str, start: int, stop: int, frames: list[int]) -> list[Future[None]]:
        data = memoryview(store.get_range(key, start=start, end=stop))
        offsets = [plan["frames"][n][0] - start for n in frames]
        return [
            workers.submit(writing.finish, n, data[offset : offset + plan["frames"][n][1]])
            for n, offset in zip(frames, offsets, strict=True)
        ]

    with ThreadPoolExecutor(os.cpu_count()) as workers, ThreadPoolExecutor(CONNECTIONS) as connections:
        for brought in [connections.submit(bring, *batch) for batch in plan["ranges"]]:
            for finished in brought.result():
                finished.result()
    assert not any(writing.left)


class _Writing:
    """From frames to files. Any thread."""

    def __init__(self, plan: dict[str, Any], folder: Path) -> None:
        self._frames, self._files = plan["frames"], plan["files"]
        self._paths = [folder / path for path, *_ in self._files]
        for parent in {path.parent for path in self._paths}:
            parent.mkdir(parents=True, exist_ok=True)
        self._pieces: dict[int, list[tuple[int, int, int, int]]] = {}  # frame → (file, offset in it, from, to)
        for number, (_, size, _, _, frame, offset) in enumerate(self._files):
            at = 0
            while at < size:
                taken = min(size - at, self._frames[frame][2] - offset)
                self._pieces.setdefault(frame, []).append((number, at, offset, offset + taken))
                at, frame, offset = at + taken, frame + 1, 0
            if not size:
                self._paths[number].touch()
        self.left = [size for _, size, *_ in self._files]
        self._lock = threading.Lock()

    def finish(self, frame: int, data: memoryview) -> None:
        """Check, decompress and write the files, or parts of files, in a frame."""
        import zstandard

        _, _, size, digest = self._frames[frame]
        assert hashlib.sha256(data).hexdigest() == digest
        content = memoryview(zstandard.ZstdDecompressor().decompress(data, max_output_size=size))
        for number, at, start, stop in self._pieces.get(frame, ()):
            descriptor = os.open(self._paths[number], os.O_WRONLY | os.O_CREAT, 0o644)
            os.pwrite(descriptor, content[start:stop], at)
            os.close(descriptor)
            with self._lock:
                self.left[number] -= stop - start
            if not self.left[number]:
                self._complete(number, content[start:stop])

    def _complete(self, number: int, last: memoryview) -> None:
        path, size, digest, mtime, *_ = self._files[number]
        content = last if len(last) == size else self._paths[number].read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, path
        os.utime(self._paths[number], (mtime, mtime))


if __name__ == "__main__":
    fetch(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
