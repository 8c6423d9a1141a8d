"""What comes first, what comes later, and what waits until nobody asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cloudshelf.errors import (
    StoreUnreachable,
)
from cloudshelf.fetcher import transfer as transfer_module
from cloudshelf.fetcher.frames import Priority
from cloudshelf.fetcher.plan import plan_background
from cloudshelf.fetcher.scheduler import RESERVED

from .shelves import Gate, Project, Shelf, content, noise, totals


def test_idle_files_come_only_when_asked_for(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {f"p/f{i}.py": noise(50, i) for i in range(4)}, kinds="siis", profile=[0])
    environment, transfer = shelf.environment(project), transfers(background=False)
    transfer.begin(environment, 0)
    transfer.ensure(environment, [0, 3]).result()
    assert environment.presence[:] == b"\1\0\0\1"
    transfer.ensure(environment, [1]).result()
    assert transfer.settle_copies(30)
    assert environment.presence[:] == b"\1\1\1\1", "one that is touched brings its neighbours"


def test_the_background_completes_a_project_and_what_it_depends_on(shelf: Shelf, transfers: Any) -> None:
    first = Project("a", {f"a/f{i}.py": noise(50, i) for i in range(4)}, kinds="siis", eager=1, depends=[1])
    second = Project("b", {f"b/f{i}.py": noise(50, 9 + i) for i in range(2)}, kinds="si")
    third = Project("c", {"c.py": b"c"})
    environment, transfer = shelf.environment(first, second, third), transfers()
    transfer.begin(environment, 0)
    while transfer.is_busy():  # the suite's time limit ends this
        threading.Event().wait(0.01)
    assert environment.presence[:] == b"\1\1\1\1\1\1\0", "c, which nothing needs, waits for its import"


def test_idle_files_are_the_last_of_the_background(shelf: Shelf, transfers: Any) -> None:
    first = Project("a", {f"a/f{i}.py": noise(50, i) for i in range(4)}, kinds="siis", eager=1, depends=[1])
    second = Project("b", {f"b/f{i}.py": noise(50, 9 + i) for i in range(2)}, kinds="si")
    environment = shelf.environment(first, second)
    assert plan_background(environment, 0) == [0, 3, 4, 1, 2, 5]
    assert plan_background(environment, 1) == [], "it is under way already"


def test_need_overtakes_what_is_only_wanted_soon(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(5)}
    gate = Gate(shelf.store)
    environment = shelf.environment(Project("p", files, group=1), store=gate)
    transfer = transfers(connections=1, largest=100_100)
    transfer.ensure(environment, range(4), Priority.SOON)
    assert gate.asked.acquire(timeout=30)  # frame 0 is under way
    request = transfer.ensure(environment, [3])
    gate.opened.set()
    request.result()
    transfer.ensure(environment, range(5)).result()
    assert [start for start, _ in gate.requests] == [environment.frame_offset[n] for n in (0, 3, 1, 2, 4)]


def test_a_frame_is_in_place_before_the_rest_of_its_range_has_come(shelf: Shelf, transfers: Any) -> None:
    class Halting:
        """The rest comes when it is let."""

        url = shelf.store.url
        rest = threading.Event()

        def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
            data = b"".join(shelf.store.stream_range(key, start=start, length=length))
            yield data[:150_000]
            assert self.rest.wait(30)
            yield data[150_000:]

    store = Halting()
    environment = shelf.environment(
        Project("p", {f"p/d{i}.bin": noise(100_000, i) for i in range(2)}, group=1), store=store
    )
    transfer = transfers()
    both = transfer.ensure(environment, [0, 1], Priority.SOON)
    transfer.ensure(environment, [0]).result()
    assert not both.wait(0)
    store.rest.set()
    both.result()
    assert totals(transfer, environment)["requests"] == 1
    assert content(environment, 1) == noise(100_000, 1)


@pytest.mark.parametrize(("size", "ahead"), [(1000, 8 - RESERVED), (5 << 20, 2)], ids=["connections", "bytes"])
def test_an_import_that_waits_finds_a_connection_and_the_line_free(
    shelf: Shelf, transfers: Any, size: int, ahead: int
) -> None:
    files = {f"p/d{i}.bin": noise(size, i) for i in range(9)}
    gate = Gate(shelf.store)
    environment = shelf.environment(Project("p", files, group=1, large=size), store=gate)
    transfer = transfers(connections=8, largest=size + 100)
    transfer.ensure(environment, range(8), Priority.SOON)
    for _ in range(ahead):
        assert gate.asked.acquire(timeout=30)
    assert not gate.asked.acquire(timeout=0.2), "more is fetched ahead than is allowed"
    request = transfer.ensure(environment, [8])
    assert gate.asked.acquire(timeout=30)
    assert gate.requests[-1][0] == environment.frame_offset[8]
    gate.opened.set()
    request.result()


def test_begin_brings_the_profile_first_then_what_it_uses_then_the_rest(shelf: Shelf, transfers: Any) -> None:
    used = {f"used/m{i}.bin": noise(100_000, i) for i in range(4)}
    own = {f"own/m{i}.bin": noise(100_000, 4 + i) for i in range(4)}  # others: the same would come from the cache
    projects = (
        Project("used", used, group=1, profile=[2], kinds="dddi"),
        Project("own", own, group=1, profile=[1, 0], uses=[0], eager=3),
    )
    gate = Gate(shelf.store)
    environment = shelf.environment(*projects, store=gate)
    transfer = transfers(connections=1, largest=100_100)
    transfer.begin(environment, 1)
    gate.opened.set()
    transfer.ensure(environment, [7]).result()  # the last one, at fill priority until somebody needs it
    transfer.fill(environment, everything=False)
    placed = [n for n in range(8) if environment.presence[n]]
    assert placed == [0, 1, 2, 4, 5, 6, 7]
    assert totals(transfer, environment)["projects"]["own"]["bytes"] == sum(environment.frame_length[4:])


def test_begin_leaves_the_background_alone_when_told_so(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/m{i}.bin": noise(100_000, i) for i in range(4)}
    environment = shelf.environment(Project("p", files, group=1, profile=[0], eager=2))
    transfer = transfers(background=False)
    transfer.begin(environment, 0)
    assert transfer.settle_copies(30)
    transfer.ensure(environment, [0, 1]).result()
    while transfer.is_busy():  # who waits is told before the last range is let go; the suite's time limit ends this
        threading.Event().wait(0.01)
    assert environment.presence[:] == b"\1\1\0\0"


def test_what_a_program_will_import_is_brought_before_it_asks(shelf: Shelf, transfers: Any) -> None:
    projects = [
        Project(
            name,
            {f"{name}/m{i}.bin": noise(100_000, 4 * (name == "q") + i) for i in range(4)},
            group=1,
            profile=[0],
            eager=2,
        )
        for name in ("p", "q")
    ]
    environment, transfer = shelf.environment(*projects), transfers(quiet=0.0)
    transfer.expect(environment, ["json", "p.m1.x", "nowhere"])
    assert transfer.settle_copies(30)
    assert environment.presence[:] == b"\1\0\0\0\0\0\0\0"  # neither the other project nor the background


@pytest.mark.parametrize("asks", ["need", "soon"])
def test_who_asks_while_another_plans_leaves_its_requests_whole(
    shelf: Shelf, transfers: Any, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    """What a program names and its first import are planned at the same time, of the same files."""
    files = {f"p/m{i}.bin": noise(10_000, i) for i in range(4)}
    gate = Gate(shelf.store)
    environment = shelf.environment(Project("p", files, group=1, profile=range(4)), store=gate)
    transfer, planned, go_on = transfers(background=False), threading.Event(), threading.Event()
    plan = transfer_module.plan_expected

    def plan_and_wait(*args: Any) -> Any:
        stages = plan(*args)
        planned.set()
        assert go_on.wait(30)
        return stages

    monkeypatch.setattr(transfer_module, "plan_expected", plan_and_wait)
    first = threading.Thread(target=transfer.expect, args=(environment, ["p"]))
    second = threading.Thread(target=getattr(transfer, asks), args=(environment, [1]))
    first.start()
    assert planned.wait(30)
    second.start()
    second.join(0.2)
    go_on.set()
    first.join(30)
    second.join(30)
    gate.opened.set()
    transfer.settle_copies(30)
    assert environment.presence[:] == b"\1\1\1\1"
    assert len(gate.requests) == 1


def test_fill_without_idle_files_leaves_those(shelf: Shelf, transfers: Any) -> None:
    project = Project("p", {f"p/f{i}.py": noise(50, i) for i in range(4)}, kinds="siis")
    environment, transfer = shelf.environment(project), transfers()
    transfer.fill(environment, everything=False)
    assert environment.presence[:] == b"\1\0\0\1"


def test_the_background_waits_for_demand(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(4)}
    gate = Gate(shelf.store)
    environment = shelf.environment(Project("p", files, group=1), store=gate)
    transfer = transfers(largest=100_100)
    need = transfer.ensure(environment, [3])
    assert gate.asked.acquire(timeout=30)
    fill = transfer.ensure(environment, [0, 1, 2], Priority.FILL)
    assert not gate.asked.acquire(timeout=0.2)
    gate.opened.set()
    need.result()
    fill.result()
    assert gate.requests[0][0] == environment.frame_offset[3]


def test_the_background_waits_until_nobody_has_asked_for_a_while(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(3)}
    environment = shelf.environment(Project("p", files, group=1, profile=[0], kinds="sss"))
    transfer = transfers(quiet=3600.0)
    transfer.begin(environment, 0)
    transfer.ensure(environment, [0]).result()
    assert transfer.is_busy(), "it still has something to do"
    assert totals(transfer, environment)["bytes"] == environment.frame_length[0]


def test_what_functions_import_comes_as_soon_as_nobody_waits_and_nothing_else_does(
    shelf: Shelf, transfers: Any
) -> None:
    sizes = {"__init__": 100_000, "rest": 10_000, "engine": 10_000, "below": 10_000}
    files = {f"p/{name}.py": noise(size, i) for i, (name, size) in enumerate(sizes.items())}
    project = Project(
        "p",
        files,
        group=1,
        profile=[0],
        eager=1,
        imports={"p/engine.py": ["p.below"]},
        later={"p/__init__.py": ["p.engine"]},
    )
    environment, transfer = shelf.environment(project), transfers(quiet=3600.0)
    transfer.begin(environment, 0)
    transfer.ensure(environment, [0]).result()
    while environment.presence[2:] != b"\1\1":  # the suite's time limit ends this
        threading.Event().wait(0.01)
    assert environment.presence[:] == b"\1\0\1\1", "the rest of the background waits for its time"
    assert totals(transfer, environment)["bytes"] == sum(environment.frame_length[n] for n in (0, 2, 3))


def test_an_import_that_needs_what_functions_import_overtakes(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/{name}.py": noise(100_000, i) for i, name in enumerate(["__init__", "one", "two", "three"])}
    later = {"p/__init__.py": ["p.one", "p.two", "p.three"]}
    gate = Gate(shelf.store)
    environment = shelf.environment(Project("p", files, group=1, profile=[0], eager=1, later=later), store=gate)
    transfer = transfers(largest=100_100)
    request = transfer.ensure(environment, [1, 2, 3], Priority.LATER)
    for _ in range(2):  # as many as there are connections for the background
        assert gate.asked.acquire(timeout=30)
    transfer.need(environment, [3])
    assert gate.asked.acquire(timeout=30)
    assert gate.requests[2][0] == environment.frame_offset[3]
    gate.opened.set()
    request.result()


def test_an_outage_ends_the_background_at_once(shelf: Shelf, transfers: Any) -> None:
    files = {f"p/d{i}.bin": noise(100_000, i) for i in range(6)}
    gate = Gate(shelf.store)
    gate.failures = [StoreUnreachable("s", "no route")] * 2  # as many as there are connections for it
    environment = shelf.environment(Project("p", files, group=1), store=gate)
    transfer = transfers(largest=100_100)
    request = transfer.ensure(environment, range(6), Priority.FILL)
    assert gate.asked.acquire(timeout=30) and gate.asked.acquire(timeout=30)
    gate.opened.set()
    with pytest.raises(StoreUnreachable):
        request.result()
    assert len(gate.requests) == 2
    transfer.ensure(environment, range(6), Priority.FILL).result()
