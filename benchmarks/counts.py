"""What ours asks of the store and of the kernel: counted by the link and by strace, never estimated.

Each count is of one cold start, over the link with 20 ms, which shows what waited for what.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.links import LINKS, open_link
from benchmarks.ours import Ours, ending_fetchers, environment_in, warm_cache
from benchmarks.stage import CannotRun, check, clean_environ, fresh_case, install_site
from benchmarks.workloads import Workload

# The audit event of every module's body that Python code executes; the first from site-packages is what we wait for.
_HOOK = """
import sys as _sys, time as _time
_first = []
def _hook(event, args, _first=_first, _now=_time.monotonic):
    if event == "exec" and not _first and "/site-packages/" in getattr(args[0], "co_filename", ""):
        _first.append(_now())
_sys.addaudithook(_hook)
"""
_REPORT = """
_ended = _time.monotonic()
import json as _json, os as _os
with open(_os.environ["BENCH_REPORT"], "w") as _file:
    _json.dump({"first": _first[0], "ended": _ended}, _file)
"""
_STATS = {"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat"}
_SHOWN = {"begun": "warm, begun", "settled": "warm", "filled": "filled"}
_OPENS = {"open", "openat", "openat2"}
QUIET = {"CLOUDSHELF_BACKGROUND_FILL": "0"}


def count_requests(ours: Ours, workload: Workload, *, locked: bool, background: bool = False) -> dict[str, Any]:
    """One cold start: requests, bytes, connections and round trips in sequence, until the script's end.

    Without ``background`` all of it is the import's: what the background adds by then is chance.

    ``sequence`` is the longest chain of requests of which each began after the one before it was answered, from the
    start until the first module's body ran; requests that only waited for a connection or a core are in it, so it is
    never less than what depends on each other. Not in it is the one by which a fetcher that starts connects to the
    shelf: nobody waits for its answer.
    """
    with fresh_case(workload, LINKS[1]) as case:
        trace = case.folder / "trace"
        with open_link(int(ours.stage.s3.endpoint.rpartition(":")[2]), case.link, trace=trace) as port:
            command = ours.command(case, locked=locked)
            Path(command[-1]).write_text(_HOOK + workload.script + _REPORT)
            report = case.folder / "report.json"
            with ending_fetchers(case.folder / "cache"):
                environ = ours.environ(case, port=port) | ({} if background else QUIET)
                check(command, environ | {"BENCH_REPORT": str(report)}, cwd=case.folder)
            exchanges = read_trace(trace)  # what was under way is written when the fetcher's connections have ended
        times = json.loads(report.read_text())
    asked = [e for e in exchanges if e["start"] < times["ended"]]
    return {
        "requests": len(asked),
        "bytes": sum(size for e in asked for at, size in e["pieces"] if at <= times["ended"]),
        "connections": len({e["connection"] for e in asked}),
        "sequence": longest_chain([e for e in asked if e["range"] != "0-0"], times["first"]),
        "kinds": dict(Counter(_kind(e["line"]) for e in asked)),
        "to first body": round(times["first"] - min(e["start"] for e in asked), 4),
    }


def longest_chain(exchanges: Sequence[Mapping[str, Any]], until: float) -> int:
    """How many of ``exchanges`` at most followed one another, each begun when the one before was answered."""
    ended, length = 0.0, 0
    for start, end in sorted(((e["start"], e["pieces"][-1][0]) for e in exchanges if e["pieces"]), key=lambda e: e[1]):
        if start >= ended and end <= until:
            ended, length = end, length + 1
    return length


def read_trace(path: Path) -> list[dict[str, Any]]:
    """All exchanges, once nothing has been added for half a second."""
    size = -1
    while size != path.stat().st_size:
        size = path.stat().st_size
        time.sleep(0.5)
    return [json.loads(line) for line in path.read_text().splitlines()]


def _kind(line: str) -> str:
    """What a request is for: "pack", "manifest", "head" …"""
    found = re.search(r"/(pack|manifest|release|history|index|head|modules|closure|listing)\b", line)
    return found[1] if found else line.partition("?")[0].rpartition("/")[2] or "list"


def count_calls(ours: Ours, workload: Workload, *, states: Sequence[str]) -> dict[str, dict[str, int]]:
    """Opens and stat calls of the script's process, by strace: site-packages, ours cold, and ours in each warm state.

    Cold is an environment that is built and has no files; what its fetcher does is not the importing process's.
    """
    if not shutil.which("strace"):
        raise CannotRun("strace is not installed: Debian's strace")
    found = {}
    with fresh_case(workload, LINKS[0]) as case:
        script = case.folder / "script.py"
        script.write_text(workload.script)
        found["site-packages"] = _trace_calls(install_site(workload), script, clean_environ())
        cold = ours.environ(case) | QUIET
        with ending_fetchers(case.folder / "cache"):
            command = ours.command(case, locked=True)
            check([*command[: command.index("--") + 1], "true"], cold, cwd=case.folder)
            script.write_text(workload.script)
            python = environment_in(case.folder / "cache") / "bin" / "python"
            found["ours, cold"] = _trace_calls(python, script, cold)
        for state in states:
            cache = warm_cache(ours, workload, state)
            python = environment_in(cache) / "bin" / "python"
            with ending_fetchers(cache):
                found[f"ours, {_SHOWN[state]}"] = _trace_calls(python, script, ours.environ(case, cache=cache))
    return found


def _trace_calls(python: Path, script: Path, environ: Mapping[str, str]) -> dict[str, int]:
    log = script.parent / "strace"
    command = ["strace", "-qq", "-e", "trace=%file,fstat", "-o", str(log), str(python), str(script)]
    check(command, environ, cwd=script.parent)
    return _count_calls(log.read_text(errors="replace"))


def _count_calls(log: str) -> dict[str, int]:
    """Successful opens, failed ones and stat calls. A fetcher that the process starts is not traced."""
    opened = failed = stats = 0
    for name, result in re.findall(r"(?m)^(\w+)\(.*\) += (-?\d+)", log):
        if name in _OPENS:
            opened, failed = opened + (int(result) >= 0), failed + (int(result) < 0)
        stats += name in _STATS
    return {"opened": opened, "not found": failed, "stat": stats}
