"""What a process did with its pins, step by step, so that it can say so and go back. Standard library only.

Kept in memory: it is as old as the process. Locks and notebooks keep what shall outlive it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import UsageError


class State(NamedTuple):
    """The pins after a step: ``number`` 0 is how it began. ``lock`` None: nothing was pinned."""

    number: int
    time: str
    did: str
    changes: tuple[Mapping[str, Any], ...]
    lock: str | None
    requirements: tuple[str, ...]
    provided: Mapping[str, str]


class Journal:
    """Every state of one process, the oldest first."""

    def __init__(self) -> None:
        self._states: list[State] = []

    def add(
        self,
        did: str,
        lock: str | None,
        requirements: Sequence[str],
        provided: Mapping[str, str],
        changes: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """A step was done: ``did`` in the words of ``%shelf``, with these ``changes`` of the pins."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        number = len(self._states)
        state = State(number, moment, did, tuple(changes), lock, tuple(requirements), dict(provided))
        self._states.append(state)

    def find(self, number: int) -> State:
        """Raises UsageError for a state that was not."""
        if 0 <= number < len(self._states):
            return self._states[number]
        last = len(self._states) - 1
        raise UsageError(f"There is no state {number} here: they are numbered 0 to {last}. See: %shelf history")

    def rows(self) -> list[dict[str, Any]]:
        """Every step, the newest first, without the locks."""
        return [
            {"state": s.number, "time": s.time, "did": s.did, "changes": [dict(change) for change in s.changes]}
            for s in reversed(self._states)
        ]
