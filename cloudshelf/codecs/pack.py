"""Pack: independent zstd frames, one after the other; nothing else. ``zstd -d`` reads a whole one (RFC 8878)."""

from __future__ import annotations

import threading

import zstandard

from ..errors import ObjectInvalid
from ..model import Frame
from .names import pack_key, sha256

LEVEL = 12
GROUP = 1 << 20  # bytes of small files that share a frame
LARGE = 4 << 20  # a larger file is cut into frames of this many bytes, so that two cores can work on it
LARGEST_FRAME = 64 << 20  # bytes that one frame may take when it is decompressed, whoever wrote it


class _OfThread(threading.local):
    """A decompressor is for one thread at a time; making one takes as long as decompressing 15 KB."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_own = _OfThread()


def compress_frame(content: bytes, *, level: int = LEVEL) -> bytes:
    """One frame with its content size and no checksum of its own (the manifest has the digest)."""
    return zstandard.ZstdCompressor(level=level, write_content_size=True).compress(content)


def decompress_frame(data: bytes | memoryview, frame: Frame, project: str) -> bytes:
    """The content of ``frame``: at most ``frame.size`` bytes of memory, whatever ``data`` claims.

    Raises ObjectInvalid, naming the pack, when the bytes are not those that the manifest recorded.
    """
    key = pack_key(project, frame.pack)
    if len(data) != frame.length or sha256(data) != frame.digest:
        raise ObjectInvalid(key, f"the frame at {frame.offset} has other bytes than were published")
    try:
        if zstandard.get_frame_parameters(data).content_size != frame.size:
            raise ObjectInvalid(key, f"the frame at {frame.offset} has another size than was published")
        return _own.decompressor.decompress(data, max_output_size=frame.size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ObjectInvalid(key, f"the frame at {frame.offset} does not decompress ({error})") from None
