"""JSON Schema (2020-12) of the types in wire.py."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]
_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
}


def schema_of(kind: Any) -> Schema:
    """The schema of a type; of a TypedDict, a reference to its component."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_typeddict(kind):
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    origin, args = get_origin(kind), get_args(kind)
    if origin is list:
        return {"type": "array", "items": schema_of(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(args[1])}
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(arg) for arg in args]}
    raise TypeError(f"{kind!r} has no schema")


def component_of(kind: Any) -> Schema:
    """The schema of a TypedDict itself: every field is there, and no other."""
    fields = get_type_hints(kind, include_extras=True)
    optional = [name for name, hint in fields.items() if get_origin(hint) is NotRequired]
    schema: Schema = {
        "type": "object",
        "properties": {n: schema_of(get_args(h)[0] if n in optional else h) for n, h in fields.items()},
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }
    return schema | ({"description": " ".join(kind.__doc__.split())} if _documented(kind) else {})


def components_of(kinds: list[Any]) -> dict[str, Schema]:
    """The components of these TypedDicts and of all that they hold, by name."""
    found: dict[str, Schema] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if is_typeddict(kind):
            if kind.__name__ not in found:
                found[kind.__name__] = component_of(kind)
                waiting += get_type_hints(kind, include_extras=True).values()
        else:
            waiting += [arg for arg in get_args(kind) if arg is not NoneType and not isinstance(arg, str)]
    return dict(sorted(found.items()))


def _documented(kind: Any) -> bool:
    return bool(kind.__doc__) and not str(kind.__doc__).startswith("dict(")
