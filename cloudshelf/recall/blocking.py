"""Changing a shelf's block list: it moves by a chain of heads, as projects and named locks do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..chains.chain import Chain, HeadStore, Signer, Stamp, move_head
from ..codecs.names import is_normalized, is_sha256, normalize
from ..codecs.recall import HEAD, Block, BlockList, format_block_list, history_key, parse_block_list
from ..errors import AccessDenied, NotBlocked, UsageError
from ..requirements.requirement import parse_requirement
from ..shelf_settings import SettingsStore, change_settings
from ..visible import brief

PRESENT = {"recall": "present"}  # what shelf.json says of a shelf that has a list
CHAIN = Chain(key=HEAD, history_key=history_key, format=format_block_list, parse=parse_block_list)
LONGEST = 500  # characters of what is blocked
_TARGET = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(.*)", re.DOTALL)


class BlockStore(HeadStore, SettingsStore, Protocol):
    """What changing the list needs of a store."""


def parse_target(text: str) -> tuple[str, str, str]:
    """(project, specifier, sha256) of what a person types: torch, torch==2.1.2, "torch<2.1", sha256:…

    Raises UsageError.
    """
    text = text.strip()
    digest = text.removeprefix("sha256:").lower()
    if is_sha256(digest):
        return "", "", digest
    match = _TARGET.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or not is_normalized(normalize(match[1])):
        raise _malformed(text)
    try:
        return normalize(match[1]), str(SpecifierSet(match[2])), ""
    except InvalidSpecifier:
        raise _malformed(text) from None


def block(
    store: BlockStore,
    targets: Sequence[str],
    *,
    reason: str,
    use: str = "",
    by: str,
    signer: Signer | None = None,
) -> BlockList:
    """Nobody may use ``targets`` from now on; the list as it is then. One commit, however many.

    Raises UsageError, AccessDenied, Conflict, OutcomeUnknown, and what ``signer`` raises.
    """
    if not reason.strip():
        raise UsageError("Say why: --reason TEXT. Everybody who is refused reads it.")
    if use:
        parse_requirement(use)
    wanted = [parse_target(text) for text in targets]

    def change(blocks: Sequence[Block], stamp: Stamp) -> tuple[Block, ...] | None:
        new = [Block(*what, " ".join(reason.split()), use, by, stamp.time) for what in wanted]
        said = {(each.what, each.reason, each.use) for each in blocks}
        if all((each.what, each.reason, each.use) in said for each in new):
            return None
        return (*(each for each in blocks if each.what not in wanted), *new)

    return _change(store, change, by=by, action=f"block {', '.join(targets)}", signer=signer)


def unblock(store: BlockStore, targets: Sequence[str], *, by: str, signer: Signer | None = None) -> BlockList:
    """``targets`` may be used again. Raises NotBlocked, with what is blocked; else as ``block``."""
    wanted = [parse_target(text) for text in targets]

    def change(blocks: Sequence[Block], stamp: Stamp) -> tuple[Block, ...]:
        known = {each.what for each in blocks}
        for what, text in zip(wanted, targets, strict=True):
            if what not in known:
                raise NotBlocked(text, [each.text for each in blocks if each.project == what[0]] or ["nothing of it"])
        return tuple(each for each in blocks if each.what not in wanted)

    return _change(store, change, by=by, action=f"unblock {', '.join(targets)}", signer=signer)


def take_over(store: BlockStore, blocks: Sequence[Block], *, by: str, signer: Signer | None = None) -> int:
    """Block what another shelf has blocked, with its words: what this one says already stays; how many are new."""
    added: list[Block] = []

    def change(present: Sequence[Block], stamp: Stamp) -> tuple[Block, ...] | None:
        known = {each.what for each in present}
        added[:] = [each for each in blocks if each.what not in known]
        return (*present, *added) if added else None

    if blocks:
        _change(store, change, by=by, action=f"import {len(blocks)} blocks", signer=signer)
    return len(added)


def _change(
    store: BlockStore,
    change: Callable[[Sequence[Block], Stamp], tuple[Block, ...] | None],
    *,
    by: str,
    action: str,
    signer: Signer | None,
) -> BlockList:
    """The list first, then the word in shelf.json that there is one: who reads that word finds a list."""

    def step(present: BlockList | None, stamp: Stamp) -> BlockList | None:
        blocks = change(present.blocks if present else (), stamp)
        if blocks is None:
            return None
        ordered = tuple(sorted(blocks, key=lambda each: each.what))
        return BlockList(blocks=ordered, **stamp.fields())

    try:
        found = move_head(store, CHAIN, step, by=by, action=action, signer=signer)
    except AccessDenied:
        raise AccessDenied("recall/ (to change the block list)", store.url) from None
    try:
        change_settings(store, PRESENT, by=by, action="settings: there is a block list")
    except AccessDenied:
        raise AccessDenied(
            "shelf.json, which has to say that there is a block list (once; then recall/ is enough)", store.url
        ) from None
    return found


def _malformed(text: str) -> UsageError:
    return UsageError(
        f'{brief(text)!r} is nothing that can be blocked. Write it like torch==2.1.2, "torch<2.1", torch, '
        "or sha256:… of a wheel."
    )
