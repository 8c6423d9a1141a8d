"""SIGKILL before and after every request of a publish: readers see the old state or the new one, whole; again succeeds.

And the replies that never come: a publish is there exactly once, and is told as a success.
"""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.errors import OutcomeUnknown, ProjectMissing
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.shelf import Shelf
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import S3Server
from tests.stress import EVERYTHING, Checks
from tools.fault_proxy import Answer, DropReply, Fault, FaultProxy, Handler, Reply, Reset, faulty

from .processes import foreign_wheel, start_publishes

HISTORIES = {"first": ("1.0",), "later": ("1.0", "2.0")}  # what is published, of which the last is disturbed


@dataclass
class Kill(Fault):
    """The client is killed before the server sees the request, or after it did what was asked."""

    after_it: bool
    victim: Future[int] = field(default_factory=Future)  # its process

    def before(self, handler: Handler) -> Reply | None:
        return None if self.after_it else self._kill(handler)

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        self._kill(handler)
        return None

    def _kill(self, handler: Handler) -> Reply:
        os.kill(self.victim.result(60), signal.SIGKILL)
        return Reply(500, (("Content-Length", "0"),), b"")


@pytest.fixture(params=["s3", "moto"] if EVERYTHING else ["s3"])
def server(request: pytest.FixtureRequest) -> S3Server:
    return request.getfixturevalue("seaweed_server" if request.param == "s3" else "moto_server")  # type: ignore[no-any-return]


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with faulty(server.endpoint) as running:
        yield running


@pytest.fixture
def store(server: S3Server) -> Store:
    """An empty shelf, reached without the proxy."""
    store = open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())
    init_shelf(store, "ours")
    return store


def put(store: Store, wheel: Path) -> str:
    """Publish in this process; what became of it."""
    return publish(PublishRequest(wheels=(str(wheel),), no_deps=True, by="ann"), store).projects[0].action


def prepare(store: Store, folder: Path, project: str, versions: tuple[str, ...]) -> Path:
    """Everything but the last version is published; its wheel."""
    *before, last = [foreign_wheel(folder, project, version) for version in versions]
    for wheel in before:
        put(store, wheel)
    return last


def versions_seen(store: Store, project: str) -> tuple[str, ...]:
    """What a reader sees, who looks at every byte of it."""
    shelf = Shelf(store)
    try:
        found = tuple(sorted(facts.version for facts in shelf.versions(project)))
    except ProjectMissing:
        return ()
    report = shelf.verify([project])
    assert report.sound, report.damages
    return found


def check_whole(store: Store, project: str, versions: tuple[str, ...], wheel: Path) -> bool:
    """Old or new, and again succeeds; whether it was new already."""
    seen = versions_seen(store, project)
    assert seen in (versions[:-1], versions)
    assert put(store, wheel) == ("present" if seen == versions else "published")
    assert versions_seen(store, project) == versions
    check_once(store, project, versions)
    return seen == versions


def check_once(store: Store, project: str, versions: tuple[str, ...]) -> None:
    """The history has every version once, and the catalog shows what there is."""
    shelf = Shelf(store)
    assert [entry.action for entry in shelf.log(project)] == [f"publish {version}" for version in reversed(versions)]
    (facts,) = [facts for facts in shelf.projects() if facts.project == project]
    assert (facts.versions, facts.latest) == (len(versions), versions[-1])


def requests_of(proxy: FaultProxy, server: S3Server, store: Store, folder: Path, versions: tuple[str, ...]) -> int:
    """How many requests an undisturbed publish makes, and that it is the same as in this process."""
    wheel = prepare(store, folder, "undisturbed", versions)
    proxy.forget()
    process = start_publishes(store.url, server.environ(endpoint=proxy.endpoint), [wheel], folder / "said")
    process.join()
    assert (folder / "said").read_text() == f"published {versions[-1]}\n"
    return len(proxy.requests)


