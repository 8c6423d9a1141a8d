"""Skip links: an earlier head of a chain is found with some log2(length) requests, and writing them costs none.

Besides the head before it, a head names those whose sequence is left when the lowest one bits of ``seq - 1`` are
cleared, one after the other, as in a Fenwick tree: head 1,000 has 999, 998, 996, 992, 960, 896, 768 and 512. Those of
the next head are among these and itself. With each stands the latest ``time`` up to there, which never falls along
the chain.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Protocol, TypeVar

from ..model import Link

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Linked(Protocol):
    """What every head says of its place in its chain."""

    @property
    def seq(self) -> int: ...
    @property
    def write_id(self) -> str: ...
    @property
    def prev(self) -> str | None: ...
    @property
    def time(self) -> str: ...
    @property
    def latest(self) -> str: ...
    @property
    def skips(self) -> tuple[Link, ...]: ...


H = TypeVar("H", bound=Linked)


def next_skips(present: Link, skips: tuple[Link, ...]) -> tuple[Link, ...]:
    """The skips of the head that follows ``present``, whose own are ``skips``; the nearest first."""
    wanted, seq = set[int](), present.seq
    while seq > 0:
        wanted.add(seq)
        seq &= seq - 1  # without its lowest one bit
    return (present, *(link for link in skips if link.seq in wanted))


def links_of(head: Linked) -> tuple[Link, ...]:
    """The earlier heads that ``head`` names, the nearest first; none for the first head of a chain.

    One from before there were skips names the one before it, and not the ``latest`` of that.
    """
    if head.skips or head.prev is None:
        return head.skips
    return (Link(head.seq - 1, head.prev, ""),)


def latest_of(head: Linked) -> str:
    """The latest time of ``head`` and of all before it; where nobody wrote it down, its own."""
    return head.latest or (head.time if _TIME.fullmatch(head.time) else "")


def find_seq(head: H, seq: int, read: Callable[[int, str], H]) -> H | None:
    """The head of sequence ``seq``, from ``head`` back; None where there is none. ``read`` gets one by its link."""
    while head.seq > seq:
        links = [link for link in links_of(head) if link.seq >= seq]
        if not links:
            return None
        head = read(*min(links)[:2])
    return head if head.seq == seq else None


def find_moment(head: H, moment: str, read: Callable[[int, str], H]) -> H:
    """The newest head, from ``head`` back, whose ``latest`` is not after ``moment``; where none is, the first."""
    while latest_of(head) > moment and (links := links_of(head)):
        too_new = [link for link in links if link.latest > moment]
        head = read(*min(too_new, default=max(links))[:2])
    return head


def find_first(head: H, holds: Callable[[H], bool], read: Callable[[int, str], H]) -> H:
    """The head at which something began that ``holds`` for ``head`` and all between: by halves, from link to link."""
    while links := links_of(head):
        before = bisect_left(links, True, key=lambda link: not holds(read(*link[:2])))
        if not before:
            break
        head = read(*links[before - 1][:2])
    return head
