"""make stress counts what was checked, also over several processes, and says what failed."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from tests.stress import (
    amount, checks, pytest_configure, pytest_runtest_logreport, pytest_sessionfinish, pytest_terminal_summary,
    pytest_testnodedown
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


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_checks_and_violations_are_counted(tmp_path, jobs):
    (tmp_path / "conftest.py").write_text(TESTS)
    (tmp_path / "test_cases.py").write_text(CASES)
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "xdist",
            "-n",
            jobs,
            "-m",
            "stress",
            "--rootdir",
            tmp_path,
            str(tmp_path),
        ],
        env={"PATH": "", "PYTHONPATH": str(root), "CLOUDSHELF_STRESS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "stress: 15 checks, 1 violations" in done.stdout, done.stdout + done.stderr
