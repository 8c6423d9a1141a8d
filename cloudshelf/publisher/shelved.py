"""An installed tree back from the shelf: a profile needs the projects that a new one imports, and they are there."""

from __future__ import annotations

import os
from pathlib import Path

from ..codecs.names import pack_key, sha256
from ..codecs.pack import decompress_frame
from ..errors import ObjectInvalid
from ..model import File, Kind, Manifest
from ..stores.protocols import Get


def restore_tree(store: Get, manifest: Manifest, root: Path) -> list[str]:
    """Write all but the idle files of ``manifest`` below ``root``; their paths. Every byte is verified."""
    packs = _OpenPack(store, manifest)
    paths = []
    for file in manifest.files:
        if file.kind is Kind.IDLE:
            continue
        content = manifest.inline[file.path] if file.frame < 0 else packs.read(file)
        if sha256(content) != file.digest:
            raise ObjectInvalid(f"projects/{manifest.project}", f"{file.path} has other bytes than were published")
        target = root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(file.mode)
        os.utime(target, (file.mtime, file.mtime))
        paths.append(file.path)
    return paths


class _OpenPack:
    """Reads files in pack order, holding one pack and one frame."""

    def __init__(self, store: Get, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest
        self._pack, self._bytes = "", b""
        self._number, self._content = -1, b""

    def read(self, file: File) -> bytes:
        content = b""
        number, offset = file.frame, file.offset
        while len(content) < file.size:
            content += self._frame(number)[offset : offset + file.size - len(content)]
            number, offset = number + 1, 0
        return content

    def _frame(self, number: int) -> bytes:
        frame = self._manifest.frames[number]
        if frame.pack != self._pack:
            self._bytes = self._store.get(pack_key(self._manifest.project, frame.pack))
            self._pack = frame.pack
        if number != self._number:
            data = self._bytes[frame.offset : frame.offset + frame.length]
            self._number, self._content = number, decompress_frame(data, frame, self._manifest.project)
        return self._content
