"""Random schedules of everything that may happen to a project: nothing is lost, nothing half, nothing twice.

And the mutants: what the protocol of docs/format.md demands is taken out of the real code, one thing after the other,
and the schedules find out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cloudshelf import chain, collecting, garbage
from cloudshelf.publisher import upload
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from tests.stress import Checks, amount

from .machine import Schedules

SHARDS = 8


@pytest.fixture(autouse=True)
def one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An actor asks one thing after the other, waits for nothing else, and leaves the catalog, which is derived, alone."""
    for module in (garbage, collecting, upload):
        monkeypatch.setattr(module, "PARALLEL", 1)
    monkeypatch.setattr(chain.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(Repository, "suggest", lambda self, project: ())
    monkeypatch.setattr(Shelf, "_refresh_catalog", lambda self, project: ())


def run(examples: int, *, derandomize: bool, ended: Callable[[], None] = lambda: None) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=30,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    machine = type("Machine", (Schedules,), {"ended": staticmethod(ended)})
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[arg-type]


@pytest.mark.stress
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_crashes_is_lost_or_comes_late_the_shelf_is_whole_and_as_it_was_said(
    shard: int, checks: Checks
) -> None:
    run(amount(40, 2_500), derandomize=False, ended=checks.add)
