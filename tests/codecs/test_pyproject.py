"""A project's and a script's requirements are what PEP 621, 723 and 735 say, or one message that names the file."""

from __future__ import annotations

import pytest

from cloudshelf.codecs.pyproject import parse_pyproject, parse_script
from cloudshelf.errors import UsageError

PROJECT = """
[project]
name = "Our.Project"
requires-python = ">=3.11"
dependencies = ["six>=1", 'attrs; python_version < "3"']
[project.optional-dependencies]
plots = ["matplotlib"]
All_of = ["our-project[plots, tables]", "rich"]
tables = ["pandas"]
round = ["our_project[round]", "six"]
[dependency-groups]
Test_Group = ["pytest>8", {include-group = "lint"}]
lint = ["ruff"]
loop = [{include-group = "loop"}]
odd = [{include = "lint"}]
bad = ["six=="]
"""
SCRIPT = """#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "six",
#   "attrs>=1",
# ]
#
# [tool.other]
# x = 1
# ///
import six
"""


def test_a_project_has_its_dependencies_and_its_python() -> None:
    assert parse_pyproject(PROJECT, "p") == (("six>=1", 'attrs; python_version < "3"'), ">=3.11")


def test_extras_are_found_by_any_spelling_and_may_name_others_of_the_project() -> None:
    found = parse_pyproject(PROJECT, "p", extras=["all.of"]).requirements
    assert found[2:] == ("matplotlib", "pandas", "rich")
    assert parse_pyproject(PROJECT, "p", extras=["round"]).requirements[2:] == ("six",)


def test_groups_include_groups_and_may_stand_alone() -> None:
    assert parse_pyproject(PROJECT, "p", groups=["test-group"]).requirements[2:] == ("pytest>8", "ruff")
    assert parse_pyproject(PROJECT, "p", groups=["lint"], only_groups=True) == (("ruff",), "")
    assert parse_pyproject('[dependency-groups]\na = ["six"]\n', "p", groups=["a"]) == (("six",), "")


@pytest.mark.parametrize("text", [SCRIPT, SCRIPT.replace("\n", "\r\n"), SCRIPT.removesuffix("\nimport six\n")])
def test_a_script_has_what_its_block_says(text: str) -> None:
    assert parse_script(text, "s") == (("six", "attrs>=1"), ">=3.11")


@pytest.mark.parametrize(
    ("text", "names", "says"),
    [
        ("[project", {}, r"p is not TOML: Expected"),
        ("[tool.x]\n", {}, r"neither \[project\] nor \[dependency-groups\]"),
        ("project = 1", {}, r"\[project\] of p is not a table"),
        ("[project]\nname = 'x'\ndependencies = 'six'", {}, "dependencies of p is not a list of texts"),
        ("[project]\nname = 'x'\ndynamic = ['dependencies']", {}, "leaves its dependencies to its build"),
        (PROJECT, {"extras": ["nope"]}, "p has no extra 'nope'; it has: all-of, plots, round, tables"),
        (PROJECT, {"groups": ["nope"]}, "p has no dependency group 'nope'; it has: Test_Group, bad, lint, loop, odd"),
        (PROJECT, {"groups": ["loop"]}, "group 'loop' of p is malformed: .*includes itself"),
        (PROJECT, {"groups": ["odd"]}, "group 'odd' of p is malformed"),
        (PROJECT, {"groups": ["bad"]}, "group 'bad' of p is malformed"),
    ],
)
def test_what_is_wrong_with_a_project_names_the_file_and_what_it_has(
    text: str, names: dict[str, list[str]], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        parse_pyproject(text, "p", extras=names.get("extras", ()), groups=names.get("groups", ()))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import six\n", "s has no block that begins with the line '# /// script'"),
        (SCRIPT + SCRIPT, "s has 2 blocks"),
        ("# /// script\n# dependencies = [\n# ///\n", "The '# /// script' block of s is not TOML"),
        ("# /// script\n# dependencies = 'six'\n# ///\n", "dependencies of s is not a list"),
        ("# /// script\n# requires-python = 3\n# ///\n", "requires-python of s is not text"),
    ],
)
def test_what_is_wrong_with_a_script_names_it(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_script(text, "s")
