"""Tests that can be run in any number: a fast share in ``make test``, all of it in ``make stress``.

    @pytest.mark.stress
    def test_every_flip_is_caught(checks):
        for place in places(amount(200, 20_000)):
            assert is_caught(place)
            checks.add()

``make stress`` runs what is marked so, and its last line is what was counted: ``stress: 20000 checks, 0 violations``.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

EVERYTHING = os.environ.get("CLOUDSHELF_STRESS") == "1"
_COUNTED = pytest.StashKey[list[int]]()  # how many checks, in a list of one
_violations: set[str] = set()  # ids of tests


def amount(share: int, everything: int) -> int:
    """How many: ``share`` in ``make test``, ``everything`` in ``make stress``."""
    return everything if EVERYTHING else share


class Checks:
    """Counts what a stress test has checked."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, number: int = 1) -> None:
        self.count += number


@pytest.fixture
def checks(request: pytest.FixtureRequest) -> Any:
    counted = Checks()
    yield counted
    request.config.stash[_COUNTED][0] += counted.count


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_COUNTED] = [0]
    config.addinivalue_line("markers", "stress: can be run in any number; all of it in make stress")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that reports: a stress test that failed is a violation, and so is one that took its process along,
    of which there are no keywords.
    """
    if report.failed and ("stress" in report.keywords or EVERYTHING):
        _violations.add(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """What could not be loaded was not checked."""
    if report.failed:
        _violations.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist: to the process that reports
        session.config.workeroutput["checks"] = session.config.stash[_COUNTED][0]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    node.config.stash[_COUNTED][0] += getattr(node, "workeroutput", {}).get("checks", 0)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of all."""
    if EVERYTHING and not hasattr(config, "workerinput"):
        print(f"stress: {config.stash[_COUNTED][0]} checks, {len(_violations)} violations", flush=True)
