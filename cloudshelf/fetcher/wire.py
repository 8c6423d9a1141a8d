"""Messages between a process and the fetcher: a 4-byte big-endian length, one byte tag, and the body.

Which there are: docs/architecture.md.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Any

from .. import errors
from ..errors import ShelfError

LARGEST_MESSAGE = 16 << 20
_LENGTH = struct.Struct(">I")


class Malformed(Exception):
    """A message that no client of ours sends: the end of its connection."""


def receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """The next message as (tag, body); None when the client is done. Raises Malformed."""
    header = _receive_exactly(connection, _LENGTH.size)
    if not header:
        return None
    (length,) = _LENGTH.unpack(header)
    if not 1 <= length <= LARGEST_MESSAGE:
        raise Malformed(f"a message of {length} bytes")
    message = _receive_exactly(connection, length)
    if not message:
        raise Malformed("a message without its end")
    return message[:1], message[1:]


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    """``length`` bytes, or none at the end of the stream. Raises Malformed when it ends in between."""
    data = connection.recv(length)
    if not data or len(data) == length:
        return data
    parts = [data]
    length -= len(data)
    while length:
        data = connection.recv(length)
        if not data:
            raise Malformed("a message without its end")
        parts.append(data)
        length -= len(data)
    return b"".join(parts)


def send(connection: socket.socket, tag: bytes, body: bytes = b"") -> None:
    """Raises OSError when the client is gone."""
    connection.sendall(_LENGTH.pack(1 + len(body)) + tag + body)


def split_fields(body: bytes, fields: int = 0) -> list[str]:
    """The fields of a body, in any number when ``fields`` is 0. Raises Malformed."""
    parts = body.split(b"\0")
    if fields and len(parts) != fields:
        raise Malformed(f"{len(parts)} fields where {fields} belong")
    return [os.fsdecode(part) for part in parts]


def error_fields(error: ShelfError) -> dict[str, Any]:
    """An error as its name and facts; one that is not of errors.py as its words."""
    name = type(error).__name__
    if getattr(errors, name, None) is type(error):
        return {"error": name, "args": list(error.args)}
    return {"error": "ShelfError", "args": [str(error)]}
