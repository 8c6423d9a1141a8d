"""A wheel file as a source for ``installer`` that trusts nothing: names, sizes and RECORD are checked on the way.

Everything here raises WheelInvalid, naming the entry. Sources: PEP 427, PEP 491 (RECORD), APPNOTE.TXT 4.3 (ZIP).
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from installer.sources import WheelContentElement, WheelSource

from ..codecs.names import normalize
from ..codecs.wheel import Metadata, Recorded, WheelName, parse_metadata, parse_record, parse_wheel_name
from ..errors import WheelInvalid

_EPOCH = 315532800  # 1980-01-01, the first date that a ZIP can hold
_END = b"PK\x05\x06"  # end of central directory, 22 bytes and the comment
_HASHES = frozenset({"sha256", "sha384", "sha512"})  # PEP 427: "sha256 or better"
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a wheel may grow when it is unpacked; torch with CUDA has 5 GB at a ratio of 2."""

    total: int = 32 << 30  # bytes of all files
    ratio: int = 200  # bytes unpacked per byte of the wheel...
    harmless: int = 256 << 20  # ...unless there are no more bytes than this
    entries: int = 500_000


@contextmanager
def open_wheel(path: Path, limits: Limits) -> Iterator[WheelArchive]:
    """The checked archive at ``path``; anything wrong with the ZIP, now or while reading, is WheelInvalid."""
    try:
        with zipfile.ZipFile(path) as opened:
            yield WheelArchive(opened, path, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, UnicodeError) as error:
        raise WheelInvalid(path.name, f"its ZIP is damaged ({error or type(error).__name__})") from None


class WheelArchive(WheelSource):
    """What ``installer.install`` reads from. Constructing it checks all that can be known without unpacking."""

    def __init__(self, opened: zipfile.ZipFile, path: Path, limits: Limits) -> None:
        self.filename = path.name
        self.name: WheelName = parse_wheel_name(path.name)
        self._zip = opened
        self._entries = _checked_entries(opened, path, limits)
        self._dist_info = self._find_dist_info()
        stem = self._dist_info.removesuffix(".dist-info")
        super().__init__(stem.rpartition("-")[0], stem.rpartition("-")[2])
        self._record = self._checked_record()
        self.metadata: Metadata = self._checked_metadata()

    @property
    def dist_info_dir(self) -> str:
        return self._dist_info

    @property
    def dist_info_filenames(self) -> list[str]:
        prefix = f"{self._dist_info}/"
        return [name.removeprefix(prefix) for name in self._entries if name.startswith(prefix)]

    @property
    def newest(self) -> int:
        """The time of the youngest entry: for files that installing makes, so that equal wheels make equal trees."""
        return max(map(entry_time, self._entries.values()), default=_EPOCH)

    def read_dist_info(self, filename: str) -> str:
        return self.read(f"{self._dist_info}/{filename}").decode("utf-8")

    def read(self, name: str) -> bytes:
        """The content of a small entry. Raises WheelInvalid when it is not there."""
        entry = self._entries.get(name)
        if entry is None:
            raise WheelInvalid(self.filename, f"{name} is missing")
        return self._zip.read(entry)

    def validate_record(self) -> None:
        """Names were checked when opening; each content is checked when it has been read (``CheckedEntry``)."""

    def get_contents(self) -> Iterator[WheelContentElement]:
        for name, entry in self._entries.items():
            mode = entry.external_attr >> 16
            checked = CheckedEntry(self._zip, entry, self._record.get(name), self.filename)
            executable = bool(mode and stat.S_ISREG(mode) and mode & 0o111)
            yield (name, "", ""), cast(BinaryIO, checked), executable

    def _find_dist_info(self) -> str:
        found = sorted({name.split("/")[0] for name in self._entries if name.split("/")[0].endswith(".dist-info")})
        if len(found) != 1:
            raise WheelInvalid(self.filename, f"it has {len(found)} .dist-info folders instead of one")
        name, _, version = found[0].removesuffix(".dist-info").rpartition("-")
        if normalize(name) != self.name.project or not version:
            raise WheelInvalid(self.filename, f"its {found[0]} belongs to another project")
        return found[0]

    def _checked_metadata(self) -> Metadata:
        metadata = parse_metadata(self.read(f"{self._dist_info}/METADATA"), self.filename)
        if (metadata.project, metadata.version) != (self.name.project, self.name.version):
            raise WheelInvalid(self.filename, f"its METADATA is of {metadata.project} {metadata.version}")
        return metadata

    def _checked_record(self) -> dict[str, Recorded]:
        """RECORD names exactly the files of the archive, each with a digest."""
        own = f"{self._dist_info}/RECORD"
        record = parse_record(self.read(own).decode("utf-8"), self.filename)
        unsigned = {own, *(f"{self._dist_info}/{name}" for name in _SIGNATURES)}
        for name in self._entries.keys() - record.keys() - unsigned:
            raise WheelInvalid(self.filename, f"{name} is not in its RECORD")
        for name in record.keys() - self._entries.keys():
            raise WheelInvalid(self.filename, f"{name} is in its RECORD, but not in the wheel")
        for name, row in record.items():
            if name not in unsigned and row.algorithm not in _HASHES:
                raise WheelInvalid(self.filename, f"its RECORD has no sha256 (or better) of {name}")
        return record


