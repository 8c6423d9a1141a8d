"""requirements-dev.txt: what make venv installs is locked, with hashes, and says nothing of this machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cloudshelf.target import MINORS

ROOT = Path(__file__).parents[2]
EXTRAS = ("jupyter", "lint", "publish", "test")


def locked() -> list[tuple[Requirement, list[str]]]:
    """Each requirement of the file with its hashes."""
    text = (ROOT / "requirements-dev.txt").read_text().replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(Requirement(row.partition(" --hash")[0]), re.findall(r"--hash=(\S+)", row)) for row in rows]


def wanted() -> list[Requirement]:
    """What the package, its development and its build ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    lines = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    lines += [line for extra in EXTRAS for line in extras[extra]]
    return [each for line in lines if (each := Requirement(line)).name != "cloudshelf"]


def test_everything_is_one_version_with_hashes() -> None:
    for requirement, hashes in locked():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


def test_it_names_no_host_and_no_path() -> None:
    text = (ROOT / "requirements-dev.txt").read_text()
    assert not re.search(r"://|@ |^-|/", text, re.MULTILINE)
    assert "make lock" in text


@pytest.mark.parametrize("minor", MINORS)
def test_all_that_is_asked_for_is_in_it_for_every_python(minor: int) -> None:
    environment = {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.0",
        "platform_machine": "x86_64",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement, _ in locked()
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }
    for requirement in wanted():
        if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""}):
            version = found.get(canonicalize_name(requirement.name))
            assert version and requirement.specifier.contains(version, prereleases=True), (
                f"{requirement}: the lock has {version}; renew it with: make lock"
            )
