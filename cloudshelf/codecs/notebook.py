"""The lock that a notebook carries: the block ``metadata.cloudshelf`` of its .ipynb file. Standard library only.

A block is read from the parsed file, but written into its text: whatever else the file holds stays byte for byte, where
parsing and printing it again would reorder, indent and escape it in another way.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import FormatUnknown, UsageError

KEY = "cloudshelf"  # in the notebook's metadata
FORMAT = 1
_WHITE = re.compile(r"[ \t\r\n]*")  # RFC 8259, section 2


class Block(NamedTuple):
    """What a notebook's metadata say: the text of a pylock.toml, and where the shelf is, for people."""

    lock: str
    shelf: str
    name: str
    digest: str

    @property
    def short(self) -> str:
        """The digest as people type it."""
        return self.digest[:12]


def make_block(lock: str, shelf: str, name: str = "") -> dict[str, Any]:
    """The JSON of a block: ``lock`` in lines, so that a comparison of two notebooks shows what changed."""
    facts = {"format": FORMAT, "shelf": {"url": shelf, "name": name}, "lock": lock.removesuffix("\n").split("\n")}
    return {"format": FORMAT, "digest": _digest(facts), "shelf": facts["shelf"], "lock": facts["lock"]}


def parse_notebook(data: bytes, source: str) -> tuple[str, dict[str, Any]]:
    """Text and content of a notebook. Raises UsageError for what is none, naming ``source``."""
    try:
        text = data.decode("utf-8")
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not a notebook: {_reason(error)}.") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise UsageError(f"{source} is not a notebook: it has no nbformat.")
    if notebook["nbformat"] < 4:
        raise UsageError(
            f"{source} is a notebook of nbformat {notebook['nbformat']}, which cannot carry a lock. "
            f"This makes a new one of it: jupyter nbconvert --to notebook {source}"
        )
    if not isinstance(notebook.get("metadata"), dict) or not isinstance(notebook.get("cells"), list):
        raise UsageError(f"{source} is not a notebook: its metadata or its cells are missing.")
    return text, notebook


def parse_block(notebook: Mapping[str, Any], source: str, *, force: bool = False) -> Block | None:
    """The block of a notebook; None when it has none.

    Raises FormatUnknown for that of a newer version, UsageError for one that is damaged, or whose digest is another
    than its content's: somebody edited it. With ``force`` the edited one is taken as it stands.
    """
    found = notebook["metadata"].get(KEY)
    if found is None:
        return None
    again = f"To lock again: cloudshelf lock --notebook {source} REQUIREMENT --force"
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise UsageError(f"The lock in {source} cannot be read: metadata.{KEY} has no format. {again}")
    if found["format"] > FORMAT:
        raise FormatUnknown(f"The lock in {source}", found["format"], FORMAT)
    shelf, lines = found.get("shelf"), found.get("lock")
    url, name = (shelf.get("url"), shelf.get("name", "")) if isinstance(shelf, dict) else (None, "")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        lines = None
    if lines is None or not isinstance(url, str) or not isinstance(name, str):
        raise UsageError(f"The lock in {source} cannot be read: metadata.{KEY}.lock or .shelf is damaged. {again}")
    facts = {"format": found["format"], "shelf": shelf, "lock": lines}
    digest = _digest(facts)
    if digest != found.get("digest") and not force:
        raise UsageError(
            f"The lock in {source} was edited after it was made: its digest does not fit. {again}. "
            "To take it as it stands: --force"
        )
    return Block("\n".join(lines) + "\n", url, name, digest)


