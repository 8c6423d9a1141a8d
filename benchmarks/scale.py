"""Whether a shelf stays fast as it grows: many projects, and many releases of one project.

The shelves are folders: what is measured is the engine's own time, and the requests and bytes beside it say what a link
would add. Counts are of the same verbs in this process, over a store that counts; no cache is warm in either.
"""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.measuring import spend
from benchmarks.ours import empty_cache
from benchmarks.stage import CLOUDSHELF, WORK, CannotRun, Stage, check
from benchmarks.synthetic import VERSIONS, make_shelf, make_wheel, module_name, project_name
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.shelf import Shelf
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.local import LocalStore

NAME = "scale"
ABOUT = "shelves of many projects, and a project of many releases"
MINUTES = (0.6, 8.0)
MOST = 1.2  # the bar
ASKED = 7  # the project that is used; on every shelf it needs the same two others
RELEASES = {8: 3, 9: 3000}  # projects of the smallest shelf, and how many releases each has


@dataclass(slots=True)
class _Shelf:
    """A shelf in a folder, and the seconds of each verb, run by run."""

    folder: Path
    projects: int
    made: float = 0.0  # seconds
    seconds: dict[str, list[float]] = field(default_factory=dict)
    _wheels: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return (self.folder / "shelf").as_uri()

    def new_wheel(self, number: int) -> Path:
        """A wheel of one more version of project ``number``."""
        return make_wheel(self.folder, number, f"2.{next(self._wheels)}")

    def run(self, name: str, *words: str) -> None:
        """The whole command, with an empty cache."""
        with empty_cache(self.folder, self.url) as environ:
            spent = spend([*CLOUDSHELF, *words], environ)
        self.seconds.setdefault(name, []).append(round(spent.seconds, 3))

    def publish(self, name: str, number: int) -> None:
        self.run(name, "publish", "--no-deps", "--no-index", str(self.new_wheel(number)))


def measure(stage: Stage, quick: bool) -> dict[str, Any]:
    """All shelves in turn, then again; afterwards what each verb asks its store for."""
    runs = 3 if quick else 5
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scale-", dir=WORK, ignore_cleanup_errors=True) as folder:
        shelves = [_make(Path(folder), projects) for projects in ((10, 1000) if quick else (10, 1000, 10_000))]
        for _ in range(runs):
            for shelf in shelves:
                code = f"import {module_name(ASKED)}"
                shelf.run("use", "run", "--with", project_name(ASKED), "--", "python", "-c", code)
                shelf.run("search", "search", "image", "chart")
                shelf.run("ls", "ls")
                shelf.publish("publish", ASKED)
            for number, count in RELEASES.items():
                shelves[0].publish(f"publish, {count} releases", number)
        return {
            "shelves": [
                {
                    "projects": shelf.projects,
                    "made": round(shelf.made, 1),
                    "seconds": shelf.seconds,
                    "counts": _count(shelf),
                    "verified": _verify(shelf),
                }
                for shelf in shelves
            ]
        }


def _make(folder: Path, projects: int) -> _Shelf:
    shelf = _Shelf(folder / str(projects), projects)
    begun = time.monotonic()
    make_shelf(shelf.folder / "shelf", projects, RELEASES)
    shelf.made = time.monotonic() - begun
    return shelf


def _verify(shelf: _Shelf) -> str:
    """What ``cloudshelf verify`` looked at. Raises CannotRun when it is not sound: then no figure means anything."""
    with empty_cache(shelf.folder, shelf.url) as environ:
        found = json.loads(check([*CLOUDSHELF, "verify", "--json"], environ))
    if found["damages"]:
        raise CannotRun(f"the shelf of {shelf.projects} projects is damaged: {found['damages'][0]}")
    return f"{found['projects']} projects, {found['releases']} releases, {found['manifests']} manifests"


def _count(shelf: _Shelf) -> dict[str, dict[str, int]]:
    verbs: dict[str, Callable[[CountingStore], object]] = {
        "use": lambda store: Shelf(store).lock([project_name(ASKED)]),
        "unpinned import": lambda store: Shelf(store).repository.project_of(module_name(ASKED)),
        "search": lambda store: Shelf(store).search("image chart"),
        "ls": lambda store: Shelf(store).projects(),
        "publish": lambda store: _publish(store, shelf.new_wheel(ASKED)),
    }
    found = {name: _counted(shelf, verb) for name, verb in verbs.items()}
    for number, count in RELEASES.items():
        name = f"publish, {count} releases"
        if name in shelf.seconds:
            found[name] = _counted(shelf, partial(_publish, wheel=shelf.new_wheel(number)))
    return found


def _counted(shelf: _Shelf, verb: Callable[[CountingStore], object]) -> dict[str, int]:
    store = CountingStore(LocalStore(str(shelf.folder / "shelf")))
    verb(store)
    return {"requests": store.counts.total, "received": store.counts.received, "sent": store.counts.sent}


def _publish(store: CountingStore, wheel: Path) -> None:
    publish(PublishRequest(wheels=(str(wheel),), no_deps=True, index=IndexOptions(no_index=True)), store)


def table(found: dict[str, Any]) -> list[str]:
    rows = []
    for shelf in found["shelves"]:
        for verb, counts in shelf["counts"].items():
            seconds = tables.spread(shelf["seconds"][verb]) if verb in shelf["seconds"] else ""
            asked = [counts["requests"], tables.size(counts["received"]), tables.size(counts["sent"])]
            rows.append([f"{shelf['projects']:,}", verb, seconds, *asked])
    made = [f"{s['projects']:,} made in {s['made']} s, verified: {s['verified']}" for s in found["shelves"]]
    return [
        f"Shelves of projects with {VERSIONS} versions each; whole commands, empty cache, the shelf in a folder.",
        "",
        *tables.table(["projects", "verb", "seconds", "requests", "received", "sent"], rows),
        *(f"- {line}" for line in made),
        "",
    ]


def bars(found: dict[str, Any] | None) -> list[Bar]:
    few, many = RELEASES.values()
    names = ["use on 10,000 projects, against 10", f"publish to a project of {many:,} releases, against {few}"]
    if found is None:
        return [Bar(name, f"at most {MOST:g}", None, None) for name in names]
    small, large = found["shelves"][0], found["shelves"][-1]
    names[0] = names[0].replace("10,000", f"{large['projects']:,}")
    pairs = [
        (large["seconds"]["use"], small["seconds"]["use"]),
        (small["seconds"][f"publish, {many} releases"], small["seconds"][f"publish, {few} releases"]),
    ]
    return [_ratio_bar(name, *pair) for name, pair in zip(names, pairs, strict=True)]


def _ratio_bar(name: str, above: list[float], below: list[float]) -> Bar:
    ratio = statistics.median(above) / statistics.median(below)
    shown = f"{ratio:.2f} ({statistics.median(above):.2f} : {statistics.median(below):.2f} s)"
    return Bar(name, f"at most {MOST:g}", shown, ratio <= MOST)
