"""The kernel's side of FUSE: what it asks and is answered, as bytes (linux/fuse.h, protocol 7.23 and newer).

Only what a file system needs that is never written to. Numbers are in the machine's own order, as the kernel has them.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from ..view import Entry

MAJOR, MINOR = 7, 31  # what is spoken here; a newer kernel speaks it, too
OLDEST = 23  # of which everything is that is needed here; what is not offered is not used
LARGEST_REQUEST = 8192  # bytes, for a kernel that is told to write no more than 4096 at once
ROOT = 1  # the number of the uppermost folder
UNKNOWN = 0xFFFFFFFF  # the number of what is listed without its attributes, as libfuse has it
PAGES = 256  # of 4096 bytes, that one read may ask for
KEEP_CACHE, CACHE_DIR = 1 << 1, 1 << 3  # FOPEN_…: what the kernel has of a file or a listing it may go on to use
_ASYNC_READ, _READDIRPLUS, _PARALLEL_DIROPS, _MAX_PAGES, _CACHE_SYMLINKS = 1, 1 << 13, 1 << 18, 1 << 22, 1 << 23
_WANTED = _ASYNC_READ | _READDIRPLUS | _PARALLEL_DIROPS | _MAX_PAGES | _CACHE_SYMLINKS
_FORMATS = {"d": 0o040000, "f": 0o100000, "l": 0o120000}  # S_IFDIR, S_IFREG, S_IFLNK
_IN = struct.Struct("=IIQQIIIHH")  # fuse_in_header
_OUT = struct.Struct("=IiQ")  # fuse_out_header
_INIT_IN = struct.Struct("=IIII")
_INIT_OUT = struct.Struct("=IIIIHHIIHH8I")
_ATTRIBUTES = struct.Struct("=6Q10I")  # fuse_attr
_ENTRY = struct.Struct("=4Q2I")  # fuse_entry_out before its attributes
_ATTR_OUT = struct.Struct("=QII")
_OPENED = struct.Struct("=QII")
_READ = struct.Struct("=QQI")  # the beginning of fuse_read_in
_HANDLE = struct.Struct("=Q")
_NAME = struct.Struct("=QQII")  # fuse_dirent before its name
_FORGET = struct.Struct("=QQ")
_STATFS = struct.Struct("=5Q10I")
_CONTENTS, _CHANGE = 4, 3  # FUSE_NOTIFY_STORE, FUSE_NOTIFY_INVAL_ENTRY
_STORE = struct.Struct("=QQII")  # fuse_notify_store_out
_NAMED = struct.Struct("=QII")  # fuse_notify_inval_entry_out


class Operation(IntEnum):
    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    READLINK = 5
    READ = 15
    STATFS = 17
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    INTERRUPT = 36
    BATCH_FORGET = 42
    READDIRPLUS = 44


class Request(NamedTuple):
    """``operation`` may be one that is not in ``Operation``; ``node`` is the number of a file or folder."""

    operation: int
    unique: int
    node: int
    thread: int  # that asks, of whichever program
    body: memoryview


def parse_request(data: memoryview) -> Request:
    _, operation, unique, node, _, _, thread, *_ = _IN.unpack_from(data)
    return Request(operation, unique, node, thread, data[_IN.size :])


def reply_head(unique: int, size: int) -> bytes:
    """What goes before an answer of ``size`` bytes."""
    return _OUT.pack(_OUT.size + size, 0, unique)


def reply_error(unique: int, number: int) -> bytes:
    """The whole answer; ``number`` is an errno."""
    return _OUT.pack(_OUT.size, -number, unique)


def notice_of_contents(node: int, size: int) -> bytes:
    """What goes before the ``size`` bytes with which a file begins, of which the kernel is told unasked."""
    return _OUT.pack(_OUT.size + _STORE.size + size, _CONTENTS, 0) + _STORE.pack(node, 0, size, 0)


def notice_of_change(folder: int, name: bytes) -> bytes:
    """The whole notice that what the kernel knows of ``name`` in a folder is no more so."""
    told = _NAMED.pack(folder, len(name), 0) + name + b"\0"
    return _OUT.pack(_OUT.size + len(told), _CHANGE, 0) + told


def parse_name(body: memoryview) -> bytes:
    """That of a LOOKUP."""
    return bytes(body).rstrip(b"\0")


def parse_forget(body: memoryview) -> int:
    """How many lookups of a node the kernel has forgotten."""
    return int(_HANDLE.unpack_from(body)[0])


def parse_forgets(body: memoryview) -> list[tuple[int, int]]:
    """(node, lookups) of a BATCH_FORGET."""
    count = int(struct.unpack_from("=I", body)[0])
    return [_FORGET.unpack_from(body, 8 + number * _FORGET.size) for number in range(count)]


def parse_read(body: memoryview) -> tuple[int, int, int]:
    """(handle, offset, size) of a READ, READDIR or READDIRPLUS."""
    handle, offset, size = _READ.unpack_from(body)
    return handle, offset, size


def answer_init(body: memoryview, waiting: int) -> bytes:
    """``waiting``: how many requests of the background (read-ahead) may be open at once.

    Raises ValueError for a kernel that is too old.
    """
    major, minor, read_ahead, offered = _INIT_IN.unpack_from(body)
    if (major, minor) < (MAJOR, OLDEST):
        raise ValueError(f"the kernel speaks FUSE {major}.{minor}, and {MAJOR}.{OLDEST} is needed (Linux 3.15)")
    return _INIT_OUT.pack(MAJOR, MINOR, read_ahead, offered & _WANTED, waiting, waiting, 4096, 1, PAGES, 0, *bytes(8))


def answer_entry(node: int, entry: Entry, owner: tuple[int, int], seconds: int) -> bytes:
    """To LOOKUP: known for so many ``seconds``. ``owner``: user and group."""
    return _ENTRY.pack(node, 0, seconds, seconds, 0, 0) + _attributes(node, entry, owner)


def answer_absent(seconds: int) -> bytes:
    """To LOOKUP: there is nothing, and the kernel need not ask again for so many ``seconds``."""
    return _ENTRY.pack(0, 0, seconds, 0, 0, 0) + bytes(_ATTRIBUTES.size)


def answer_attributes(node: int, entry: Entry, owner: tuple[int, int], seconds: int) -> bytes:
    """To GETATTR."""
    return _ATTR_OUT.pack(seconds, 0, 0) + _attributes(node, entry, owner)


def answer_opened(handle: int, flags: int) -> bytes:
    """To OPENDIR."""
    return _OPENED.pack(handle, flags, 0)


def answer_statfs() -> bytes:
    """Nothing is free, and names are as long as elsewhere."""
    return _STATFS.pack(0, 0, 0, 0, 0, 512, 255, 512, *bytes(7))


def listed_size(name: bytes, *, is_plus: bool) -> int:
    """The bytes of a name in the answer to READDIR or READDIRPLUS."""
    return _NAME.size + len(name) + -len(name) % 8 + (_ENTRY.size + _ATTRIBUTES.size) * is_plus


def listed(name: bytes, offset: int, node: int, kind: str) -> bytes:
    """A name in the answer to READDIR; ``offset`` is where the one after it begins."""
    padding = bytes(-len(name) % 8)
    return _NAME.pack(node, offset, len(name), _FORMATS[kind] >> 12) + name + padding


def without_entry() -> bytes:
    """What goes before ``listed`` in the answer to READDIRPLUS for ``.`` and ``..``: the kernel learns nothing new."""
    return bytes(_ENTRY.size + _ATTRIBUTES.size)


def _attributes(node: int, entry: Entry, owner: tuple[int, int]) -> bytes:
    """As stat(2) has them. A folder has one link: tools take two for "has no folders in it"."""
    mode, blocks, moment = _FORMATS[entry.kind] | entry.mode, (entry.size + 511) // 512, entry.mtime
    return _ATTRIBUTES.pack(
        node, entry.size, blocks, moment, moment, moment, 0, 0, 0, mode, 1, owner[0], owner[1], 0, 4096, 0
    )
