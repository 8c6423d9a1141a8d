"""ZIPs that readers read differently, made of a good wheel's bytes: each function changes them, and says nothing."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
CENTRAL_SIZE, LOCAL_SIZE, END_SIZE = 46, 30, 22


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def end_of(data: bytes) -> int:
    return data.rindex(END)


def directory_of(data: bytes) -> int:
    return int(struct.unpack_from("<L", data, end_of(data) + 16)[0])


def another(name: str = "evil.py", content: bytes = b"print('evil')\n") -> bytes:
    """A ZIP of its own with one stored entry."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def entry_of(archive: bytes) -> bytes:
    """The local record of the one entry of ``another``."""
    return archive[: directory_of(archive)]


def moved(data: bytes, at: int, by: int) -> bytes:
    """``data``, into which ``by`` bytes were inserted at ``at``, with all offsets put right."""
    end = end_of(data)
    start = directory_of(data) + by
    fixed = patched(data, end + 16, struct.pack("<L", start))
    while fixed[start : start + 4] == CENTRAL:
        offset = struct.unpack_from("<L", fixed, start + 42)[0]
        fixed = patched(fixed, start + 42, struct.pack("<L", offset + by if offset >= at else offset))
        start += CENTRAL_SIZE + sum(struct.unpack_from("<HHH", fixed, start + 28))
    return fixed


def inserted(data: bytes, at: int, more: bytes) -> bytes:
    return moved(data[:at] + more + data[at:], at, len(more))


# Each takes a good wheel's bytes


def concatenated(data: bytes) -> bytes:
    return data + another()


def behind_another(data: bytes) -> bytes:
    return another() + data


def behind_another_with_right_offsets(data: bytes) -> bytes:
    return inserted(data, 0, another())


def with_an_entry_before_the_first(data: bytes) -> bytes:
    return inserted(data, 0, entry_of(another()))


def with_an_entry_that_the_directory_hides(data: bytes) -> bytes:
    return inserted(data, directory_of(data), entry_of(another()))


def with_bytes_between_two_entries(data: bytes) -> bytes:
    return inserted(data, data.index(LOCAL, 4), b"\0" * 7)


def with_bytes_between_directory_and_end(data: bytes) -> bytes:
    return data[: end_of(data)] + b"\0" * 5 + data[end_of(data) :]


def with_a_comment_that_is_a_zip(data: bytes) -> bytes:
    more = another()
    return patched(data, len(data) - 2, struct.pack("<H", len(more))) + more


def with_a_comment(data: bytes) -> bytes:
    return patched(data, len(data) - 2, struct.pack("<H", 5)) + b"hello"


def with_two_end_records(data: bytes) -> bytes:
    return data + data[end_of(data) :]


def with_a_count_too_small(data: bytes) -> bytes:
    return patched(data, end_of(data) + 8, struct.pack("<HH", 1, 1))


def with_a_count_too_large(data: bytes) -> bytes:
    return patched(data, end_of(data) + 8, struct.pack("<HH", 900, 900))


def on_two_disks(data: bytes) -> bytes:
    return patched(data, end_of(data) + 4, struct.pack("<HH", 1, 1))


def with_another_name_in_the_header(data: bytes) -> bytes:
    at = LOCAL_SIZE
    return patched(data, at, b"D" + data[at + 1 : at + 4])


def with_another_size_in_the_header(data: bytes) -> bytes:
    return patched(data, 22, struct.pack("<L", 4))


def with_another_checksum_in_the_header(data: bytes) -> bytes:
    return patched(data, 14, b"\1\2\3\4")


def with_another_method_in_the_header(data: bytes) -> bytes:
    return patched(data, 8, struct.pack("<H", 0))


def with_an_encrypted_entry(data: bytes) -> bytes:
    at = directory_of(data)
    return patched(patched(data, 6, b"\1\0"), at + 8, b"\1\0")


def with_a_wrong_checksum_in_both(data: bytes) -> bytes:
    at = directory_of(data)
    return patched(patched(data, 14, b"\1\2\3\4"), at + 16, b"\1\2\3\4")


def with_two_entries_of_the_same_bytes(data: bytes) -> bytes:
    """The second entry of the directory points at the first one's header: overlapping, as the best bombs do."""
    first = directory_of(data)
    second = first + CENTRAL_SIZE + sum(struct.unpack_from("<HHH", data, first + 28))
    return patched(data, second + 42, struct.pack("<L", 0))


def with_a_second_name_in_its_extra_fields(data: bytes) -> bytes:
    """Info-ZIP's Unicode path (0x7075) names the first entry otherwise, for readers that look at it."""
    at = directory_of(data)
    length = struct.unpack_from("<H", data, at + 28)[0]
    name = data[at + CENTRAL_SIZE : at + CENTRAL_SIZE + length]
    field = b"\1" + struct.pack("<L", zlib.crc32(name)) + b"../evil.py"
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    grown = patched(data, at + 30, struct.pack("<H", len(extra)))
    grown = grown[: at + CENTRAL_SIZE + length] + extra + grown[at + CENTRAL_SIZE + length :]
    end = end_of(grown)
    size = struct.unpack_from("<L", grown, end + 12)[0]
    return patched(grown, end + 12, struct.pack("<L", size + len(extra)))


def with_hidden_bytes_in_an_entry(data: bytes) -> bytes:
    """Behind the end of the first entry's deflated bytes, but before where its size says that they end."""
    name, extra = struct.unpack_from("<HH", data, 26)
    packed = struct.unpack_from("<L", data, 18)[0]
    more = entry_of(another())
    longer = inserted(data, LOCAL_SIZE + name + extra + packed, more)
    longer = patched(longer, 18, struct.pack("<L", packed + len(more)))
    return patched(longer, directory_of(longer) + 20, struct.pack("<L", packed + len(more)))


def with_an_end_record_of_zip64_that_lies(data: bytes) -> bytes:
    """A ZIP64 end record for another directory than the plain one's."""
    end, at = end_of(data), directory_of(data)
    long = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - at, at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    short = patched(data[end:], 8, struct.pack("<HHL", 2, 2, 0xFFFFFFFF))
    return data[:end] + long + locator + short


ALL = {name: made for name, made in globals().items() if name.startswith(("with_", "behind_", "on_", "concatenated"))}
