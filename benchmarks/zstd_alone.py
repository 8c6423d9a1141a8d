"""What zstd alone needs for the frames of a project, on all cores:  python zstd_alone.py SHELF PROJECT

Reads and decompresses everything before the clock starts, and compresses it as it was: at the level
that makes the published bytes, which is another one for what is compressed already.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloudshelf.codecs.manifest import parse_manifest
from cloudshelf.codecs.names import manifest_key, pack_key
from cloudshelf.codecs.pack import LEVEL, compress_frame, decompress_frame

WORKERS = os.cpu_count() or 1
_LEVELS = (LEVEL, 1)


def compress(contents: list[tuple[bytes, int]]) -> float:
    """Seconds to compress all (content, level)."""
    with ThreadPoolExecutor(WORKERS) as pool:
        begun = time.monotonic()
        for done in pool.map(lambda each: len(compress_frame(each[0], level=each[1])), contents):
            assert done
        return time.monotonic() - begun


def read_frames(shelf: Path, project: str) -> Iterator[tuple[bytes, bytes]]:
    """(content, compressed bytes) of each frame of the project's only manifest."""
    part = next((shelf / "projects" / project / "manifest").iterdir()).name
    key = manifest_key(project, part)
    manifest = parse_manifest((shelf / key).read_bytes(), project, key)
    packs = {pack: (shelf / pack_key(project, pack)).read_bytes() for pack in {f.pack for f in manifest.frames}}
    for frame in manifest.frames:
        data = packs[frame.pack][frame.offset : frame.offset + frame.length]
        yield decompress_frame(data, frame, project), data


def level_of(content: bytes, data: bytes) -> int:
    """At which level ``content`` becomes ``data``."""
    return next(level for level in _LEVELS if compress_frame(content, level=level) == data)


def main() -> None:
    frames = list(read_frames(Path(sys.argv[1]), sys.argv[2]))
    with ThreadPoolExecutor(WORKERS) as pool:
        levels = list(pool.map(lambda frame: level_of(*frame), frames))
    seconds = compress([(content, level) for (content, _), level in zip(frames, levels, strict=True)])
    packed = sum(len(data) for _, data in frames)
    print(json.dumps({"zstd": round(seconds, 2), "frames": len(frames), "packed": packed}))


if __name__ == "__main__":
    main()
