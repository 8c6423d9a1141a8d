"""Where nothing is in the cache yet, ``run`` starts a fetcher as the very first thing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

# The command up to where its libraries would be loaded; who would start a fetcher tells what was loaded by then.
CODE = """
import sys
from cloudshelf.importing import client
heavy = {"argparse", "cloudshelf.verbs", "cloudshelf.model", "obstore"}
client.start_alone = lambda target, shelf, turn: print(shelf, sorted(heavy & set(sys.modules)))
sys.modules["cloudshelf.command.cli"] = cli = type(sys)("cloudshelf.command.cli")
cli.main = lambda: 0
from cloudshelf.__main__ import main
main()
"""


def started(words: Sequence[str], cache: Path, **environ: str) -> str:
    """What ``cloudshelf WORDS`` tells of the fetcher that it starts first: its shelf, and what was loaded by then."""
    settings = {"CLOUDSHELF_CACHE": str(cache), "CLOUDSHELF_URL": "s3://shelf/of/ours"} | environ
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_first_run_starts_a_fetcher_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    assert started(["run", "--with", "six", "--", "python", "--help"], tmp_path) == "s3://shelf/of/ours []"


@pytest.mark.parametrize(
    "words",
    [
        ["use", "six"],
        ["run", "--help"],
        ["run", "--shelf", "s3://another", "--with", "six", "--", "python"],
        ["run", "--shelf=s3://another", "--with", "six", "--", "python"],
    ],
    ids=" ".join,
)
def test_no_fetcher_is_started_early_for(words: list[str], tmp_path: Path) -> None:
    assert started(words, tmp_path) == ""


def test_where_an_environment_was_built_before_none_is_started_early(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    assert started(["run", "--with", "six", "--", "python"], tmp_path) == ""


def test_settings_that_are_wrong_are_left_to_who_tells_of_them(tmp_path: Path) -> None:
    assert started(["run", "--with", "six", "--", "python"], tmp_path, CLOUDSHELF_URL="ftp://no") == ""
    (tmp_path / "file").touch()
    assert started(["run", "--with", "six", "--", "python"], tmp_path / "file") == ""
