"""make stress counts what was checked, also over several processes, and says what failed."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from tests.stress import (
    amount, checks, pytest_collectreport, pytest_configure, pytest_runtest_logreport, pytest_sessionfinish,
    pytest_testnodedown, pytest_unconfigure
)
"""
CASES = """
import pytest
from tests.stress import amount

@pytest.mark.stress
@pytest.mark.parametrize("wrong", [False, False, True])
def test_case(checks, wrong):
    for _ in range(amount(1, 5)):
        checks.add()
    assert not wrong
"""


CRASH = """
import os, pytest
from tests.stress import checks

@pytest.mark.stress
def test_case(checks):
    os._exit(7)
"""


def stress(folder: Path, jobs: str) -> str:
    """The last line of what make stress says of the tests in ``folder``."""
    (folder / "conftest.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", jobs, "-m", "stress"]
    done = subprocess.run(
        [*command, "--durations", "3", "--rootdir", folder, str(folder)],
        env={
            "PATH": "",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "CLOUDSHELF_STRESS": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_checks_and_violations_are_summed_in_one_line_at_the_end(tmp_path, jobs):
    (tmp_path / "test_cases.py").write_text(CASES)
    (tmp_path / "test_more.py").write_text(CASES.replace("[False, False, True]", "[False]"))
    assert stress(tmp_path, jobs) == "stress: 20 checks, 1 violations"


def test_a_test_that_takes_its_process_along_is_a_violation(tmp_path):
    (tmp_path / "test_cases.py").write_text(CRASH)
    assert stress(tmp_path, "2") == "stress: 0 checks, 1 violations"


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_what_cannot_be_loaded_is_a_violation(tmp_path, jobs):
    (tmp_path / "test_cases.py").write_text("nonsense")
    assert stress(tmp_path, jobs).endswith(" 0 checks, 1 violations")
