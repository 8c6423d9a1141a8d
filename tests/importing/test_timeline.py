"""What measuring imports costs: two readings of a clock and one row a module while files are missing, else nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.importing.paths import socket_path
from cloudshelf.render.waterfall import read_rows

from .environments import Made, Project

Make = Callable[..., Made]
FILES = {
    "site/pkg/__init__.py": "import pkg.one, pkg.two, other",
    "site/pkg/one.py": "",
    "site/pkg/two.py": "try:\n    import pkg.three\nexcept ZeroDivisionError:\n    pass\n",
    "site/pkg/three.py": "1 / 0",
}
OTHER = {"site/other.py": ""}
COUNT = """
import sys, time
real, calls = time.perf_counter, []
def perf_counter():
    calls.append(1)
    return real()
from _cloudshelf.importing import loader, timeline
loader.perf_counter = timeline.perf_counter = perf_counter
import pkg
print(sorted(span[1] for span in timeline.spans), len(calls) - len(timeline.waits))
"""


@pytest.fixture
def made(make: Make) -> Made:
    return make(Project("pkg", FILES), Project("other", OTHER))


def test_a_module_costs_two_readings_and_a_row_and_one_that_fails_too(made: Made) -> None:
    modules = ["other", "pkg", "pkg.one", "pkg.three", "pkg.two"]
    assert made.says(COUNT) == f"{modules} {2 * len(modules)}"
    assert made.requests()


def test_a_complete_environment_has_nothing_of_it(made: Made) -> None:
    made.fill()
    code = "import pkg, sys; print([m for m in sys.modules if 'timeline' in m or 'recording' in m])"
    assert made.says(code) == "[]"


def test_old_rows_make_room(made: Made) -> None:
    code = (
        "from _cloudshelf.importing import timeline\n"
        "for i in range(timeline.KEPT + 5): timeline.imported(str(i), 0.0, None, -1)\n"
        "print(len(timeline.spans), timeline.spans[0][1])"
    )
    assert made.says(code) == "20000 5"


def test_recording_sees_every_import_and_leaves_it_at_the_end(made: Made, tmp_path: Path) -> None:
    made.run("import pkg, wave, importlib; importlib.import_module('colorsys')", CLOUDSHELF_PROFILE=str(tmp_path))
    assert {"pkg": "fetched", "wave": "installed", "colorsys": "installed"}.items() <= sources(tmp_path).items()


def sources(folder: Path) -> dict[str, str]:
    (file,) = folder.glob("*.json")
    return {row["module"]: row["source"] for row in read_rows(json.loads(file.read_text()))}


def test_a_complete_environment_is_recorded_where_somebody_asks(made: Made, tmp_path: Path) -> None:
    made.fill()
    made.run("import pkg", CLOUDSHELF_PROFILE=str(tmp_path))
    assert {"pkg": "cached", "other": "cached"}.items() <= sources(tmp_path).items()


def test_a_folder_that_is_gone_is_no_error(made: Made, tmp_path: Path) -> None:
    assert made.says("import pkg; print(1)", CLOUDSHELF_PROFILE=str(tmp_path / "none")) == "1"


def test_asking_for_it_is_no_reason_for_another_fetcher(tmp_path: Path) -> None:
    asked = {"CLOUDSHELF_PROFILE": "/tmp/x", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert socket_path("/cache", ["python"], asked) == socket_path(
        "/cache", ["python"], {"XDG_RUNTIME_DIR": str(tmp_path)}
    )