@pytest.mark.stress
@pytest.mark.timeout(2900)
@pytest.mark.parametrize("history", HISTORIES)
def test_a_publish_that_is_killed_at_any_request_is_seen_whole_or_not_at_all_and_succeeds_again(
    history: str, server: S3Server, proxy: FaultProxy, store: Store, tmp_path: Path, checks: Checks
) -> None:
    versions = HISTORIES[history]
    total = requests_of(proxy, server, store, tmp_path, versions)
    points = [(number, after_it) for number in range(1, total + 1) for after_it in (False, True)]
    outcomes = []
    for number, after_it in points if EVERYTHING else points[3::11]:
        project = f"p{number}{'after' if after_it else 'before'}"
        wheel = prepare(store, tmp_path, project, versions)
        kill = Kill(after_it)
        proxy.heal()
        proxy.fail(kill, nth=number)
        url, environ = store.url, server.environ(endpoint=proxy.endpoint)
        process = start_publishes(url, environ, [wheel], tmp_path / f"said-{project}")
        kill.victim.set_result(process.pid or 0)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        outcomes.append(check_whole(store, project, versions, wheel))
        checks.add()
    assert outcomes == sorted(outcomes)  # it becomes true at one request, and stays so


def steps_of(said: Path) -> int:
    """How many steps a publish made, which ended."""
    return int(said.read_text().split()[-1])


@pytest.mark.stress
@pytest.mark.timeout(2900)
@pytest.mark.parametrize("history", HISTORIES)
def test_a_publish_into_a_folder_that_is_killed_at_any_step_is_seen_whole_or_not_at_all_and_succeeds_again(
    history: str, tmp_path: Path, checks: Checks
) -> None:
    versions, url = HISTORIES[history], (tmp_path / "shelf").as_uri()
    store = open_store(url)
    init_shelf(store, "ours")
    wheel = prepare(store, tmp_path, "undisturbed", versions)
    start_publishes(url, {}, [wheel], tmp_path / "said", dies_at=0).join()
    steps = steps_of(tmp_path / "said")
    outcomes = []
    for number in range(1, steps + 1) if EVERYTHING else range(2, steps + 1, 9):
        project = f"p{number}"
        wheel = prepare(store, tmp_path, project, versions)
        said = tmp_path / f"said-{project}"
        process = start_publishes(url, {}, [wheel], said, dies_at=number)
        process.join()
        if process.exitcode == 0:  # it made fewer steps than the undisturbed one
            assert steps < steps_of(said) + 9 and steps_of(said) < number
        else:
            assert process.exitcode == -signal.SIGKILL
        outcomes.append(check_whole(store, project, versions, wheel))
        checks.add()
    assert outcomes == sorted(outcomes)


@pytest.mark.stress
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("fault", [DropReply(), Reset(), Answer(500, "InternalError")], ids=["lost", "reset", "500"])
def test_a_publish_of_which_any_write_is_not_answered_is_there_once_and_is_a_success(
    fault: Fault, history: str, server: S3Server, proxy: FaultProxy, store: Store, tmp_path: Path, checks: Checks
) -> None:
    versions = HISTORIES[history]
    number = 1
    while True:
        project = f"p{number}"
        wheel = prepare(store, tmp_path, project, versions)
        proxy.heal()
        proxy.forget()
        proxy.fail(fault, method="PUT", nth=number)
        through = open_store(store.url, environ=server.environ(endpoint=proxy.endpoint))
        assert put(through, wheel) == "published"
        assert versions_seen(store, project) == versions
        check_once(store, project, versions)
        checks.add()
        if proxy.count("PUT") < number:
            break
        number += 1 if EVERYTHING else 3
    assert number > 5


@pytest.mark.stress
@pytest.mark.parametrize("times", [2, 3, 100])
def test_when_no_write_of_a_head_is_answered_any_more_nobody_is_told_that_it_failed(
    times: int, server: S3Server, proxy: FaultProxy, store: Store, tmp_path: Path, checks: Checks
) -> None:
    wheel = prepare(store, tmp_path, "p", ("1.0", "2.0"))
    proxy.fail(DropReply(), method="PUT", path="projects/p/", times=times)
    through = open_store(store.url, environ=server.environ(endpoint=proxy.endpoint))
    with pytest.raises(OutcomeUnknown, match="run the command again"):
        put(through, wheel)
    proxy.heal()
    check_whole(store, "p", ("1.0", "2.0"), wheel)
    checks.add()
