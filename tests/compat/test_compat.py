"""A program prints the same off the shelf as in an ordinary virtual environment: quick cases (make compat: all)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.compat.compat import CLOUDSHELF, Case, Ordinary, compare, publish, read_cases, run_off_shelf

QUICK = [case for case in read_cases() if case.quick]


@pytest.fixture(scope="session")
def compat_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty shelf in "shelf"."""
    work = tmp_path_factory.mktemp("compat")
    subprocess.run([*CLOUDSHELF, "init", (work / "shelf").as_uri()], check=True)
    return work


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("compat")
@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_program_prints_the_same_off_the_shelf(case: Case, compat_work: Path, tmp_path: Path) -> None:
    ordinary, url = Ordinary(case, compat_work), (compat_work / "shelf").as_uri()
    ordinary.build()
    assert publish(ordinary.pins(), url) == ""
    expected = ordinary.run(tmp_path)
    for when in ("cold", "warm"):
        found = run_off_shelf(case, ordinary.asked(), url, cache=tmp_path / "cache", home=tmp_path)
        assert compare(expected, found) == "", when


def test_table_covers_enough_distributions() -> None:
    """The promise is 40 distributions at least; a case that vanished would go unseen."""
    assert len({requirement for case in read_cases() for requirement in case.requirements}) >= 60


def test_a_difference_is_told(tmp_path: Path) -> None:
    """The comparison itself: other output, and another exit code, are differences."""
    from tests.compat.compat import clean_environment, run

    script = tmp_path / "case.py"
    script.write_text("import sys; print(sys.argv[1]); sys.exit(int(sys.argv[1]) > 1)")
    ran = [run([sys.executable, "script.py", n], script, clean_environment(tmp_path)) for n in ("0", "1", "2")]
    assert compare(ran[0], ran[0]) == ""
    assert "printed '1' instead of '0'" in compare(ran[0], ran[1])
    assert "exit code 1 instead of 0" in compare(ran[1], ran[2])