def set_block(text: str, block: Mapping[str, Any] | None) -> str:
    """``text``, a notebook, with this block in its metadata, or without any; the rest of it as it was."""
    top = {member.key: member for member in _members(text, _skip(text, 0))}
    metadata = top["metadata"]
    members = list(_members(text, metadata.value))
    own = next((member for member in members if member.key == KEY), None)
    if own is not None:
        members.remove(own)
        text = _without(text, own, metadata)
        metadata = {member.key: member for member in _members(text, _skip(text, 0))}["metadata"]
        members = list(_members(text, metadata.value))
    if block is None:
        return text
    outer = _space_before(text, metadata.start)
    inner = _space_before(text, members[0].start) if members else _deeper(outer)
    printed = _print(block, outer, inner)
    after = next((member for member in members if member.key > KEY), None)  # nbformat sorts its keys
    if after is not None:
        return f"{text[: after.start]}{printed},{inner or ' '}{text[after.start :]}"
    if members:
        end = members[-1].end
        return f"{text[:end]},{inner or ' '}{printed}{text[end:]}"
    return f"{text[: metadata.value + 1]}{inner}{printed}{outer}{text[metadata.end - 1 :]}"


def asked_in_cells(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What code cells ask for, as typed: ("line", the words of ``%shelf use``), ("cell", the body of ``%%shelf``)."""
    for source in code_cells(notebook):
        first, _, body = source.lstrip().partition("\n")
        if re.fullmatch(r"%%shelf(?:\s+use)?\s*", first):
            yield "cell", body
        elif not first.startswith("%%"):
            for line in source.splitlines():
                if found := re.match(r"\s*%shelf\s+use\s+(\S.*)", line):
                    yield "line", found[1]


def code_cells(notebook: Mapping[str, Any]) -> Iterator[str]:
    """The source of every code cell."""
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            yield "".join(map(str, source)) if isinstance(source, list) else str(source)


def _digest(facts: Mapping[str, Any]) -> str:
    """Of the content, in whatever order and however indented an editor saves it."""
    return hashlib.sha256(
        json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    return f"it is not JSON ({error})" if isinstance(error, ValueError) else "it is nested too deeply"


class _Member(NamedTuple):
    """A member of a JSON object: its key, where that begins, where the value begins and where it ends."""

    key: str
    start: int
    value: int
    end: int


def _members(text: str, brace: int) -> Iterator[_Member]:
    """The members of the object that begins at ``brace``, of a text that is known to be JSON."""
    decoder = json.JSONDecoder()
    at = _skip(text, brace + 1)
    while text[at] != "}":
        key, end = decoder.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)  # the colon
        _, stop = decoder.raw_decode(text, value)
        yield _Member(key, at, value, stop)
        at = _skip(text, stop)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at


def _space_before(text: str, at: int) -> str:
    """The line break and the indentation before ``at``; nothing in a text of one line."""
    found = re.search(r"\r?\n[ \t]*$", text[:at][-200:])
    return found[0] if found else ""


def _deeper(space: str) -> str:
    """The indentation of one level more than that of the outermost members."""
    newline = space[: len(space) - len(space.lstrip("\r\n"))]
    return newline + 2 * space[len(newline) :] if newline else ""


def _print(block: Mapping[str, Any], outer: str, inner: str) -> str:
    """The member ``"cloudshelf": {…}`` as deep as its neighbours are."""
    if not inner:
        return f"{json.dumps(KEY)}: {json.dumps(block, ensure_ascii=False)}"
    unit = inner.lstrip("\r\n")[len(outer.lstrip("\r\n")) :] or " "
    value = json.dumps(block, ensure_ascii=False, indent=unit, sort_keys=True)
    return f"{json.dumps(KEY)}: {value}".replace("\n", inner)


def _without(text: str, own: _Member, metadata: _Member) -> str:
    """``text`` without a member of its metadata, and without the comma that is then one too many."""
    after = _skip(text, own.end)
    if text[after] == ",":
        return text[: own.start] + text[_skip(text, after + 1) :]
    before = text[: own.start].rstrip()
    if before.endswith(","):
        return before[:-1] + text[own.end :]
    return text[: metadata.value + 1] + text[metadata.end - 1 :]  # it was the only one
