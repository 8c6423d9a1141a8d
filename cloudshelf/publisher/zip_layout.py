"""A ZIP that every reader reads alike: one record behind the other from the first byte to the last, each told once.

Readers differ: some go by the directory at the end, some by the headers before each entry, some take the first end
record that they meet. What they would read differently is refused, so what was checked is what anybody unpacks.
Sources: APPNOTE.TXT 4.3 and 4.4 (ZIP); the attacks and what PyPI and uv refuse since 2025: CVE-2025-54368.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

_LOCAL = struct.Struct("<4s2xHH4xLLLHH")  # signature, flags, method, CRC, packed, size, lengths of name and extra
_CENTRAL = struct.Struct("<4s4xHH4xLLLHHH2x2x4xL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQ4xLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_LONG, _SHORT = 0xFFFFFFFF, 0xFFFF  # "look into the ZIP64 record"
_DESCRIPTOR = b"PK\x07\x08"
_ENCRYPTED, _HAS_DESCRIPTOR, _IS_UTF8 = 1, 8, 1 << 11
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075  # extra fields
_LARGEST_DIRECTORY = 256 << 20  # bytes, which are read at once


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory is, and what it tells of every entry."""

    offset: int
    size: int
    count: int


class LayoutError(Exception):
    """Says, as the end of a sentence, why two readers would read this ZIP differently."""


def read_directory(stream: BinaryIO, most: int) -> Directory:
    """The directory of a ZIP with one end record and nothing around it; before any of its entries is parsed.

    Raises LayoutError, also for more than ``most`` entries: whatever the end record says, they are counted.
    """
    length = stream.seek(0, 2)
    *_, disks, count, size, offset, comment = end = _read(stream, length - _END.size, _END)
    if end[0] != b"PK\x05\x06" or comment:
        raise LayoutError("something stands behind its ZIP, or it is cut off")
    stop = length - _END.size
    if _LONG in (size, offset) or _SHORT in (disks, count):
        stop, (count, size, offset) = _read_end64(stream, stop, (count, size, offset))
    elif disks != count or end[1] or end[2]:
        raise LayoutError("it is a part of a split ZIP")
    if offset + size != stop or size > _LARGEST_DIRECTORY:
        raise LayoutError("something stands between its directory and its end, or before its first entry")
    if count > most:
        raise LayoutError(f"it has {count} entries; {most} are allowed")
    _check_count(stream, Directory(offset, size, count))
    return Directory(offset, size, count)


def check_entries(stream: BinaryIO, entries: Sequence[zipfile.ZipInfo], directory: Directory) -> dict[str, int]:
    """Where the bytes of each entry begin, by name. Raises LayoutError unless header and directory say the same, and
    each entry begins where the one before ends.
    """
    starts: dict[str, int] = {}
    at = 0
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, end in zip(ordered, [*(e.header_offset for e in ordered[1:]), directory.offset], strict=True):
        if entry.header_offset > at:
            raise LayoutError(
                "something stands before its ZIP" if not at else f"something stands before {_name(entry)}"
            )
        if entry.header_offset < at:
            raise LayoutError(f"its entries overlap at {_name(entry)}")
        starts[entry.orig_filename] = _check_header(stream, entry)
        at = starts[entry.orig_filename] + entry.compress_size
        if entry.flag_bits & _HAS_DESCRIPTOR:
            at = _check_descriptor(stream, entry, at, end)
    if at != directory.offset:
        raise LayoutError("its entries overlap" if at > directory.offset else "something stands behind its last entry")
    return starts


def _check_count(stream: BinaryIO, directory: Directory) -> None:
    """The directory consists of exactly so many records: zipfile goes by its size, others by the count."""
    stream.seek(directory.offset)
    data = stream.read(directory.size)
    at = found = 0
    while at < len(data) and found <= directory.count:
        if len(data) - at < _CENTRAL.size:
            raise LayoutError("its directory is cut off")
        signature, *_, name, extra, comment, _offset = _CENTRAL.unpack_from(data, at)
        if signature != b"PK\x01\x02":
            raise LayoutError("its directory is damaged")
        at += _CENTRAL.size + name + extra + comment
        found += 1
    if at != directory.size or found != directory.count:
        raise LayoutError(f"its end says {directory.count} entries, and its directory has others")


