"""Frames are compressed on all cores, and those of a large file as soon as the file is there.

What a frame of a large file holds does not depend on the recorded order, and most bytes of a large wheel are in such
files: they are compressed while other files are unpacked, compiled and imported, which leaves cores idle.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from ..codecs.names import sha256
from ..codecs.pack import LARGE, LEVEL, compress_frame
from ..threads import Threads

_COMPRESSED = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".gz", ".bz2", ".xz", ".zst", ".zip", ".whl", ".npz", ".woff2")
_COMPRESSED_LEVEL = 1
_WAITING = 2 * (os.cpu_count() or 1)  # frames in memory


@dataclass(frozen=True, slots=True)
class Piece:
    """What one frame will hold: whole small files, or a part of a large one."""

    paths: tuple[str, ...]
    start: int  # of a part
    size: int


def pieces_of_large(path: str, size: int) -> Iterator[Piece]:
    """A file above ``LARGE``, cut into frames of its own."""
    for start in range(0, size, LARGE):
        yield Piece((path,), start, min(LARGE, size - start))


def is_compressed(path: str) -> bool:
    """Whether the file's name says that trying hard would gain nothing."""
    return path.endswith(_COMPRESSED)


class Compressor:
    """Compresses pieces of trees. What was begun ahead waits in files below ``folder``, not in memory.

    Leaving its block ends it: what has not begun is dropped, and no thread is left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._ahead: dict[tuple[Path, Piece], Future[tuple[Path, str]]] = {}
        self._threads = Threads("cloudshelf-compress")

    def __enter__(self) -> Compressor:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.__exit__()

    def begin(self, root: Path, path: str, size: int) -> None:
        """Compress the large file ``path`` of the tree at ``root``, which changes no more. From any thread."""
        for piece in pieces_of_large(path, size):
            target = self._folder / f"frame-{next(self._numbers)}"
            self._ahead[root, piece] = self._threads.submit(_compress_to, target, root, piece)

    def compress(self, root: Path, pieces: Iterable[Piece]) -> Iterator[tuple[bytes, str]]:
        """The frames of ``pieces`` of the tree at ``root`` and their digests, in order.

        Raises OSError when a file has another size than its piece.
        """
        waiting: deque[Future[tuple[bytes, str]] | Future[tuple[Path, str]]] = deque()
        for piece in pieces:
            ahead = self._ahead.pop((root, piece), None)
            waiting.append(ahead or self._threads.submit(_compress, root, piece))
            if len(waiting) > _WAITING:
                yield _take(waiting.popleft())
        while waiting:
            yield _take(waiting.popleft())


def _take(frame: Future[tuple[bytes, str]] | Future[tuple[Path, str]]) -> tuple[bytes, str]:
    data, digest = frame.result()
    if isinstance(data, bytes):
        return data, digest
    content = data.read_bytes()
    data.unlink()
    return content, digest


def _compress(root: Path, piece: Piece) -> tuple[bytes, str]:
    if len(piece.paths) == 1:
        with (root / piece.paths[0]).open("rb") as stream:
            stream.seek(piece.start)
            content = stream.read(piece.size)
    else:
        content = b"".join((root / path).read_bytes() for path in piece.paths)
    if len(content) != piece.size:
        raise OSError(f"{piece.paths[0]} changed while it was packed")
    data = compress_frame(content, level=_COMPRESSED_LEVEL if is_compressed(piece.paths[0]) else LEVEL)
    return data, sha256(data)


def _compress_to(target: Path, root: Path, piece: Piece) -> tuple[Path, str]:
    data, digest = _compress(root, piece)
    target.write_bytes(data)
    return target, digest
