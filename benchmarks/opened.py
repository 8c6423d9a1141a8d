"""What a workload really opens of an ordinary site-packages, by an audit hook and the process's memory map."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

from benchmarks.stage import FOLDER, check, clean_environ, install_site, site_packages
from benchmarks.workloads import Workload

# Files that the dynamic loader opens are seen in the memory map, all others by the hook.
_HOOK = """
import sys as _sys
_opened = {}
def _hook(event, args, _opened=_opened):
    if event == "open" and isinstance(args[0], str):
        _opened[args[0]] = None
_sys.addaudithook(_hook)
import os as _os
_looked, _stat = {}, _os.stat
def _recorded(path, *args, _stat=_stat, _looked=_looked, **options):
    found = _stat(path, *args, **options)
    if isinstance(path, str):
        _looked[path] = None
    return found
_os.stat = _recorded  # the import system has its own
"""
_REPORT = """
import json as _json, os as _os
_maps = [line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if line.count("/")]
with open(_os.environ["BENCH_REPORT"], "w") as _file:
    _json.dump({"opened": [*_opened, *_maps], "looked at": [*_looked]}, _file)
"""


def opened_files(workload: Workload) -> tuple[str, ...]:
    """Paths relative to site-packages, without the sources that bytecode stands for. The first call runs the script."""
    return _touched(workload)["opened"]


def looked_at_files(workload: Workload) -> tuple[str, ...]:
    """The same of what the program only looks for by its path: without it, some do not run."""
    return _touched(workload)["looked at"]


@functools.cache
def _touched(workload: Workload) -> dict[str, tuple[str, ...]]:
    python = install_site(workload)
    site = site_packages(python)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        script, report = Path(folder, "script.py"), Path(folder, "report.json")
        plain = Path(folder, "plain.py")
        plain.write_text(workload.script)
        script.write_text(_HOOK + workload.script + _REPORT)
        environ = clean_environ({"BENCH_REPORT": str(report)})
        check([str(python), str(plain)], environ, cwd=Path(folder))  # caches in the home folder, such as of fonts
        check([str(python), str(script)], environ, cwd=Path(folder))
        touched: dict[str, list[str]] = json.loads(report.read_text())
    inside = f"{site}/"
    return {
        how: tuple(dict.fromkeys(p.removeprefix(inside) for p in paths if p.startswith(inside) and Path(p).is_file()))
        for how, paths in touched.items()
    }
