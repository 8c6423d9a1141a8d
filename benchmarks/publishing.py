"""Publishing: torch and a requirements file of 60 distributions; seconds, peak memory, and the same once more.

Beside the largest one stands what zstd alone needs for the very same frames, at the same level, on all cores.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from benchmarks import tables, zstd_alone
from benchmarks.bars import Bar
from benchmarks.measuring import Spent, runs_of, spend
from benchmarks.stage import CLOUDSHELF, FOLDER, WORK, CannotRun, Stage, check, clean_environ, has_torch
from benchmarks.wheel_index import read_metadata
from benchmarks.workloads import TORCH

NAME = "publish"
ABOUT = "publishing, and publishing what is there"
MINUTES = (0.5, 9.0)
MOST = 2.0  # the bar
STAND_IN = "scipy"  # for torch, in a quick run and where there is none
# With what they need, 60 distributions when this was written.
# fmt: off
SIXTY = (
    "numpy", "pandas", "pyarrow", "matplotlib", "scipy", "scikit-learn", "polars", "sympy", "boto3", "openpyxl",
    "requests", "flask", "rich", "pydantic", "sqlalchemy", "httpx", "networkx", "tqdm", "pyyaml", "attrs", "filelock",
)
# fmt: on
_QUICK = ("requests", "flask", "rich", "httpx")


@dataclass(frozen=True, slots=True)
class _Publisher:
    """A shelf in ``folder``, and a publisher with wheels at hand."""

    folder: Path

    @property
    def shelf(self) -> Path:
        return self.folder / "shelf"

    def environ(self) -> dict[str, str]:
        cache = str(self.folder / "cache")
        return clean_environ(
            {"CLOUDSHELF_URL": self.shelf.as_uri(), "CLOUDSHELF_CACHE": cache, "TMPDIR": str(self.folder)}
        )

    def init(self) -> None:
        shutil.rmtree(self.shelf, ignore_errors=True)
        check([*CLOUDSHELF, "init", self.shelf.as_uri()], self.environ())

    def publish(self, words: Sequence[str], *, memory: bool = True) -> Spent:
        find = ["--no-index", "--find-links", str(FOLDER / "wheels")]
        return spend([*CLOUDSHELF, "publish", "--json", *find, *words], self.environ(), memory=memory)


def requirements(quick: bool) -> tuple[str, ...]:
    """The lines of the requirements file."""
    return _QUICK if quick else SIXTY


def wheels_wanted(quick: bool) -> tuple[str, ...]:
    """What has to be at hand: those lines, and torch where this machine has a CPU wheel of it."""
    return (*requirements(quick), *([TORCH] if not quick and has_torch([TORCH]) else []))


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """One large distribution beside zstd, then a requirements file."""
    runs = 1 if quick else 3
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="publish-", dir=WORK, ignore_cleanup_errors=True) as folder:
        publisher = _Publisher(Path(folder))
        large = [] if quick else sorted((FOLDER / "wheels").glob("torch-*cpu*.whl"))
        return {
            "large": _measure_large(publisher, large, runs),
            "file": _measure_file(publisher, requirements(quick), runs),
            "cores": zstd_alone.WORKERS,
        }


def _measure_large(publisher: _Publisher, torch: Sequence[Path], runs: int) -> dict[str, Any]:
    """zstd, publish, zstd, publish …; what the wheel needs is on the shelf before."""
    wheel = torch[0] if torch else next(iter(sorted((FOLDER / "wheels").glob(f"{STAND_IN}-*.whl"))), None)
    if wheel is None:
        raise CannotRun(f"neither a CPU wheel of torch nor one of {STAND_IN} is at hand")
    project = wheel.name.partition("-")[0]
    found: dict[str, Any] = {"wheel": wheel.name, "size": wheel.stat().st_size, "publish": [], "zstd": [], "memory": 0}
    while len(found["publish"]) < runs_of(max(found["publish"], default=0.0), runs):
        publisher.init()
        publisher.publish(_needed(wheel), memory=False)
        spent = publisher.publish([str(wheel)])
        found["publish"].append(round(spent.seconds, 2))
        found["memory"] = max(found["memory"], spent.memory)
        alone = check([sys.executable, zstd_alone.__file__, str(publisher.shelf), project], clean_environ())
        found |= json.loads(alone) | {"zstd": [*found["zstd"], json.loads(alone)["zstd"]]}
    again = publisher.publish([str(wheel)])
    return found | {"again": round(again.seconds, 2), "uploaded again": json.loads(again.said)["uploaded"]}


def _measure_file(publisher: _Publisher, lines: Sequence[str], runs: int) -> dict[str, Any]:
    path = publisher.folder / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    found: dict[str, Any] = {"publish": [], "again": [], "memory": 0}
    while len(found["publish"]) < runs_of(max(found["publish"], default=0.0), runs):
        publisher.init()
        spent = publisher.publish(["-r", str(path)])
        found["publish"].append(round(spent.seconds, 2))
        found["memory"] = max(found["memory"], spent.memory)
        report = json.loads(spent.said)
        found |= {"distributions": len(report["projects"]), "uploaded": report["uploaded"]}
    while len(found["again"]) < runs:
        spent = publisher.publish(["-r", str(path)], memory=False)
        found["again"].append(round(spent.seconds, 2))
    return found | {"uploaded again": json.loads(spent.said)["uploaded"]}


def _needed(wheel: Path) -> list[str]:
    """What a wheel needs here, from its metadata."""
    lines = re.findall(r"(?m)^Requires-Dist: *(.+?)\s*$", read_metadata(wheel).decode())
    wanted = [Requirement(line) for line in lines]
    return [f"{r.name}{r.specifier}" for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]


def table(found: dict[str, Any]) -> list[str]:
    large, file = found["large"], found["file"]
    memory = [tables.size(part["memory"] * 1024) for part in (large, file)]
    rows = [
        [
            f"{large['wheel']}, {tables.size(large['size'])}",
            tables.spread(large["publish"], 1),
            memory[0],
            tables.size(large["packed"]),
            f"{large['again']:.2f}; {large['uploaded again']} B",
        ],
        [
            f"a file of {file['distributions']} distributions",
            tables.spread(file["publish"], 1),
            memory[1],
            tables.size(file["uploaded"]),
            f"{statistics.median(file['again']):.2f}; {file['uploaded again']} B",
        ],
        [
            f"zstd alone on the {large['frames']} frames of the first, {found['cores']} cores",
            tables.spread(large["zstd"], 1),
            "",
            tables.size(large["packed"]),
            "",
        ],
    ]
    return tables.table(["publish", "seconds", "peak memory", "packed", "the same again: seconds; uploaded"], rows)


def bars(found: dict[str, Any] | None) -> list[Bar]:
    what = "publish torch, against zstd alone"
    if found is None:
        return [Bar(what, f"at most {MOST:g}", None, None)]
    large = found["large"]
    ratio = statistics.median(large["publish"]) / statistics.median(large["zstd"])
    stands = "" if large["wheel"].startswith("torch-") else f"; {large['wheel'].partition('-')[0]} stands for torch"
    return [Bar(what, f"at most {MOST:g}", f"{ratio:.2f}{stands}", ratio <= MOST)]
