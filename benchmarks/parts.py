"""The parts of the benchmark beside the races: each measures, shows and judges one thing, and knows no other part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import latency, ordinary, publishing, scale, storm, wide
from benchmarks.bars import Bar
from benchmarks.stage import Stage


@dataclass(frozen=True, slots=True)
class Part:
    """``measure(stage, quick)`` → values for JSON; ``table`` and ``bars`` show and judge them, from the file as well.

    ``measure`` raises CannotRun where this machine lacks something.
    """

    name: str
    about: str
    minutes: tuple[float, float]  # about how long, quick and whole, once wheels and shelf are there
    measure: Callable[[Stage, bool], dict[str, Any]]
    table: Callable[[dict[str, Any]], list[str]]
    bars: Callable[[dict[str, Any] | None], Sequence[Bar]]


PARTS = tuple(
    Part(module.NAME, module.ABOUT, module.MINUTES, module.measure, module.table, module.bars)
    for module in (storm, scale, wide, publishing, latency, ordinary)
)
