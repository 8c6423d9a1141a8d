"""The content of one entry of a ZIP, unpacked within its declared size and compared with all that is said of it."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
import zlib

from ..codecs.wheel import Recorded
from ..errors import WheelInvalid

_CHUNK = 1 << 20


class CheckedEntry:
    """A stream of one entry that compares what was read with RECORD, checksum and declared sizes when it ends.

    Reading begins at ``start`` of the file behind ``descriptor`` and moves nobody's position, so several threads may
    read one file.
    """

    def __init__(
        self, descriptor: int, start: int, entry: zipfile.ZipInfo, recorded: Recorded | None, wheel: str
    ) -> None:
        self.entry = entry
        self.sha256 = hashlib.sha256()  # of what was read so far: most RECORDs have the same, so it is made once
        self._descriptor, self._at, self._stop = descriptor, start, start + entry.compress_size
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        self._recorded = recorded if recorded and recorded.algorithm else None
        self._wheel = wheel
        self._size, self._crc = 0, 0
        algorithm = self._recorded.algorithm if self._recorded else "sha256"
        self._hash = self.sha256 if algorithm == "sha256" else hashlib.new(algorithm)

    def read(self, size: int = -1) -> bytes:
        """As a file's. Raises WheelInvalid at the end, or past the declared size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        data = self._take(size)
        self._size += len(data)
        if self._size > self.entry.file_size:
            raise WheelInvalid(self._wheel, f"{self.entry.filename} is larger than it says")
        self.sha256.update(data)
        if self._hash is not self.sha256:
            self._hash.update(data)
        self._crc = zlib.crc32(data, self._crc)
        if not data and size:
            self._check()
        return data

    def _take(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end."""
        if self._inflate is None:
            return self._packed(size)
        try:
            while not self._inflate.eof:
                packed = self._inflate.unconsumed_tail or self._packed(_CHUNK)
                data = self._inflate.decompress(packed, size)
                if data or not packed:
                    return data
        except zlib.error as error:
            raise WheelInvalid(self._wheel, f"{self.entry.filename} cannot be unpacked ({error})") from None
        return b""

    def _packed(self, size: int) -> bytes:
        data = os.pread(self._descriptor, min(size, self._stop - self._at), self._at)
        self._at += len(data)
        return data

    def _check(self) -> None:
        name = self.entry.filename
        if self._size != self.entry.file_size:
            raise WheelInvalid(self._wheel, f"{name} has {self._size} bytes and says {self.entry.file_size}")
        hidden = self._inflate is not None and (not self._inflate.eof or self._inflate.unused_data)
        if self._at != self._stop or hidden:
            raise WheelInvalid(self._wheel, f"{name} ends elsewhere than it says")
        if self._crc != self.entry.CRC:
            raise WheelInvalid(self._wheel, f"{name} has another checksum than it says")
        if self._recorded is None:
            return
        digest = base64.urlsafe_b64encode(self._hash.digest()).decode().rstrip("=")
        if digest != self._recorded.digest.rstrip("=") or self._recorded.size not in (None, self._size):
            raise WheelInvalid(self._wheel, f"{name} is not what its RECORD says")
