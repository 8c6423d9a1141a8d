"""Whether a record is one of the OSV schema, as far as it is looked at. What cannot be understood is not passed over.

https://ossf.github.io/osv-schema/, version 1.7; null stands there for lists that are absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_TEXT = {"type": "string"}
_TEXTS = {"type": ["array", "null"], "items": _TEXT}
_SEVERITY = {"type": ["array", "null"], "items": {"type": "object", "properties": {"score": _TEXT}}}
_SPECIFIC = {"type": ["object", "null"]}
_RANGE = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "events": {"type": "array", "items": {"type": "object", "additionalProperties": _TEXT}},
    },
}
_AFFECTED = {
    "type": "object",
    "properties": {
        "package": {"type": "object", "properties": {"name": _TEXT, "ecosystem": _TEXT}},
        "ranges": {"type": ["array", "null"], "items": _RANGE},
        "versions": _TEXTS,
        "severity": _SEVERITY,
        "database_specific": _SPECIFIC,
        "ecosystem_specific": _SPECIFIC,
    },
}
_RECORD = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": _TEXT,
        "aliases": _TEXTS,
        "summary": {"type": ["string", "null"]},
        "details": {"type": ["string", "null"]},
        "withdrawn": {"type": ["string", "null"]},
        "affected": {"type": ["array", "null"], "items": _AFFECTED},
        "severity": _SEVERITY,
        "database_specific": _SPECIFIC,
    },
}


def check_record(found: Any) -> Mapping[str, Any]:
    """``found``, decoded JSON, if it is a record. Raises ValueError with the place and what is wrong there."""
    error = next(iter(_validator().iter_errors(found)), None)
    if error is not None:
        place = ".".join(map(str, error.absolute_path))
        raise ValueError(f"{f'at {place}: ' if place else ''}{error.message:.100}")
    record: Mapping[str, Any] = found
    return record


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # 40 ms, and only who looks records up needs it

    return Draft202012Validator(_RECORD)
