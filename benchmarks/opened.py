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
"""
_REPORT = """
import json as _json, os as _os
_maps = [line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if line.count("/")]
with open(_os.environ["BENCH_REPORT"], "w") as _file:
    _json.dump([*_opened, *_maps], _file)
"""


@functools.cache
def opened_files(workload: Workload) -> tuple[str, ...]:
    """Paths relative to site-packages, without the sources that bytecode stands for. The first call runs the script."""
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
        paths = dict.fromkeys(json.loads(report.read_text()))
    inside = [path[len(str(site)) + 1 :] for path in paths if path.startswith(f"{site}/") and Path(path).is_file()]
    return tuple(inside)
