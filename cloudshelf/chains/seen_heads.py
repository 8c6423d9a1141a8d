"""The highest sequence that a user saw of each head: what was shown once cannot be replaced by what was before."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..codecs.names import is_sha256
from ..errors import HeadReplayed

_LONGEST = 200  # bytes of a file


class Seen(NamedTuple):
    """What a file remembers; ``signer`` is the id of the key that signed it, where that was checked."""

    seq: int
    digest: str
    signer: str


class SeenHeads:
    """In ``<cache>/seen``; without a cache nothing is remembered."""

    def __init__(self, cache: Path | None) -> None:
        self.folder = cache / "seen" if cache else None

    def check(
        self,
        shelf: str,
        name: str,
        key: str,
        seq: int,
        digest: str,
        *,
        signer: str = "",
        trusted: Collection[str] | None = None,
    ) -> None:
        """Raises HeadReplayed when the head ``key`` is older than what was seen, or another of the same sequence.

        ``name`` is what it is remembered by, a file's name. Where signatures are checked, ``signer`` is the key that
        signed it, and ``trusted`` all that may: what nobody signed, or a key that was taken away since, is no evidence,
        so that nobody can make a head that no honest one ever overtakes (TUF 1.0 §5.3.11, fast-forward attacks).
        """
        if self.folder is None:
            return
        path = self.folder / shelf / name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return  # a cache that cannot be written remembers nothing
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # kernels share this file: the highest must win
            seen = _parse(os.pread(descriptor, _LONGEST, 0))
            if seen is not None and trusted is not None and seen.signer not in trusted:
                seen = None
            if seen is not None and (seq < seen.seq or (seq == seen.seq and digest != seen.digest)):
                raise HeadReplayed(key, seq, seen.seq)
            if seen is None or seq > seen.seq:
                with suppress(OSError):
                    os.pwrite(descriptor, f"{seq:020} {digest} {signer or '-':64}\n".encode(), 0)
        finally:
            os.close(descriptor)

    def highest(self, shelf: str, name: str) -> int:
        """The highest sequence that was seen of ``name``; 0 for none."""
        try:
            seen = _parse((self.folder / shelf / name).read_bytes()) if self.folder else None
        except OSError:
            return 0
        return seen.seq if seen else 0


def _parse(data: bytes) -> Seen | None:
    match data.decode("ascii", "replace").partition("\n")[0].split():
        case [seq, digest, *rest] if seq.isdecimal() and is_sha256(digest):
            return Seen(int(seq), digest, rest[0] if rest and is_sha256(rest[0]) else "")
    return None
