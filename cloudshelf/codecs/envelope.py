"""What every JSON object of a shelf has in common.

An object is one line of canonical JSON (UTF-8, sorted keys, no spaces) that says its ``format`` and ``kind``, and a
newline, then a line with the sha256 of the first line, newline excluded: heads and catalogs are not named by a digest,
and a damaged one must not pass for another. Lines that follow are signatures over exactly the bytes of the first line:
"ed25519 <key id> <base64>"; a reader that does not check signatures ignores them. No cryptography here: see signing/.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from ..errors import FormatUnknown, ObjectInvalid
from .names import is_sha256, sha256

FORMAT = 1
SCHEME = b"ed25519"  # RFC 8032; lines of another scheme are those of a later cloudshelf
MOST_SIGNATURES = 32  # who adds more costs a reader no more time
LARGEST_COUNT = (1 << 53) - 1  # what every reader of JSON takes exactly (RFC 7493, section 2.2)
_MOST_VALUES = 1 << 24  # in one object, some 100 bytes of memory each; a manifest of 500,000 files has half of them


class Signature(NamedTuple):
    """A line after an object's digest: who says to have signed it, and the 64 bytes."""

    key_id: str
    value: bytes


def format_object(kind: str, fields: dict[str, Any]) -> bytes:
    """The canonical line for ``fields``."""
    return seal(_format_line({"format": FORMAT, "kind": kind} | fields))


def _format_line(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seal(line: bytes) -> bytes:
    """``line`` as an object: followed by the line of its digest."""
    return b"%b\n%b\n" % (line, sha256(line).encode())


def signed_line(data: bytes) -> bytes:
    """What the signatures of an object are made over: its first line as it is stored, never made again."""
    return data.partition(b"\n")[0]


def add_signature(data: bytes, key_id: str, signature: bytes) -> bytes:
    """The object with one more signature over its first line."""
    return b"%b%b %b %b\n" % (data, SCHEME, key_id.encode(), base64.b64encode(signature))


def is_signed(data: bytes) -> bool:
    """Whether there are lines after the digest's."""
    return data.count(b"\n", 0, len(data) - 1) > 1


def signatures(data: bytes) -> tuple[Signature, ...]:
    """Those that an object has, unchecked, each key's first; what is no line of our scheme is passed over."""
    found: dict[str, Signature] = {}
    for line in data.split(b"\n", MOST_SIGNATURES + 2)[2 : MOST_SIGNATURES + 2]:
        match line.split(b" "):
            case [scheme, key_id, text] if scheme == SCHEME and is_sha256(name := key_id.decode("ascii", "replace")):
                try:
                    value = base64.b64decode(text, validate=True)
                except binascii.Error:
                    continue
                found.setdefault(name, Signature(name, value))
    return tuple(found.values())


def with_fields(data: bytes, fields: dict[str, Any]) -> bytes:
    """A new object that says ``fields`` besides; it has no signature."""
    return seal(_format_line(json.loads(signed_line(data)) | fields))


def parse_object(data: bytes, kind: str, key: str) -> Fields:
    """The fields of the object ``key``. Raises ObjectInvalid, or FormatUnknown for one of a later cloudshelf."""
    line, _, rest = data.partition(b"\n")
    digest, newline, _signatures = rest.partition(b"\n")
    if not newline:
        raise ObjectInvalid(key, "it is cut off")
    if digest != sha256(line).encode():
        raise ObjectInvalid(key, "its bytes are not those that were written")
    payload = _parse_json(line, key)
    if not isinstance(payload, dict) or payload.get("kind") != kind:
        raise ObjectInvalid(key, f"it is not a {kind}")
    found = payload.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ObjectInvalid(key, "it has no format number")
    if found > FORMAT:
        raise FormatUnknown(key, found, FORMAT)
    return Fields(payload, key)


def _parse_json(line: bytes, key: str) -> Any:
    """What ``line`` holds: not too many values, and texts that can be written out again."""
    if line.count(b",") + line.count(b"[") + line.count(b"{") > _MOST_VALUES:
        raise ObjectInvalid(key, "it holds more values than an object of a shelf can")
    try:
        payload = json.loads(line.decode())
        if b"\\u" in line:  # it may spell halves of characters, which no file name and no message can hold
            json.dumps(payload, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ObjectInvalid(key, f"it is not JSON ({error})") from None
    return payload


class Fields:
    """Checked access to a decoded JSON object: a field of the wrong type is an ObjectInvalid that names it."""

    __slots__ = ("key", "raw")

    def __init__(self, raw: dict[str, Any], key: str) -> None:
        self.raw = raw
        self.key = key

    def _get(self, name: str, kinds: type | tuple[type, ...]) -> Any:
        value = self.raw.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is int):
            raise ObjectInvalid(self.key, f"its field {name!r} is missing or of the wrong type")
        return value

    def text(self, name: str) -> str:
        return str(self._get(name, str))

    def text_or_none(self, name: str) -> str | None:
        value = self._get(name, (str, type(None)))
        return None if value is None else str(value)

    def count(self, name: str) -> int:
        """A whole number that is not negative, and no larger than LARGEST_COUNT."""
        value = int(self._get(name, int))
        if not 0 <= value <= LARGEST_COUNT:
            raise ObjectInvalid(self.key, f"its field {name!r} is negative or too large")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._get(name, list)
        if not set(map(type, values)) <= {str}:
            raise ObjectInvalid(self.key, f"its field {name!r} holds something that is not text")
        return tuple(values)

    def counts(self, name: str) -> list[int]:
        values: list[int] = self._get(name, list)
        if not set(map(type, values)) <= {int} or min(values, default=0) < 0 or max(values, default=0) > LARGEST_COUNT:
            raise ObjectInvalid(self.key, f"its field {name!r} holds something that is not a count")
        return values

    def mapping(self, name: str) -> dict[str, Any]:
        return dict(self._get(name, dict))

    def rows(self, name: str) -> list[Any]:
        """A list of anything; who asks looks at each."""
        return list(self._get(name, list))

    def items(self, name: str) -> list[Fields]:
        """A list of objects."""
        values = self._get(name, list)
        if not all(isinstance(v, dict) for v in values):
            raise ObjectInvalid(self.key, f"its field {name!r} holds something that is not an object")
        return [Fields(v, self.key) for v in values]
