"""The compatibility table: every case in an ordinary virtual environment and off an embedded shelf, cold and warm.

    python tests/compat/run.py [--work DIR] [--jobs N] [--quick] [--ordinary] [CASE...]

The last line is ``compat: P/N``; the exit code is 0 when every case that this machine can run is equal.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.compat.compat import (
    CLOUDSHELF,
    Case,
    Ordinary,
    Ran,
    Verdict,
    compare,
    publish,
    read_cases,
    run_off_shelf,
    skip_reason,
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    cases = _chosen(options.cases, quick=options.quick)
    work: Path = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    skipped = {case.name: reason for case in cases if (reason := skip_reason(case))}
    cases = [case for case in cases if case.name not in skipped]

    with ThreadPoolExecutor(options.jobs) as pool:
        built = dict(zip((c.name for c in cases), pool.map(lambda c: _build(c, work), cases), strict=True))
        if options.ordinary:
            verdicts = list(pool.map(lambda case: _shown(_twice_equal(case, work, built[case.name])), cases))
        else:
            url = _shelf(work)
            failed = {case.name: built[case.name] or _publish(case, work, url) for case in cases}
            verdicts = list(pool.map(lambda case: _shown(_judge(case, work, url, failed[case.name])), cases))

    _report(verdicts, skipped)
    passed = sum(verdict.equal for verdict in verdicts)
    print(f"compat: {passed}/{len(verdicts)}")
    return 0 if passed == len(verdicts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names of cases; all when none is given")
    parser.add_argument("--work", type=Path, default=Path(".compat"), help="folder for environments and the shelf")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="only the cases that make test runs")
    parser.add_argument("--ordinary", action="store_true", help="check the scripts only: two ordinary runs must agree")
    return parser


def _chosen(names: Sequence[str], *, quick: bool) -> list[Case]:
    cases = [case for case in read_cases() if case.quick or not quick]
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        raise SystemExit(f"no such case: {', '.join(sorted(unknown))}")
    return [case for case in cases if not names or case.name in names]


def _build(case: Case, work: Path) -> str:
    try:
        Ordinary(case, work).build()
    except subprocess.CalledProcessError as error:
        return f"pip: {(error.stderr or '').strip().splitlines()[-1:] or error}"
    return ""


def _shelf(work: Path) -> str:
    folder = work / "shelf"
    url = folder.as_uri()
    if not (folder / "shelf.json").exists():
        subprocess.run([*CLOUDSHELF, "init", url], check=True, stdout=subprocess.DEVNULL)
    return url


def _publish(case: Case, work: Path, url: str) -> str:
    started = time.monotonic()
    reason = publish(Ordinary(case, work).pins(), url)
    print(f"published  {case.name:20} {time.monotonic() - started:6.1f} s  {reason}", flush=True)
    return f"publish: {reason}" if reason else ""


def _judge(case: Case, work: Path, url: str, failed: str) -> Verdict:
    """Ordinary, then cold from an empty cache, then warm from the cache that the cold run filled."""
    if failed:
        return Verdict(case, False, failed)
    ordinary, cache, home = Ordinary(case, work), work / "cache" / case.name, _home(work, case)
    shutil.rmtree(cache, ignore_errors=True)
    expected, first = _timed(lambda: ordinary.run(home))
    asked = ordinary.asked()
    cold, second = _timed(lambda: run_off_shelf(case, asked, url, cache=cache, home=home))
    warm, third = _timed(lambda: run_off_shelf(case, asked, url, cache=cache, home=home))
    both = (("cold", compare(expected, cold)), ("warm", compare(expected, warm)))
    differences = [f"{when}: {reason}" for when, reason in both if reason]
    if not differences:
        shutil.rmtree(cache, ignore_errors=True)
    return Verdict(case, not differences, "; ".join(differences), (first, second, third))


def _twice_equal(case: Case, work: Path, failed: str) -> Verdict:
    """Whether the script says the same twice, succeeds, and prints no path: else it could not be compared."""
    if failed:
        return Verdict(case, False, failed)
    ordinary, home = Ordinary(case, work), _home(work, case)
    first, seconds = _timed(lambda: ordinary.run(home))
    second, again = _timed(lambda: ordinary.run(home))
    reason = compare(first, second)
    if not reason and "Error" in first.errors and first.code:
        reason = f"exit code {first.code}: {first.errors[-300:]}"
    if str(work) in first.output:
        reason = "it prints a path of its environment"
    if not first.output.strip():
        reason = f"it prints nothing: {first.errors[-300:]}"
    return Verdict(case, not reason, reason or first.output, (seconds, again))


def _home(work: Path, case: Case) -> Path:
    home: Path = work / "home" / case.name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home


def _timed(action: Callable[[], Ran]) -> tuple[Ran, float]:
    started = time.monotonic()
    ran = action()
    return ran, time.monotonic() - started


def _shown(verdict: Verdict) -> Verdict:
    print(f"{'ok ' if verdict.equal else 'NOT'} {verdict.case.name}", flush=True)
    return verdict


def _report(verdicts: Sequence[Verdict], skipped: dict[str, str]) -> None:
    print(f"\n{'case':20} {'ordinary':>8} {'cold':>8} {'warm':>8}  what")
    for verdict in sorted(verdicts, key=lambda v: (not v.equal, v.case.name)):
        times = "".join(f" {s:7.2f}s" for s in verdict.seconds).ljust(27)
        said = ", ".join(verdict.case.kinds) if verdict.equal else f"NOT EQUAL {verdict.reason}"
        print(f"{verdict.case.name:20}{times}  {said}")
    for name, reason in sorted(skipped.items()):
        print(f"{name:20}{'':27}  skipped: {reason}")


if __name__ == "__main__":
    raise SystemExit(main())
