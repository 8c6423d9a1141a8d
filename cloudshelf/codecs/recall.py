"""The block list of a shelf: what nobody may use any more, why, and what instead. See docs/format.md, "recall"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ObjectInvalid
from ..model import Link
from .chained import format_place, parse_place
from .envelope import Fields, format_object, parse_object
from .names import is_normalized, is_sha256

HEAD = "recall/_head"


class Block(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """One thing that is blocked: versions of a project, or a wheel by its digest."""

    project: str  # normalized; "" where a wheel is named by its digest alone
    versions: str  # a specifier (PEP 440); "" for every version
    sha256: str  # of the wheel file; "" for any
    reason: str
    use: str  # a requirement to take instead, or ""
    by: str
    time: str  # RFC 3339, UTC

    @property
    def what(self) -> tuple[str, str, str]:
        """What it blocks; a list has it once."""
        return self.project, self.versions, self.sha256

    @property
    def text(self) -> str:
        """What it blocks, as a person types it."""
        return f"sha256:{self.sha256}" if self.sha256 else f"{self.project}{self.versions}"


class BlockList(NamedTuple):
    """The whole list, as the head of its chain has it."""

    seq: int
    write_id: str
    prev: str | None
    time: str
    by: str
    action: str
    blocks: tuple[Block, ...]
    latest: str = ""
    skips: tuple[Link, ...] = ()


def format_block_list(found: BlockList) -> bytes:
    return format_object(
        "recall",
        {
            "blocks": encode_blocks(found.blocks),
            **format_place(found),
        },
    )


def parse_block_list(data: bytes, key: str) -> BlockList:
    """Raises ObjectInvalid, or FormatUnknown for one of a later cloudshelf."""
    fields = parse_object(data, "recall", key)
    return BlockList(
        blocks=parse_blocks(fields),
        **parse_place(fields),
    )


def encode_blocks(blocks: Iterable[Block]) -> list[dict[str, str]]:
    """As the field ``blocks`` of an object has them."""
    return [block._asdict() for block in blocks]


def parse_blocks(fields: Fields) -> tuple[Block, ...]:
    """Those of an object's field ``blocks``. Raises ObjectInvalid."""
    return tuple(_parse_block(each) for each in fields.items("blocks"))


def _parse_block(fields: Fields) -> Block:
    block = Block(**{name: fields.text(name) for name in Block._fields})
    named = is_sha256(block.sha256) if block.sha256 else is_normalized(block.project)
    if not named or (block.project and not is_normalized(block.project)):
        raise ObjectInvalid(fields.key, "a block of it names neither a project nor a wheel")
    return block


def history_key(seq: int, digest: str) -> str:
    return f"recall/_history/{seq:010}-{digest}"