class CheckedEntry:
    """A stream of one entry that compares what was read with RECORD and with the declared size when it ends.

    The entry is opened when it is first read, by whichever thread that is.
    """

    def __init__(self, opened: zipfile.ZipFile, entry: zipfile.ZipInfo, recorded: Recorded | None, wheel: str) -> None:
        self.entry = entry
        self.sha256 = hashlib.sha256()  # of what was read so far: most RECORDs have the same, so it is made once
        self._zip = opened
        self._stream: IO[bytes] | None = None
        self._recorded = recorded if recorded and recorded.algorithm else None
        self._wheel = wheel
        self._size = 0
        algorithm = self._recorded.algorithm if self._recorded else "sha256"
        self._hash = self.sha256 if algorithm == "sha256" else hashlib.new(algorithm)

    def read(self, size: int = -1) -> bytes:
        """As a file's. Raises WheelInvalid at the end, or past the declared size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        if self._stream is None:
            self._stream = self._zip.open(self.entry)
        data = self._stream.read(size)
        self._size += len(data)
        if self._size > self.entry.file_size:
            raise WheelInvalid(self._wheel, f"{self.entry.filename} is larger than it says")
        self.sha256.update(data)
        if self._hash is not self.sha256:
            self._hash.update(data)
        if not data and size:
            self._stream.close()
            self._check()
        return data

    def _check(self) -> None:
        name = self.entry.filename
        if self._size != self.entry.file_size:
            raise WheelInvalid(self._wheel, f"{name} has {self._size} bytes and says {self.entry.file_size}")
        if self._recorded is None:
            return
        digest = base64.urlsafe_b64encode(self._hash.digest()).decode().rstrip("=")
        if digest != self._recorded.digest.rstrip("=") or self._recorded.size not in (None, self._size):
            raise WheelInvalid(self._wheel, f"{name} is not what its RECORD says")


def entry_time(entry: zipfile.ZipInfo) -> int:
    """The entry's date as seconds since 1970, read as UTC; a date that is none is 1980-01-01."""
    year, month, day, hour, minute, second = entry.date_time
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _EPOCH
    return max(_EPOCH, calendar.timegm((year, month, day, hour, minute, second)))


def _checked_entries(opened: zipfile.ZipFile, path: Path, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """The files of the archive by name, in its order."""
    wheel = path.name
    entries: dict[str, zipfile.ZipInfo] = {}
    folded: dict[str, str] = {}
    infos = opened.infolist()
    if len(infos) > limits.entries:
        raise WheelInvalid(wheel, f"it has {len(infos)} entries; {limits.entries} are allowed")
    _check_not_stacked(opened, path, infos)
    for info in infos:
        _check_name(info, wheel)
        _check_type(info, wheel)
        if info.is_dir():
            continue
        name = info.filename
        if name in entries:
            raise WheelInvalid(wheel, f"the entry {name} stands in it twice")
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            raise WheelInvalid(wheel, f"the entries {twin} and {name} differ in case only")
        entries[name] = info
    _check_sizes(list(entries.values()), path, limits)
    _check_files_are_no_folders(entries, wheel)
    return entries


def _check_not_stacked(opened: zipfile.ZipFile, path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """One archive from the first byte to the last: readers that start at either end see the same entries."""
    if infos and min(info.header_offset for info in infos) != 0:
        raise WheelInvalid(path.name, "something stands before its ZIP")
    with path.open("rb") as stream:
        stream.seek(-22 - len(opened.comment), 2)
        if stream.read(4) != _END:
            raise WheelInvalid(path.name, "something stands behind its ZIP")


def _check_name(info: zipfile.ZipInfo, wheel: str) -> None:
    original = info.orig_filename  # zipfile cuts ``filename`` at a NUL
    parts = original.removesuffix("/").split("/")
    if "\0" in original:
        raise WheelInvalid(wheel, f"the name {original!r} holds a NUL")
    if "\\" in original:
        raise WheelInvalid(wheel, f"the name {original!r} holds a backslash")
    if original.startswith("/") or (len(parts[0]) > 1 and parts[0][1] == ":"):
        raise WheelInvalid(wheel, f"the name {original!r} is absolute")
    if any(part in ("", ".", "..") for part in parts):
        raise WheelInvalid(wheel, f"the name {original!r} leaves its folder")


def _check_type(info: zipfile.ZipInfo, wheel: str) -> None:
    if info.flag_bits & 1:
        raise WheelInvalid(wheel, f"{info.filename} is encrypted")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WheelInvalid(wheel, f"{info.filename} is a symbolic link, which wheels do not have")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WheelInvalid(wheel, f"{info.filename} is neither a file nor a folder")


def _check_sizes(entries: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    packed = sum(entry.compress_size for entry in entries)
    total = sum(entry.file_size for entry in entries)
    if packed > size:
        raise WheelInvalid(path.name, "its entries overlap")
    if total > limits.total:
        raise WheelInvalid(path.name, f"it unpacks to {total} bytes; {limits.total} are allowed")
    if total > limits.harmless and total > limits.ratio * size:
        raise WheelInvalid(path.name, f"it unpacks to {total // max(1, size)} times its size, as bombs do")


def _check_files_are_no_folders(entries: dict[str, zipfile.ZipInfo], wheel: str) -> None:
    for name in entries:
        folder = name
        while folder := folder.rpartition("/")[0]:
            if folder in entries:
                raise WheelInvalid(wheel, f"{folder} is a file and a folder")
