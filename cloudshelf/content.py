"""The bytes of one file of an installed tree, without an environment: only the frames that they lie in are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .codecs.names import pack_key, sha256
from .codecs.pack import decompress_frame
from .errors import ObjectInvalid
from .model import File, Frame, Manifest
from .stores.protocols import StreamRange


def read_content(
    store: StreamRange,
    manifest: Manifest,
    file: File,
    start: int,
    stop: int,
    pause: Callable[[], object] = lambda: None,
) -> bytes:
    """Bytes ``start`` to ``stop`` of ``file``, each frame of them verified by its digest, a whole file by its own.

    ``pause`` is called before each request, and may raise. Raises ObjectInvalid, ObjectMissing and what the store
    raises.
    """
    if start >= stop:
        data = b""
    elif file.frame < 0:
        data = manifest.inline[file.path][start:stop]
    else:
        data = b"".join(_parts(store, manifest, file, start, stop, pause))
    if (start, stop) == (0, file.size) and sha256(data) != file.digest:
        raise ObjectInvalid(file.path, "its bytes are not those that were published")
    return data


def _parts(
    store: StreamRange, manifest: Manifest, file: File, start: int, stop: int, pause: Callable[[], object]
) -> Iterator[bytes]:
    """The pieces of each frame, in order; the file begins ``file.offset`` bytes into its first frame."""
    at = -file.offset  # where, in the file, the content of the frame begins
    for frame in manifest.frames[file.frame :]:
        if at >= stop:
            return
        if at + frame.size > start:
            pause()
            content = decompress_frame(_read_frame(store, manifest.project, frame), frame, manifest.project)
            yield content[max(start - at, 0) : stop - at]
        at += frame.size


def _read_frame(store: StreamRange, project: str, frame: Frame) -> bytes:
    return b"".join(store.stream_range(pack_key(project, frame.pack), start=frame.offset, length=frame.length))
