"""environment.yml: every line comes out once, as a requirement of PEP 508 or with why it is none."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from cloudshelf.codecs.conda import parse_environment
from cloudshelf.errors import UsageError

FILE = """\
name: ours
channels:
  - conda-forge
dependencies:
  - python>=3.11,<3.13
  - pytorch
  - cudatoolkit=11.8
  - pip
  - pip:
      - six==1.17
      - -r more.txt
variables:
  A: b
prefix: /somewhere
"""


def test_every_line_is_reported_with_its_number_and_what_it_is() -> None:
    found = [(line.number, line.kind, line.text) for line in parse_environment(FILE, "e")]
    assert found == [
        (2, "ignored", "channels:"),
        (5, "python", "python>=3.11,<3.13"),
        (6, "requirement", "pytorch"),
        (7, "not Python", "cudatoolkit=11.8"),
        (8, "ignored", "pip"),
        (10, "pip", "six==1.17"),
        (11, "pip", "-r more.txt"),
        (12, "ignored", "variables:"),
        (14, "ignored", "prefix:"),
    ]


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy 1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311h64a7726_0", "numpy==1.26.4"),
        ("numpy 1.26.4 py311h64a7726_0", "numpy==1.26.4"),
        ("numpy >=1.26,<2", "numpy>=1.26,<2"),
        ("numpy>=1.26, <2", "numpy>=1.26,<2"),
        ("numpy=*", "numpy"),
        ("conda-forge::numpy=1.26", "numpy==1.26.*"),
        ("conda-forge/linux-64::numpy", "numpy"),
        ("numpy[version='>=1.26,<2']", "numpy>=1.26,<2"),
        ("Scikit_Learn", "scikit-learn"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("matplotlib-base", "matplotlib"),
        ("librosa", "librosa"),
    ],
)
def test_a_match_specification_becomes_a_requirement(line: str, requirement: str) -> None:
    [found] = parse_environment(f'dependencies:\n  - "{line}"\n', "e")
    assert (found.kind, found.value) == ("requirement", requirement)
    Requirement(found.value)


@pytest.mark.parametrize("name", ["libgcc-ng", "_libgcc_mutex", "r-base", "openssl=3", "gcc_linux-64", "nodejs", "mkl"])
def test_what_is_no_python_is_told_apart(name: str) -> None:
    [found] = parse_environment(f"dependencies: [{name}]\n", "e")
    assert found.kind == "not Python"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dependencies: [", r"e is not YAML \(line 1\)"),
        ("name: x\n", "e is not an environment of conda"),
        ("- six\n", "e is not an environment of conda"),
        ("", "e is not an environment of conda"),
        ("dependencies: six\n", "e is not an environment of conda"),
    ],
)
def test_what_is_no_environment_says_so(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_environment(text, "e")


def test_a_yaml_of_objects_makes_none() -> None:
    text = "dependencies:\n  - !!python/object/apply:os.system ['touch /dev/null']\n  - {a: b}\n  - [x]\n  - '='\n"
    assert {line.kind for line in parse_environment(text, "e")} <= {"not Python", "refused"}
