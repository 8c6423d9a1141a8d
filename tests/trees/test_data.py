"""A data set comes when it is looked at; ``cloudshelf.path`` gives its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faces.conftest import make_wheel

from .conftest import Link, Run, make_tree

DATA = {
    "a.csv": "x,y\n1,2\n",
    "years/2026.csv": "2026\n" * 1000,
    "latest.csv": Link("years/2026.csv"),
    "y": Link("years"),
}


@pytest.fixture(scope="module")
def shelved(cloudshelf: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("data")
    cloudshelf("publish", "--tree", make_tree(folder / "t", DATA), "--name", "some-data", "--version", "2026.11")
    modules = {"mods/__init__.py": "# here\n", "other.py": ""}
    cloudshelf("publish", "--no-deps", make_wheel(folder, "mods", "1.0", modules))
    cloudshelf("publish", "--no-deps", make_wheel(folder, "onefile", "1.0", {"onefile.py": "", "onefile_x.py": ""}))


@pytest.fixture
def ask(python: Callable[..., str], shelved: None, tmp_path: Path) -> Callable[[str], object]:
    """What an expression is in a process with an empty cache, which has the data pinned; ``p`` is its folder."""

    def ask(expression: str) -> object:
        code = (
            "import cloudshelf, json, os, subprocess\n"
            "cloudshelf.use('some-data', 'mods', 'onefile')\n"
            "p = cloudshelf.path('some_data')\n"
            "def is_there(path):\n"  # asked past the functions that bring files
            "    import posix\n"
            "    try:\n        posix.stat(path)\n"
            "    except FileNotFoundError:\n        return False\n"
            "    return True\n"
            f"print(json.dumps({expression}))"
        )
        return json.loads(python(code, CLOUDSHELF_CACHE=str(tmp_path / "cache"), CLOUDSHELF_BACKGROUND_FILL="0"))

    return ask


LOOKS = {
    "a file": ("(p / 'a.csv').read_text()", "x,y\n1,2\n"),
    "a link to one": ("len((p / 'latest.csv').read_text())", 5000),
    "through a linked folder": ("len(open(p / 'y' / '2026.csv').read())", 5000),
    "its size, by a link": ("os.stat(p / 'latest.csv').st_size", 5000),
    "whether it is there": ("[(p / 'latest.csv').exists(), (p / 'nothing').exists()]", [True, False]),
    "a listing": ("sorted(os.listdir(p))", ["a.csv", "latest.csv", "y", "years"]),
    "a listing of a linked folder": ("os.listdir(p / 'y')", ["2026.csv"]),
    "by a program that is told a link": ("subprocess.getoutput(f'cat {p}/latest.csv | wc -l')", "1000"),
    "what scandir says of links": (
        "sorted([e.name, e.is_file(), e.is_dir(), e.is_symlink(), is_there(e.path)] for e in os.scandir(p))",
        [
            ["a.csv", True, False, False, False],
            ["latest.csv", True, False, True, False],
            ["y", False, True, True, True],
            ["years", False, True, False, True],
        ],
    ),
    "a walk": ("[[sorted(d), sorted(n)] for _, d, n in os.walk(p)][0]", [["y", "years"], ["a.csv", "latest.csv"]]),
    "a size by scandir": ("[e.stat().st_size for e in os.scandir(p) if e.name == 'latest.csv']", [5000]),
    "the folder itself": ("p.name", "some-data"),
}


@pytest.mark.parametrize(("expression", "answer"), LOOKS.values(), ids=LOOKS.keys())
def test_data_is_there_when_it_is_looked_at(ask: Callable[[str], object], expression: str, answer: object) -> None:
    assert ask(expression) == answer


def test_nothing_comes_before_it_is_looked_at(ask: Callable[[str], object]) -> None:
    assert ask("[is_there(p / 'a.csv'), is_there(p / 'years/2026.csv'), is_there(p / 'years')]") == [False, False, True]


def test_a_variable_that_leads_to_it_brings_it_to_who_uses_that(ask: Callable[[str], object]) -> None:
    """``%shelf use`` sets the variables of trees for every program that this process starts."""
    told = "[os.environ.update(DATA=str(p), LD_LIBRARY_PATH=f'{p.parents[1]}/lib'), "
    told += "subprocess.getoutput('true'), is_there(p / 'a.csv'), is_there(cloudshelf.path('mods') / '__init__.py'), "
    assert ask(told + "subprocess.getoutput('cat $DATA/a.csv')][1:]") == ["", False, False, "x,y\n1,2"]


def test_all_of_it_is_there_when_that_is_asked_for(ask: Callable[[str], object]) -> None:
    look = "[cloudshelf.path('some-data', bring=True) == p, is_there(p / 'a.csv'), is_there(p / 'latest.csv')]"
    assert ask(look) == [True, True, True]


def test_a_wheels_folder_is_that_of_its_package(ask: Callable[[str], object]) -> None:
    found = ask("[str(cloudshelf.path(name)) for name in ('mods', 'Mods', 'onefile')]")
    assert isinstance(found, list)
    assert [name.rpartition("site-packages/")[2] for name in found] == ["mods", "mods", "onefile.py"]


def test_what_is_not_pinned_has_no_folder(python: Callable[..., str], shelved: None) -> None:
    code = (
        "import cloudshelf\n"
        "for name in ('some-data', 'mods'):\n"
        "    try:\n        cloudshelf.path(name)\n"
        "    except cloudshelf.errors.UsageError as error:\n        print(error)\n"
        "    if name == 'some-data':\n        cloudshelf.use('some-data')\n"
    )
    assert python(code).splitlines() == [
        "Nothing is pinned here, so there is no folder of some-data. Begin with: %shelf use some-data",
        "mods is not pinned here. First: %shelf use mods",
    ]
