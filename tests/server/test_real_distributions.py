"""pandas, matplotlib, scikit-learn and what they need: what people really write into their metadata is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import Server, running
from tests.server.test_openapi import SCHEMA, check

pytestmark = [pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(600)]

WITHOUT = {"kiwisolver"}  # its wheel has no description


@pytest.fixture(scope="module")
def real(published_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("real"), CLOUDSHELF_URL=published_shelf.as_uri()) as server:
        yield server


def test_every_default_is_shown_as_the_document_says(real: Server) -> None:
    rows = real.get("projects")["projects"]
    assert {"pandas", "matplotlib", "scikit-learn", "numpy", "humanize"} <= {row["project"] for row in rows}
    show = SCHEMA["/shelves/{shelf}/projects/{project}/versions/{version}"]["GET"]
    for row in rows:
        where = {"shelf": real.shelf, "project": row["project"], "version": row["default"]}
        found = check(show.Case(path_parameters=where), real).json()
        assert found["modules"] and found["published_by"] and found["metadata"]["classifiers"], row["project"]
        assert (found["readme"] is None) == (row["project"] in WITHOUT), row["project"]
        assert "\n" not in found["metadata"]["license"]
        assert all(url.startswith("http") for url in found["metadata"]["urls"].values())


def test_dependents_of_numpy_are_those_that_one_expects(real: Server) -> None:
    numpy = next(row for row in real.get("projects", q="numpy")["projects"] if row["project"] == "numpy")
    found = real.get("projects", "numpy", "versions", numpy["default"])["dependents"]
    assert {"pandas", "matplotlib", "scikit-learn", "scipy", "contourpy"} <= set(found)


def test_a_file_of_megabytes_is_read_whole_and_verified(real: Server) -> None:
    """A native module of numpy lies in several frames."""
    version = real.get("projects", "numpy")["default"]
    core = ("projects", "numpy", "versions", version)
    entries = real.get(*core, "files", path="site/numpy/_core")["entries"]
    largest = max((e for e in entries if e["type"] == "file"), key=lambda e: e["size"])
    answer = real.ask(real.path(*core, "content", path=largest["path"]))
    assert answer.status == 200 and len(answer.body) == largest["size"] > 1_000_000
    assert answer.body[:4] == b"\x7fELF"


def test_two_versions_of_humanize_differ(real: Server) -> None:
    found = real.get("projects", "humanize", "diff", **{"from": "4.9.0", "to": "4.12.0"})
    changed = [row["path"] for row in found["files"]["changed"]]
    assert "site/humanize/__init__.py" in changed and "site/humanize-4.12.0.dist-info/METADATA" in changed
