"""Ordinary code while the extension is loaded and an import is complete, against a kernel without any of it.

Pairs of real kernels run the same blocks in turn, A B, B A: one has the extension, pinned and imported a project, and
everything of it is in place; the other imported the same from site-packages. Of each kernel and block the least time of
all turns counts, since what disturbs only adds; of all pairs the median, since no two processes lie alike in memory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.kernels import Kernel, running_kernel
from benchmarks.ours import empty_cache
from benchmarks.stage import FOLDER, WORK, Stage, clean_environ, install_site, site_packages
from benchmarks.workloads import WORKLOADS

NAME = "ordinary"
ABOUT = "ordinary code while the extension is loaded"
MINUTES = (0.4, 3.0)
MOST = 1.02  # the bar
WORKLOAD = "numpy"
_BLOCKS = {
    "id()": "for each in _things: id(each)",
    "deepcopy": "_copy.deepcopy(_nested)",
    "logging": "_logger.info('%s of %d', 'one', 3)",
    "open": "with open(_file) as _f: _f.read()",
    "listdir": "_os.listdir(_folder)",
}
_NUMBER = {"id()": 100, "deepcopy": 10, "logging": 200, "open": 100, "listdir": 100}  # about 2 ms each
_PREPARE = """
import copy as _copy, logging as _logging, io as _io, os as _os, pathlib as _pathlib, tempfile as _tempfile
import timeit as _timeit
_things = [object() for _ in range(500)]
_nested = {str(n): [{"a": n, "b": [n, str(n)]}] * 3 for n in range(20)}
_logger = _logging.getLogger("ordinary"); _logger.propagate = False; _logger.setLevel("INFO")
_logger.addHandler(_logging.StreamHandler(open(_os.devnull, "w")))
_folder = _tempfile.mkdtemp()
for _n in range(20): _pathlib.Path(_folder, str(_n)).write_text("some text\\n" * 20)
_file = _os.path.join(_folder, "0")
def _measure(statement, number):
    return min(_timeit.repeat(statement, globals=globals(), number=number, repeat=5)) / number
"""
# What the importer replaces while files are missing is itself again when none is; it looks from time to time.
_SETTLE = """
import builtins, io, posix, time as _time
_end = _time.monotonic() + 60
while (_os.listdir, _os.stat, builtins.open) != (posix.listdir, posix.stat, io.open) and _time.monotonic() < _end:
    _os.listdir("."); _time.sleep(0.01)
assert _os.listdir is posix.listdir, "files are still missing"
"""


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """Of each block: (seconds with the extension, without), pair by pair."""
    pairs, turns = (3, 15) if quick else (9, 25)
    found: dict[str, Any] = {"workload": WORKLOAD, "turns": turns, "pairs": {name: [] for name in _BLOCKS}}
    for _ in range(pairs):
        for name, pair in _measure_pair(turns).items():
            found["pairs"][name].append(pair)
    return found


def _measure_pair(turns: int) -> dict[str, tuple[float, float]]:
    WORK.mkdir(parents=True, exist_ok=True)
    site = site_packages(install_site(next(w for w in WORKLOADS if w.name == WORKLOAD)))
    with (
        tempfile.TemporaryDirectory(prefix="ordinary-", dir=WORK, ignore_cleanup_errors=True) as name,
        empty_cache(Path(name), (FOLDER / "shelf").as_uri()) as environ,
        running_kernel(environ | {"TMPDIR": name}, Path(name), sys.executable) as ours,
        running_kernel(clean_environ({"PYTHONPATH": str(site), "TMPDIR": name}), Path(name), sys.executable) as plain,
    ):
        ours.run(f"%load_ext cloudshelf\n%shelf use {WORKLOAD}")
        for kernel in (ours, plain):
            kernel.run(f"import {WORKLOAD}{_PREPARE}")
        ours.run(_SETTLE)
        least: dict[str, tuple[float, float]] = {}
        for turn in range(turns):
            for block in _BLOCKS:
                now = _turn(ours, plain, block, turn % 2 == 1)
                best = least.get(block, now)
                least[block] = min(now[0], best[0]), min(now[1], best[1])
        return least


def _turn(ours: Kernel, plain: Kernel, block: str, other_way: bool) -> tuple[float, float]:
    code = f"print(_measure({_BLOCKS[block]!r}, {_NUMBER[block]}))"
    if other_way:
        without = float(plain.run(code))
        return float(ours.run(code)), without
    return float(ours.run(code)), float(plain.run(code))


def ratios(found: dict[str, Any]) -> dict[str, list[float]]:
    return {name: [ours / plain for ours, plain in pairs] for name, pairs in found["pairs"].items()}


def table(found: dict[str, Any]) -> list[str]:
    rows = [
        [name, f"{statistics.median(p[1] for p in found['pairs'][name]) * 1e6:.2f} µs", tables.spread(values, 3)]
        for name, values in ratios(found).items()
    ]
    about = (
        f"The extension loaded, {found['workload']} imported and complete; {found['turns']} turns, pairs of kernels."
    )
    return [about, "", *tables.table(["", "without", "× with the extension"], rows)]


def bars(found: dict[str, Any] | None) -> list[Bar]:
    what, limit = "ordinary code while the extension is loaded, after the import is complete", f"at most {MOST:g}"
    if found is None:
        return [Bar(what, limit, None, None)]
    medians = {name: statistics.median(values) for name, values in ratios(found).items()}
    return [Bar(what, limit, ", ".join(f"{v:.3f} {k}" for k, v in medians.items()), max(medians.values()) <= MOST)]
