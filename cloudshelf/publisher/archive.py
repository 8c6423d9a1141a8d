"""A wheel file as a source for ``installer`` that trusts nothing: names, sizes and RECORD are checked on the way.

Everything here raises WheelInvalid, naming the entry. That all readers see the same entries: zip_layout.py; what an
entry is called: entry_names.py; what is in it: entry.py. Sources: PEP 427, PEP 491 (RECORD), APPNOTE.TXT 4.3 (ZIP).
"""

from __future__ import annotations

import calendar
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from installer.sources import WheelContentElement, WheelSource

from ..codecs.names import normalize
from ..codecs.wheel import Metadata, Recorded, WheelName, parse_metadata, parse_record, parse_wheel_name
from ..errors import WheelInvalid
from .entry import CheckedEntry
from .entry_names import check_apart, check_name
from .zip_layout import LayoutError, check_entries, read_directory

_EPOCH = 315532800  # 1980-01-01, the first date that a ZIP can hold
_HASHES = frozenset({"sha256", "sha384", "sha512"})  # PEP 427: "sha256 or better"
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # what all installers read; lzma asks for gigabytes
_SMALL = 64 << 20  # bytes of a file of the dist-info, which is read at once; a RECORD of 500,000 files fits


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
        with path.open("rb") as stream:
            directory = read_directory(stream, limits.entries)
            with zipfile.ZipFile(stream) as opened:
                entries = _checked_entries(opened.infolist(), path, limits)
                starts = check_entries(stream, opened.infolist(), directory)
            yield WheelArchive(stream, entries, starts, path)
    except LayoutError as error:
        raise WheelInvalid(path.name, str(error)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, UnicodeError) as error:
        raise WheelInvalid(path.name, f"its ZIP is damaged ({error or type(error).__name__})") from None


class WheelArchive(WheelSource):
    """What ``installer.install`` reads from. Constructing it checks all that can be known without unpacking."""

    def __init__(
        self, stream: BinaryIO, entries: dict[str, zipfile.ZipInfo], starts: dict[str, int], path: Path
    ) -> None:
        """``entries`` by name, and where in ``stream`` the bytes of each begin."""
        self.filename = path.name
        self.name: WheelName = parse_wheel_name(path.name)
        self._stream, self._entries, self._starts = stream, entries, starts
        self._dist_info = self._find_dist_info()
        stem = self._dist_info.removesuffix(".dist-info")
        super().__init__(stem.rpartition("-")[0], stem.rpartition("-")[2])
        for name in self._entries:
            if name.startswith(f"{self.data_dir}/") and name.count("/") < 2:
                raise WheelInvalid(self.filename, f"{name} is in no folder that says where it goes")
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
        if entry.file_size > _SMALL:
            raise WheelInvalid(self.filename, f"{name} has {entry.file_size} bytes; {_SMALL} are allowed")
        return self._open(entry, None).read()

    def _open(self, entry: zipfile.ZipInfo, recorded: Recorded | None) -> CheckedEntry:
        start = self._starts[entry.filename]
        return CheckedEntry(self._stream.fileno(), start, entry, recorded, self.filename)

    def validate_record(self) -> None:
        """Names were checked when opening; each content is checked when it has been read (``CheckedEntry``)."""

    def get_contents(self) -> Iterator[WheelContentElement]:
        for name, entry in self._entries.items():
            mode = entry.external_attr >> 16
            checked = self._open(entry, self._record.get(name))
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


def entry_time(entry: zipfile.ZipInfo) -> int:
    """The entry's date as seconds since 1970, read as UTC; a date that is none is 1980-01-01."""
    year, month, day, hour, minute, second = entry.date_time
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _EPOCH
    return max(_EPOCH, calendar.timegm((year, month, day, hour, minute, second)))


def _checked_entries(infos: list[zipfile.ZipInfo], path: Path, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """The files of the archive by name, in its order."""
    wheel = path.name
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        check_name(info.orig_filename, info.filename, wheel)
        _check_type(info, wheel)
        if info.is_dir():
            continue
        if info.filename in entries:
            raise WheelInvalid(wheel, f"the entry {info.filename} stands in it twice")
        entries[info.filename] = info
    check_apart(entries, wheel)
    _check_sizes(list(entries.values()), path, limits)
    return entries


def _check_type(info: zipfile.ZipInfo, wheel: str) -> None:
    if info.flag_bits & 1:
        raise WheelInvalid(wheel, f"{info.filename} is encrypted")
    if info.compress_type not in _METHODS:
        raise WheelInvalid(
            wheel, f"{info.filename} is compressed in a way that wheels do not use ({info.compress_type})"
        )
    if info.is_dir() and (info.file_size or info.compress_size > 2):
        raise WheelInvalid(wheel, f"the folder {info.filename} has a content")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WheelInvalid(wheel, f"{info.filename} is a symbolic link, which wheels do not have")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WheelInvalid(wheel, f"{info.filename} is neither a file nor a folder")


def _check_sizes(entries: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    total = sum(entry.file_size for entry in entries)
    if total > limits.total:
        raise WheelInvalid(path.name, f"it unpacks to {total} bytes; {limits.total} are allowed")
    if total > limits.harmless and total > limits.ratio * size:
        raise WheelInvalid(path.name, f"it unpacks to {total // max(1, size)} times its size, as bombs do")
