"""A wheel of 50,000 files: published, used and imported."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.measuring import runs_of, spend
from benchmarks.ours import empty_cache, environment_in
from benchmarks.stage import CLOUDSHELF, WORK, CannotRun, Stage, check, clean_environ
from benchmarks.synthetic import make_wide_wheel

NAME = "wide"
ABOUT = "a wheel of very many files"
MINUTES = (0.2, 8.0)
FILES = 50_000
_FIND = "find over a version of 50,000 files in the mounted drive"
_IMPORTS = "import wide; print(wide.module_00001.__name__)"


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """Publish once; then use and import from an empty cache, and once more in the environment that is there."""
    files = FILES // 10 if quick else FILES
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wide-", dir=WORK, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        wheel = make_wide_wheel(folder, files)
        url = (folder / "shelf").as_uri()
        environ = clean_environ({"CLOUDSHELF_URL": url, "CLOUDSHELF_CACHE": str(folder / "publishing")})
        check([*CLOUDSHELF, "init", url], environ)
        publish = [*CLOUDSHELF, "publish", "--json", "--no-deps", "--no-index", str(wheel)]
        published = spend(publish, environ, memory=True)
        found: dict[str, Any] = {
            "files": files,
            "wheel": wheel.stat().st_size,
            "publish": round(published.seconds, 2),
            "memory": published.memory,
            "uploaded": json.loads(published.said)["uploaded"],
            "manifest": max(path.stat().st_size for path in folder.glob("shelf/projects/wide/manifest/*")),
            "use": [],
            "use and import": [],
            "import again": [],
        }
        runs = 3 if quick else 5
        while len(found["use"]) < runs_of(max(found["use and import"], default=0.0), runs):
            _use(folder, url, found)
        return found | _look(folder, url)


def _use(folder: Path, url: str, found: dict[str, Any]) -> None:
    run = [*CLOUDSHELF, "run", "--with", "wide", "--"]
    with empty_cache(folder, url) as environ:
        found["use"].append(round(spend([*run, "true"], environ).seconds, 3))
    with empty_cache(folder, url) as environ:
        found["use and import"].append(round(spend([*run, "python", "-c", _IMPORTS], environ).seconds, 3))
        python = environment_in(Path(environ["CLOUDSHELF_CACHE"])) / "bin" / "python"
        found["import again"].append(round(spend([str(python), "-c", _IMPORTS], environ).seconds, 3))


def _look(folder: Path, url: str) -> dict[str, Any]:
    """find and du in the mounted shelf, each in a new mount with an empty cache: nothing is known before."""
    found: dict[str, Any] = {"find": [], "du": []}
    mount = folder / "mount"
    mount.mkdir()
    for name, command in (("find", ["find", f"{mount}/projects/wide"]), ("du", ["du", "-s", f"{mount}/projects/wide"])):
        for _ in range(3):
            with empty_cache(folder, url) as environ:
                try:
                    check([*CLOUDSHELF, "mount", str(mount), "--all"], environ)
                except CannotRun as error:
                    return {"look": str(error)}
                try:
                    found[name].append(round(spend(command, environ).seconds, 3))
                finally:
                    check([*CLOUDSHELF, "umount", str(mount)], environ)
    return found


def table(found: dict[str, Any]) -> list[str]:
    rows = [
        ["publish, s", f"{found['publish']:.1f}"],
        ["publish, peak memory", tables.size(found["memory"] * 1024)],
        ["packs / manifest", f"{tables.size(found['uploaded'])} / {tables.size(found['manifest'])}"],
        *([f"{what}, s", tables.spread(found[what])] for what in ("use", "use and import", "import again")),
        *([f"{what} in our mount, s", tables.spread(found[what])] for what in ("find", "du") if found.get(what)),
        *([["the mounted drive", found["look"]]] if "look" in found else []),
    ]
    return tables.table([f"a wheel of {found['files']:,} files, {tables.size(found['wheel'])}", ""], rows)


def bars(found: dict[str, Any] | None) -> list[Bar]:
    """Of find; the issue asks for the other figures only."""
    seconds = (found or {}).get("find")
    if not seconds or found is None or found["files"] < FILES:
        return [Bar(_FIND, "below 1 s", None, None)]
    median = statistics.median(seconds)
    return [Bar(_FIND, "below 1 s", f"{median:.2f} s", median < 1)]
