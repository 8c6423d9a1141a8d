"""What a person at a notebook waits for: ``%load_ext`` with nothing to fetch, a Tab, and a module that is not there.

Each kernel is new, its cache empty but for what it has pinned; the shelf is the benchmark's own, in a folder.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.kernels import Kernel, running_kernel
from benchmarks.ours import empty_cache
from benchmarks.stage import WORK, CannotRun, Stage
from benchmarks.synthetic import make_shelf, module_name, project_name

NAME = "latency"
ABOUT = "%load_ext, completion, a finder's miss"
MINUTES = (0.2, 1.0)
LOAD, TAB, MISS = 0.150, 0.050, 2e-6  # the bars, in seconds
_PROJECTS = 1000
_PINNED = 7
_TABS = 3  # after the first, of each kind in each kernel
_TYPING = 1.0  # seconds that a person takes from a cell's end to the first Tab in the next
_KINDS = {
    "%shelf ‹verb›": "%shelf us",
    "%shelf use ‹project›": f"%shelf use {project_name(_PINNED)[:-1]}",
    "%shelf use ‹project›==‹version›": f"%shelf use {project_name(_PINNED)}==",
    "import ‹on the shelf›": f"import {module_name(_PINNED)[:-1]}",
    "import ‹module›": f"import {module_name(_PINNED)[:-1]}",
    "import ‹installed›": "import collec",
    "‹name›.‹attribute›": f"{module_name(_PINNED)}.NUM",
}
_PINS = "import ‹module›"  # from here on a project is pinned and imported
_LOAD = """\
import time as _time
_begun = _time.perf_counter()
get_ipython().run_line_magic("load_ext", "cloudshelf")
print(_time.perf_counter() - _begun)
"""
_MISS = """\
import json, sys, timeit
def best(finder):
    return min(timeit.repeat(lambda: finder.find_spec("nothing_of_this_name"), number=2000, repeat=20)) / 2000
ours = [*sys.path_importer_cache.values(), *sys.meta_path]
print(json.dumps({n: best(f) for f in ours if (n := type(f).__name__) in ("EnvironmentFinder", "ZeroStepFinder")}))
"""


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """Several kernels, one after the other; of each kind of Tab the first and those that follow."""
    WORK.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"projects": _PROJECTS, "load": [], "miss": {}, "first": {}, "later": {}}
    with tempfile.TemporaryDirectory(prefix="latency-", dir=WORK, ignore_cleanup_errors=True) as folder:
        make_shelf(Path(folder) / "shelf", _PROJECTS)
        for _ in range(3 if quick else 5):
            with (
                empty_cache(Path(folder), (Path(folder) / "shelf").as_uri()) as environ,
                running_kernel(environ, Path(folder), sys.executable) as kernel,
            ):
                _measure_one(kernel, found)
    return found


def _measure_one(kernel: Kernel, found: dict[str, Any]) -> None:
    kernel.complete("__name__.isid")  # jedi loads, which is IPython's own first Tab
    found["load"].append(float(kernel.run(_LOAD)))
    time.sleep(_TYPING)
    for kind, text in _KINDS.items():
        if kind == _PINS:
            kernel.run(f"%shelf use {project_name(_PINNED)}\nimport {module_name(_PINNED)}")
        for number in range(1 + _TABS):
            seconds, words = kernel.complete(text)
            if not words:
                raise CannotRun(f"a Tab after {text!r} found nothing")
            found["later" if number else "first"].setdefault(kind, []).append(seconds)
    for finder, seconds in json.loads(kernel.run(_MISS)).items():
        found["miss"].setdefault(finder, []).append(seconds)


def table(found: dict[str, Any]) -> list[str]:
    def ms(values: list[float]) -> str:
        return tables.spread([value * 1e3 for value in values], 1)

    rows = [["%load_ext cloudshelf", ms(found["load"]), ""]]
    rows += [[f"Tab: {kind}", ms(found["first"][kind]), ms(found["later"][kind])] for kind in found["first"]]
    misses = [
        f"- a miss, {finder}: {statistics.median(values) * 1e9:.0f} ns" for finder, values in found["miss"].items()
    ]
    return [
        f"In a kernel, a shelf of {found['projects']:,} projects, milliseconds.",
        "",
        *tables.table(["", "the first", "later"], rows),
        *misses,
        "",
    ]


def bars(found: dict[str, Any] | None) -> list[Bar]:
    whats = ("%load_ext with nothing to fetch", "a completion", "a finder miss")
    limits = ("150 ms", "50 ms", "2 µs")
    if found is None:
        return [Bar(what, limit, None, None) for what, limit in zip(whats, limits, strict=True)]
    load = statistics.median(found["load"])
    tabs = {(kind, when): statistics.median(v) for when in ("first", "later") for kind, v in found[when].items()}
    worst = max(tabs, key=lambda key: tabs[key])
    later = max(seconds for (_, when), seconds in tabs.items() if when == "later")
    miss = max(statistics.median(values) for values in found["miss"].values())
    slowest = f"{tabs[worst] * 1e3:.0f} ms (the {worst[1]} {worst[0]}); later ones {later * 1e3:.0f} ms"
    return [
        Bar(whats[0], limits[0], f"{load * 1e3:.0f} ms", load <= LOAD),
        Bar(whats[1], limits[1], slowest, tabs[worst] <= TAB),
        Bar(whats[2], limits[2], f"{miss * 1e6:.2f} µs", miss <= MISS),
    ]
