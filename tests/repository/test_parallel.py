"""What reading several things at once promises."""

from __future__ import annotations

import threading

import pytest

from cloudshelf.parallel import Task, map_parallel, spread


def test_results_are_in_the_order_of_the_items_and_so_is_the_first_error() -> None:
    late = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert late.wait(30)
        else:
            late.set()
        if item < 2:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match="0"):
        map_parallel(work, [0, 1, 2], 3)
    assert map_parallel(work, [4, 3, 2], 2) == [4, 3, 2]


def test_what_an_answer_names_is_done_at_once_and_nothing_twice() -> None:
    done: list[str] = []
    seen = threading.Event()

    def slow() -> tuple[Task, ...]:
        assert seen.wait(30), "what the other answer named waits for this one"
        return ((read, "b"),)

    def read(name: str) -> tuple[Task, ...]:
        done.append(name)
        if name == "b":
            seen.set()
        return ((read, "b"), (read, "a")) if name == "a" else ()

    spread([(slow,), (read, "a"), (read, "a")], 2)
    assert done == ["a", "b"]


def test_from_what_fails_nothing_follows_and_another_error_is_the_end() -> None:
    done: list[str] = []

    def read(name: str) -> tuple[Task, ...]:
        if name == "absent":
            raise LookupError(name)
        done.append(name)
        return ()

    spread([(read, "absent"), (read, "there")], 2, ignoring=LookupError)
    assert done == ["there"]
    with pytest.raises(LookupError):
        spread([(read, "absent")], 2)
