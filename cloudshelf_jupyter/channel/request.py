"""A front end's message: what is asked, checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cloudshelf.errors import AlreadyLoaded, ShelfError, UsageError

MOST_TEXTS = 1_000
LONGEST = 4_096  # characters of a text
MOST_LINES = 200_000  # of a lock

Id = int | str | None
Error = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a verb; each method reads one, and raises UsageError when it is none of its kind."""

    verb: str
    given: Mapping[str, Any]

    def texts(self, name: str) -> list[str]:
        value = self.given.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_TEXTS or not all(map(_is_text, value)):
            raise self._unfit(name, f"a list of at most {MOST_TEXTS} short texts")
        return list(value)

    def text(self, name: str) -> str:
        value = self.given.get(name, "")
        if not _is_text(value):
            raise self._unfit(name, f"a text of at most {LONGEST} characters")
        return str(value)

    def flag(self, name: str) -> bool:
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            raise self._unfit(name, "true or false")
        return value

    def count(self, name: str, default: int) -> int:
        value = self.given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_TEXTS:
            raise self._unfit(name, f"a number from 0 to {MOST_TEXTS}")
        return value

    def block(self, name: str = "block") -> Any:
        """Whatever the notebook carries; what it is worth, its reader says."""
        value = self.given.get(name)
        lines = value.get("lock") if isinstance(value, dict) else ()
        if isinstance(lines, (list, str)) and len(lines) > MOST_LINES:
            raise self._unfit(name, f"a block with a lock of at most {MOST_LINES} lines")
        return value

    def _unfit(self, name: str, kind: str) -> UsageError:
        return UsageError(f"The panel asked for {self.verb!r} with a wrong {name!r}: it is to be {kind}.")


@dataclass(frozen=True, slots=True)
class Request:
    """``id`` is the front end's; it names the reply."""

    id: Id
    verb: str
    args: Args


def parse_request(data: Any) -> Request:
    """Raises UsageError for what is none."""
    if not isinstance(data, dict) or data.get("type") != "request":
        raise UsageError(
            'The panel sent a message that is no request: "type": "request", with "id", "verb" and "args".'
        )
    verb, args = data.get("verb"), data.get("args", {})
    if request_id(data) is None:
        raise UsageError('The panel sent a request without an "id", which is a number or a short text.')
    if not isinstance(verb, str) or not isinstance(args, dict):
        raise UsageError('The panel sent a request whose "verb" is no text, or whose "args" are no object.')
    return Request(request_id(data), verb, Args(verb[:LONGEST], args))


def request_id(data: Any) -> Id:
    """The id of a message, None when it has none that can be repeated."""
    found = data.get("id") if isinstance(data, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 1 << 53:  # RFC 8259, section 6
        return found
    return found if _is_text(found) and len(found) <= 100 else None


def told(error: Exception) -> Error:
    """An error as the front end gets it. A text that came from there may hold what is no Unicode (half a pair)."""
    line = str(error.restart_line) if isinstance(error, AlreadyLoaded) else ""
    message = str(error) if isinstance(error, ShelfError) else f"{type(error).__name__}: {error}"
    return {
        "name": type(error).__name__,
        "message": message.encode("utf-8", "replace").decode(),
        "next": line if line.startswith("%") else None,
    }


def _is_text(value: Any) -> TypeGuard[str]:
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
