"""Which versions and wheels a block is about (PEP 440)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Blocked

if TYPE_CHECKING:
    from ..codecs.recall import Block


class Part(NamedTuple):
    """What of a pin a block can name."""

    project: str
    version: str
    sha256: str


class Listed(NamedTuple):
    """A block, and the shelf whose list has it."""

    block: Block
    shelf: str


def is_meant(block: Block, part: Part) -> bool:
    """Whether ``block`` is about ``part``. What cannot be compared is: a list errs on that side."""
    if block.sha256:
        return block.sha256 == part.sha256
    if block.project != part.project:
        return False
    if not block.versions or block.versions in (f"=={part.version}", f"==={part.version}"):
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(block.versions).contains(Version(part.version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def find_blocked(parts: Iterable[Part], listed: Sequence[Listed]) -> list[tuple[Part, Listed]]:
    """Each part that is blocked, with the first block that is about it."""
    if not listed:
        return []
    return [(part, found) for part in parts if (found := find_block(part, listed))]


def find_block(part: Part, listed: Iterable[Listed]) -> Listed | None:
    return next((each for each in listed if is_meant(each.block, part)), None)


def blocked_error(found: Sequence[tuple[Part, Listed]]) -> Blocked:
    """The error for what ``find_blocked`` found, which is not empty."""
    (part, (block, shelf)), *others = found
    also = [f"{each.project} {each.version}" for each, _ in others]
    return Blocked(part.project, part.version, block.reason, block.use, block.by, block.time, shelf, also)
