"""The parts of a page: lines, tables, links, pictures; and results as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..quantities import seconds, size

Result = Mapping[str, Any]
_BYTES = frozenset(
    {"size", "installed", "unpacked", "packed", "eager", "bytes", "parts", "uploaded", "freed", "total", "received"}
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; columns named in ``numbers`` are aligned to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A URL that a reader may open: http, https or mailto, by whoever made it."""

    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and what says the same in text."""

    text: str
    svg: str


Block = str | Table | Link | Picture


def records(rows: Iterable[Result], columns: Sequence[str]) -> Table:
    """A table of ``columns``; those that are empty in every row are left out."""
    rows = list(rows)
    used = tuple(c for c in columns if any(row.get(c) not in (None, "", False, [], ()) for row in rows)) or tuple(
        columns
    )
    numbers = frozenset(c for c in used if all(isinstance(row.get(c), (int, float)) for row in rows))
    return Table(used, tuple(tuple(_cell(c, row.get(c)) for c in used) for row in rows), numbers)


def renamed(rows: Iterable[Result], columns: Mapping[str, str]) -> Table:
    """A table of ``columns``, each under the words that people read."""
    table = records(rows, tuple(columns))
    return Table(tuple(columns[c] for c in table.header), table.rows, frozenset(columns[c] for c in table.numbers))


def message(result: Result) -> list[Block]:
    return [str(result["message"])] if "message" in result else fields(result)


def fields(result: Result) -> list[Block]:
    """Name and value, one a line; lists of records as tables."""
    blocks: list[Block] = []
    width = max((len(name) for name in result), default=0)
    for name, value in result.items():
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            blocks += [f"{name}:", records(value, tuple(value[0]))]
        elif name == "requires" and len(value) > 1:  # one a line: a specifier has commas of its own
            blocks += [f"{name if i == 0 else '':<{width}}  {each}" for i, each in enumerate(value)]
        elif value not in (None, "", [], (), {}):
            blocks.append(f"{name:<{width}}  {_cell(name, value)}")
    return blocks or ["Done."]


def _cell(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if name in _BYTES and isinstance(value, (int, float)):
        return size(value)
    if name == "seconds" and isinstance(value, (int, float)):
        return seconds(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_cell(name if name in _BYTES else str(k), v)}".strip() for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