def _read_end64(stream: BinaryIO, stop: int, short: tuple[int, int, int]) -> tuple[int, tuple[int, int, int]]:
    """Where the ZIP64 end record begins, and (count, size, offset) of it; ``short`` are those of the other one."""
    signature, disk, at, disks = _read(stream, stop - _LOCATOR.size, _LOCATOR)
    if signature != b"PK\x06\x07" or disk or disks != 1 or at != stop - _LOCATOR.size - _END64.size:
        raise LayoutError("its ZIP64 end record is not where it says")
    signature, size, disk, start, here, *found = _read(stream, at, _END64)
    if signature != b"PK\x06\x06" or size != _END64.size - 12 or disk or start or here != found[0]:
        raise LayoutError("its ZIP64 end record is damaged")
    for said, long, unsaid in zip(short, found, (_SHORT, _LONG, _LONG), strict=True):
        if said not in (long, unsaid):
            raise LayoutError("its two end records contradict each other")
    return at, (found[0], found[1], found[2])


def _check_header(stream: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where the entry's bytes begin."""
    signature, flags, method, crc, packed, size, name_length, extra_length = _read(stream, entry.header_offset, _LOCAL)
    if signature != b"PK\x03\x04":
        raise LayoutError(f"{_name(entry)} is not where its directory says")
    name, extra = stream.read(name_length), _extra_fields(stream.read(extra_length), entry)
    known = _extra_fields(entry.extra, entry)
    if _UNICODE_PATH in extra or _UNICODE_PATH in known:
        raise LayoutError(f"{_name(entry)} has a second name (Unicode path)")
    raw = entry.orig_filename.encode("utf-8" if entry.flag_bits & _IS_UTF8 else "cp437")
    if not raw.isascii() and not entry.flag_bits & _IS_UTF8:
        raise LayoutError(f"the name of {_name(entry)} does not say that it is UTF-8")
    same = _ENCRYPTED | _HAS_DESCRIPTOR | _IS_UTF8
    if name != raw or (flags ^ entry.flag_bits) & same or method != entry.compress_type:
        raise LayoutError(f"{_name(entry)} has another name or kind in its header than in its directory")
    packed, size = _long_sizes(extra.get(_ZIP64), packed, size, entry)
    told = (crc, packed, size)
    expected = (entry.CRC, entry.compress_size, entry.file_size)
    later = entry.flag_bits & _HAS_DESCRIPTOR and all(s in (0, e) for s, e in zip(told, expected, strict=True))
    if told != expected and not later:
        raise LayoutError(f"{_name(entry)} has another size or checksum in its header than in its directory")
    return entry.header_offset + _LOCAL.size + len(name) + int(extra_length)


def _check_descriptor(stream: BinaryIO, entry: zipfile.ZipInfo, at: int, end: int) -> int:
    """Where the sizes end that follow the bytes of an entry which was written as a stream.

    Only deflated bytes say themselves where they end: of others, each reader would look for it in its own way.
    """
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise LayoutError(f"where {_name(entry)} ends is not said before it")
    stream.seek(at)
    found = stream.read(min(max(end - at, 0), 24))
    facts = (entry.CRC, entry.compress_size, entry.file_size)
    for form in ("<LLL", "<LQQ"):
        try:
            said = struct.pack(form, *facts)
        except struct.error:  # the entry is larger than the short form can say
            continue
        if found in (said, _DESCRIPTOR + said):
            return end
    raise LayoutError(f"{_name(entry)} has another size or checksum behind it than in its directory")


def _extra_fields(data: bytes, entry: zipfile.ZipInfo) -> dict[int, bytes]:
    """Extra fields by their number; one that readers look at stands there once."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise LayoutError(f"the extra fields of {_name(entry)} are cut off")
        number, length = struct.unpack_from("<HH", data, at)
        if at + 4 + length > len(data) or (number in fields and number in (_ZIP64, _UNICODE_PATH)):
            raise LayoutError(f"the extra fields of {_name(entry)} are malformed")
        fields[number] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _long_sizes(field: bytes | None, packed: int, size: int, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """The sizes of a header, from its ZIP64 field where they do not fit (APPNOTE 4.5.3: there, both stand in it)."""
    if _LONG not in (packed, size):
        return packed, size
    if field is None or len(field) < 16:
        raise LayoutError(f"the header of {_name(entry)} does not say how large it is")
    long_size, long_packed = struct.unpack_from("<QQ", field)
    return (long_packed if packed == _LONG else packed), (long_size if size == _LONG else size)


def _read(stream: BinaryIO, at: int, form: struct.Struct) -> tuple[Any, ...]:
    if at < 0:
        raise LayoutError("it is too short to be a ZIP")
    stream.seek(at)
    data = stream.read(form.size)
    if len(data) < form.size:
        raise LayoutError("it is cut off")
    return form.unpack(data)


def _name(entry: zipfile.ZipInfo) -> str:
    return repr(entry.orig_filename)
