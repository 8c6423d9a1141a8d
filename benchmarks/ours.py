"""Cloudshelf in every state that a user meets it in, and the floor below it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import floor
from benchmarks.links import LINKS
from benchmarks.shelf_facts import ShelfFacts
from benchmarks.stage import (
    CLOUDSHELF,
    WORK,
    CannotRun,
    Case,
    Sample,
    Stage,
    check,
    clean_environ,
    fresh_case,
    sample,
    timed,
    write_script,
)
from benchmarks.workloads import Workload
from cloudshelf import __version__

_FILL_SECONDS = 300.0


class Ours(ABC):
    """``cloudshelf run`` in a state of the cache that ``name`` says."""

    on_links = True

    def __init__(self, stage: Stage, facts: ShelfFacts, name: str) -> None:
        self.name = name
        self.stage = stage
        self.facts = facts

    def version(self) -> str:
        return f"cloudshelf {__version__}"

    @abstractmethod
    def run(self, case: Case) -> Sample: ...

    def environ(self, case: Case, *, port: int | None = None, cache: Path | None = None) -> dict[str, str]:
        port = port or self.stage.s3_ports[case.link.name]
        cache = cache or case.folder / "cache"
        return clean_environ(
            self.stage.aws(port) | {"CLOUDSHELF_URL": self.stage.s3.url, "CLOUDSHELF_CACHE": str(cache)}
        )

    def command(self, case: Case, *, locked: bool, options: Sequence[str] = ()) -> list[str]:
        """cloudshelf run … -- python script.py"""
        if locked:
            lock = case.folder / "pylock.toml"
            lock.write_text(self.facts.lock_text(case.workload))
            chosen = ["--lock", str(lock)]
        else:
            chosen = [word for requirement in case.workload.requirements for word in ("--with", requirement)]
        return [*CLOUDSHELF, "run", *options, *chosen, "--", "python", str(write_script(case))]


class Cold(Ours):
    """An empty cache and no fetcher; resolved from the shelf, or from a lock."""

    def __init__(self, stage: Stage, facts: ShelfFacts, *, locked: bool) -> None:
        super().__init__(stage, facts, "ours, cold with a lock" if locked else "ours, cold")
        self._locked = locked

    def run(self, case: Case) -> Sample:
        command = self.command(case, locked=self._locked)
        with ending_fetchers(case.folder / "cache"):
            return timed(case, [command], self.environ(case))


class Together(Ours):
    """Two processes start at once on one empty cache; the slower one counts."""

    def __init__(self, stage: Stage, facts: ShelfFacts) -> None:
        super().__init__(stage, facts, "ours, two at once, cold")

    def run(self, case: Case) -> Sample:
        command = self.command(case, locked=True)
        reports = [case.folder / f"report-{number}.json" for number in range(2)]
        with ending_fetchers(case.folder / "cache"):
            begun = time.monotonic()
            both = [
                subprocess.Popen(
                    command,
                    env=self.environ(case) | {"BENCH_REPORT": str(report)},
                    cwd=case.folder,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for report in reports
            ]
            samples = []
            for process, report in zip(both, reports, strict=True):
                said, errors = process.communicate()
                if process.returncode:
                    raise CannotRun(errors.strip()[-200:])
                samples.append(sample(begun, time.monotonic(), said, report))
        return max(samples, key=lambda each: each.seconds)


class Warm(Ours):
    """A new process in an environment that is on the disk: the environment's own python, as a notebook's child or a
    second job has it; or the whole command once more."""

    on_links = False

    def __init__(self, stage: Stage, facts: ShelfFacts, name: str, state: str, *, whole_command: bool = False) -> None:
        """``state``: "begun" (the first import ended, and the fetcher with it), "settled" (the background did its
        work), "filled" (by ``fill``)."""
        super().__init__(stage, facts, name)
        self._state = state
        self._whole_command = whole_command

    def run(self, case: Case) -> Sample:
        cache = warm_cache(self, case.workload, self._state)
        if self._whole_command:
            command = self.command(case, locked=True)
        else:
            command = [str(environment_in(cache) / "bin" / "python"), str(write_script(case))]
        with ending_fetchers(cache):
            return timed(case, [command], self.environ(case, cache=cache))


class Floor(Ours):
    """See floor.py."""

    def __init__(self, stage: Stage, facts: ShelfFacts) -> None:
        super().__init__(stage, facts, "floor")

    def run(self, case: Case) -> Sample:
        plan = self.facts.plan(case.workload, self.stage.s3_ports[case.link.name])
        site = case.folder / "site"
        for path, content in plan["inline"]:
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(content.encode("latin-1"))
        (case.folder / "plan.json").write_text(json.dumps(plan))
        fetch = [sys.executable, floor.__file__, str(case.folder / "plan.json"), str(site)]
        script = [sys.executable, "-S", str(write_script(case))]
        return timed(case, [fetch, script], clean_environ({"PYTHONPATH": str(site)}))


def contestants(stage: Stage, facts: ShelfFacts) -> list[Ours]:
    return [
        Cold(stage, facts, locked=False),
        Cold(stage, facts, locked=True),
        Together(stage, facts),
        Warm(stage, facts, "ours, warm, begun", "begun"),
        Warm(stage, facts, "ours, warm", "settled"),
        Warm(stage, facts, "ours, warm, whole command", "settled", whole_command=True),
        Warm(stage, facts, "ours, filled", "filled"),
        Floor(stage, facts),
    ]


_caches: dict[tuple[str, str], Path] = {}


def warm_cache(ours: Ours, workload: Workload, state: str) -> Path:
    """A cache in ``state`` with the environment of ``workload``; made once a run of the benchmark."""
    key = (workload.name, state)
    if key not in _caches:
        with fresh_case(workload, LINKS[0]) as case:
            cache = WORK / f"warm-{case.folder.name}"
            environ = ours.environ(case, cache=cache) | {"BENCH_REPORT": os.devnull}
            options = ["--fill"] if state == "filled" else []
            with ending_fetchers(cache):
                check(ours.command(case, locked=True, options=options), environ, cwd=case.folder)
                if state == "settled":
                    _wait_until_settled(environment_in(cache))
        _caches[key] = cache
    return _caches[key]


def forget_caches() -> None:
    for cache in _caches.values():
        shutil.rmtree(cache, ignore_errors=True)
    _caches.clear()


def environment_in(cache: Path) -> Path:
    """The one environment of a cache."""
    found = [path.parent.parent for path in cache.glob("*/*/.cloudshelf/presence")]
    if len(found) != 1:
        raise CannotRun(f"{len(found)} environments where one was expected")
    return found[0]


def _wait_until_settled(environment: Path) -> None:
    """Until the background does no more: every file is there, or nothing has come for three seconds."""
    presence = environment / ".cloudshelf" / "presence"
    deadline, last, since = time.monotonic() + _FILL_SECONDS, b"", time.monotonic()
    while time.monotonic() < deadline:
        now = presence.read_bytes()
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > (1 if not now.count(0) else 3):
            return
        time.sleep(0.1)


@contextlib.contextmanager
def ending_fetchers(cache: Path) -> Iterator[None]:
    """End the fetchers of ``cache`` afterwards, and only those: the folder is this benchmark's alone."""
    try:
        yield
    finally:
        for process in _fetchers_of(cache):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        _wait_for(lambda: not _fetchers_of(cache))


@contextlib.contextmanager
def empty_cache(folder: Path, url: str) -> Iterator[dict[str, str]]:
    """The environment of a user of the shelf ``url`` who has an empty cache; it is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as cache, ending_fetchers(Path(cache)):
        yield clean_environ({"CLOUDSHELF_URL": url, "CLOUDSHELF_CACHE": cache})


def _fetchers_of(cache: Path) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if "cloudshelf.fetcher" in words and str(cache) in words:
                found.append(int(path.parent.name))
    return found


def _wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
