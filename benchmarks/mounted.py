"""Cloudshelf's own drive: the environment of a lock behind FUSE, read by a Python that knows nothing of it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.links import LINKS
from benchmarks.ours import Ours
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
    timed,
    write_script,
)

EMPTY, WARM = "ours, mount, empty cache", "ours, mount, warm cache"
_SITE = f"env/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


class Mounted(Ours):
    """``cloudshelf mount --lock``, mounted before the clock starts as a peer's mount is; then a plain Python."""

    def __init__(self, stage: Stage, facts: ShelfFacts, *, warm: bool) -> None:
        super().__init__(stage, facts, WARM if warm else EMPTY)
        self._warm = warm

    def version(self) -> str:
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise CannotRun("/dev/fuse cannot be opened")
        return super().version()

    def run(self, case: Case) -> Sample:
        cache = case.folder / "cache"
        if self._warm:
            cache = WORK / f"mounted-{case.workload.name.replace('/', '-')}"
            if not cache.exists():
                with fresh_case(case.workload, LINKS[0]) as first, self._mounted(first, cache) as site:
                    _start(first, site)
        with self._mounted(case, cache) as site:
            return _start(case, site)

    @contextlib.contextmanager
    def _mounted(self, case: Case, cache: Path) -> Iterator[Path]:
        """The mount's site-packages."""
        folder, lock = case.folder / "mount", case.folder / "pylock.toml"
        folder.mkdir()
        lock.write_text(self.facts.lock_text(case.workload))
        environ = self.environ(case, cache=cache)
        check([*CLOUDSHELF, "mount", str(folder), "--lock", str(lock)], environ)
        try:
            yield folder / _SITE
        finally:
            check([*CLOUDSHELF, "umount", str(folder)], environ)


def _start(case: Case, site: Path) -> Sample:
    command = [sys.executable, "-S", str(write_script(case))]
    return timed(case, [command], clean_environ({"PYTHONPATH": str(site)}))


def contestants(stage: Stage, facts: ShelfFacts) -> list[Ours]:
    return [Mounted(stage, facts, warm=False), Mounted(stage, facts, warm=True)]
