"""A request as it came in, and a reply as it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; ``path`` includes the query."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    size: int  # of its body

    @property
    def range(self) -> str:
        return self.headers.get("range", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The value of ``name``; "" without one."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")

    def with_header(self, name: str, value: str | None) -> Reply:
        """This reply with ``name`` set to ``value``, or without it."""
        kept = tuple(h for h in self.headers if h[0].lower() != name.lower())
        return Reply(self.status, kept if value is None else (*kept, (name, value)), self.body)
