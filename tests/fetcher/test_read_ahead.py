"""Imports that nothing foresaw bring what lies beside them, and more of it each time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.plan import LEAST_READ_AHEAD, MOST_READ_AHEAD, plan_ahead

from .shelves import SITE, Project, Shelf, noise, totals

KIB = 1 << 10


def modules(count: int, size: int, **more: Any) -> Project:
    """A package whose modules have a frame each."""
    files = {
        "p/__init__.py": noise(KIB, 1000),
        **{f"p/m{number:03}.py": noise(size, number) for number in range(count)},
    }
    return Project("p", files, group=1, **more)


def names(environment: Environment, numbers: list[int]) -> list[str]:
    return [environment.paths[number].removeprefix(f"{SITE}/") for number in numbers]


def test_modules_that_are_imported_by_names_which_no_code_shows_come_in_few_requests(
    shelf: Shelf, transfers: Any
) -> None:
    environment, transfer = shelf.environment(modules(200, 60 * KIB)), transfers(background=False)
    for number in range(1, 201):
        if not environment.presence[number]:
            transfer.need(environment, [number]).result()
    assert totals(transfer, environment)["requests"] == 7
    assert totals(transfer, environment)["bytes"] == sum(environment.frame_length), "no byte twice"


def test_more_comes_each_time_up_to_a_limit(tmp_path: Path) -> None:
    environment = Shelf(tmp_path).environment(modules(400, 60 * KIB))
    brought = []
    number = 1
    while number < 300:
        beside = plan_ahead(environment, [number], [])
        for each in (number, *beside):
            environment.presence[each] = 1
        assert beside == list(range(number + 1, number + 1 + len(beside)))
        brought.append(sum(environment.frame_length[environment.first_frame[n]] for n in beside))
        number += 1 + len(beside)
    frame = environment.frame_length[1]
    assert LEAST_READ_AHEAD - frame < brought[0] <= LEAST_READ_AHEAD
    for before, after in pairwise(brought):
        assert after >= 1.5 * before or MOST_READ_AHEAD - frame < after <= MOST_READ_AHEAD
    assert MOST_READ_AHEAD - frame < brought[-1] <= MOST_READ_AHEAD


def test_what_lies_before_comes_when_nothing_is_left_behind(tmp_path: Path) -> None:
    environment = Shelf(tmp_path).environment(modules(6, 60 * KIB))
    assert names(environment, plan_ahead(environment, [5], [])) == ["p/m005.py", "p/m003.py", "p/m002.py", "p/m001.py"]


@pytest.mark.parametrize(
    ("kind", "large", "what"), [("d", 1 << 30, "data"), ("i", 1 << 30, "tests"), ("s", 90 * KIB, "a file in parts")]
)
def test_only_whole_code_comes_ahead(tmp_path: Path, kind: str, large: int, what: str) -> None:
    project = modules(4, 30 * KIB, kinds=f"sss{kind}s", large=large)
    environment = Shelf(tmp_path).environment(
        replace(project, files={**project.files, "p/m002.py": noise(100 * KIB, 9)})
    )
    assert names(environment, plan_ahead(environment, [1], [])) == ["p/m001.py", "p/m003.py", "p/__init__.py"], what


def test_nothing_comes_beside_data_or_from_another_project(tmp_path: Path) -> None:
    data = Project("q", {"q/a.txt": noise(9000, 0), "q/b.py": noise(9000, 1)}, kinds="ds", group=1)
    environment = Shelf(tmp_path).environment(modules(1, 9000), data, modules(1, 9000))
    assert plan_ahead(environment, [2], []) == []
    assert plan_ahead(environment, [3], []) == []


def test_what_is_on_its_way_was_foreseen(shelf: Shelf, transfers: Any) -> None:
    project = modules(4, 60 * KIB, profile=[0, 1, 2])
    environment, transfer = shelf.environment(project), transfers(background=False)
    transfer.begin(environment, 0)
    transfer.need(environment, [2]).result()
    transfer.ensure(environment, [1]).result()
    assert environment.presence[3:] == b"\0\0"
    assert environment.unforeseen == {}


def test_what_the_cache_has_brings_nothing_beside(shelf: Shelf, transfers: Any) -> None:
    first, second = shelf.environment(modules(4, 60 * KIB)), shelf.environment(modules(4, 60 * KIB), name="e2")
    transfer = transfers(background=False)
    transfer.ensure(first, [0, 1]).result()
    transfer.settle_copies()
    transfer.need(second, [1]).result()
    transfer.ensure(second, [0]).result()  # the package of a module follows it
    assert second.presence[:] == b"\1\1\0\0\0"
    assert totals(transfer, second)["requests"] == 0


def test_who_asks_whether_a_library_is_there_brings_a_source_and_nothing_that_it_imports(
    shelf: Shelf, transfers: Any
) -> None:
    compiled = "p/__pycache__/__init__.cpython-311.pyc"
    files = {"p/__init__.py": noise(9000, 0), compiled: noise(9000, 1), "p/part.py": noise(9000, 2)}
    project = Project("p", files, imports={"p/__init__.py": ["p.part"]}, group=1)
    environment, transfer = shelf.environment(project), transfers(background=False)
    transfer.need(environment, [0]).result()
    assert transfer.settle_copies(10)
    assert environment.presence[:] == b"\1\0\0"
    transfer.need(environment, [0, 1]).result()
    transfer.ensure(environment, [2]).result()
    assert totals(transfer, environment)["requests"] == 2, "what the import asks for brings what that imports"
