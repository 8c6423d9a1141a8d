"""Many processes publish at once: nothing is lost, nothing is there twice, and nobody gets in another project's way.

All of it rests on a server that lets only one of several conditional writers win; a canary looks at that first.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf, walk_history
from cloudshelf.codecs.head import parse_head
from cloudshelf.codecs.names import head_key
from cloudshelf.errors import Conflict
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import S3Server
from tests.stress import Checks, amount

from .processes import foreign_wheel, start_publishes

pytestmark = pytest.mark.stress


@pytest.fixture(params=["moto", "s3", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, dict[str, str]]:
    """Kind, URL of an empty shelf, and AWS settings."""
    if request.param == "local":
        url, environ = (tmp_path / "shelf").as_uri(), {}
    else:
        name = "moto_server" if request.param == "moto" else "seaweed_server"
        server: S3Server = request.getfixturevalue(name)
        url, environ = f"{server.url}/{uuid.uuid4().hex}", server.environ()
    init_shelf(open_store(url, environ=environ), "ours")
    return request.param, url, environ


def many(kind: str, share: tuple[int, int], everything: tuple[int, int]) -> tuple[int, int]:
    """SeaweedFS takes seconds for a round of many writers of one key: it gets the share in any case."""
    chosen = share if kind == "s3" else tuple(amount(s, e) for s, e in zip(share, everything, strict=True))
    return chosen[0], chosen[1]


def run_all(url: str, environ: dict[str, str], wheels: list[list[Path]], folder: Path) -> list[str]:
    """A process for each list of wheels, all at once; what they said."""
    said = [folder / f"said-{number}" for number in range(len(wheels))]
    running = [start_publishes(url, environ, own, file) for own, file in zip(wheels, said, strict=True)]
    for process in running:
        process.join()
        assert process.exitcode == 0
    return [line for file in said for line in file.read_text().splitlines()]


def chain_of(store: Store, project: str) -> list[int]:
    head = parse_head(store.get(head_key(project)), project, "head")
    return [each.seq for each in walk_history(store, head)]


def test_the_server_lets_only_one_of_many_conditional_writers_win(
    place: tuple[str, str, dict[str, str]], checks: Checks
) -> None:
    kind, url, environ = place
    store, writers = open_store(url, environ=environ), 32 if kind != "s3" else 8
    for number in range(amount(3, 40) if kind != "s3" else 3):
        for exists in (False, True):
            key = f"projects/canary{number}{exists}/head"
            etag = store.replace(key, b"before", etag=None) if exists else None
            assert race(store, writers, key, etag) == 1
            checks.add()


def race(store: Store, writers: int, key: str, etag: str | None) -> int:
    """How many of ``writers`` at once are told that they wrote ``key``; each has other bytes."""
    barrier = threading.Barrier(writers)

    def write(number: int) -> bool:
        barrier.wait(60)
        try:
            store.replace(key, str(number).encode(), etag=etag)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(writers) as pool:
        return [*pool.map(write, range(writers))].count(True)


@pytest.mark.timeout(2900)
def test_of_many_processes_that_publish_to_one_project_nothing_is_lost_and_nothing_there_twice(
    place: tuple[str, str, dict[str, str]], tmp_path: Path, checks: Checks
) -> None:
    kind, url, environ = place
    processes, each = many(kind, (4, 3), (32, 20))
    wheels = [
        [foreign_wheel(tmp_path, "crowd", f"{number}.{release}") for release in range(each)]
        for number in range(processes)
    ]
    said = run_all(url, environ, wheels, tmp_path)
    assert Counter(said) == Counter(f"published {n}.{r}" for n in range(processes) for r in range(each))
    store = open_store(url, environ=environ)
    total = processes * each
    assert chain_of(store, "crowd") == list(range(total, 0, -1))
    actions = Counter(entry.action for entry in Shelf(store).log("crowd"))
    assert actions == Counter(f"publish {n}.{r}" for n in range(processes) for r in range(each))
    assert len(Repository(store).versions("crowd")) == total
    report = Shelf(store).verify()
    assert report.sound and report.releases == total, report.damages[:3]
    checks.add(total)


@pytest.mark.timeout(2900)
def test_publishers_of_many_projects_do_not_get_in_each_others_way(
    place: tuple[str, str, dict[str, str]], tmp_path: Path, checks: Checks
) -> None:
    kind, url, environ = place
    projects, _ = many(kind, (6, 0), (100, 0))
    names = [f"many{number}" for number in range(projects)]
    wheels = {(name, version): foreign_wheel(tmp_path, name, version) for name in names for version in ("1.0", "2.0")}
    crowds = 8  # processes; the two publishers of a project are in two of them
    rows: list[list[Path]] = [[] for _ in range(crowds)]
    for number, name in enumerate(names):
        for version in ("1.0", "2.0"):
            rows[(number + (version == "2.0")) % crowds].append(wheels[name, version])
    said = run_all(url, environ, rows, tmp_path)
    assert Counter(said) == Counter({"published 1.0": projects, "published 2.0": projects})
    store = open_store(url, environ=environ)
    for name in names:
        assert chain_of(store, name) == [2, 1]
        assert set(Repository(store).versions(name)) == {"1.0", "2.0"}
    assert [facts.project for facts in Shelf(store).projects()] == sorted(names)
    report = Shelf(store).verify()
    assert report.sound and report.projects == projects, report.damages[:3]
    checks.add(2 * projects)
