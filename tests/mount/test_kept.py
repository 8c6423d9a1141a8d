"""A bounded number of values, each made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloudshelf.mount.kept import Kept


def test_the_bound_holds_and_what_was_used_last_stays() -> None:
    kept: Kept[int, list[int]] = Kept(100, len)
    for number in range(20):
        kept.get(number, lambda: [0] * 20)
        kept.get(0, lambda: [0] * 20)
    made: list[int] = []
    for number in range(20):
        kept.get(number, lambda number=number: made.append(number) or [0] * 20)  # type: ignore[misc,func-returns-value]
    assert 0 not in made
    assert len(made) >= 15


def test_one_that_is_larger_than_the_bound_is_kept_alone() -> None:
    kept: Kept[int, list[int]] = Kept(10, len)
    first = kept.get(1, lambda: [0] * 100)
    assert kept.get(1, list) is first
    kept.get(2, lambda: [0])
    assert kept.get(1, list) == []


def test_of_many_who_ask_at_once_one_makes_it() -> None:
    kept: Kept[str, object] = Kept(10, lambda value: 1)
    waiting, made = threading.Barrier(20), []

    def make() -> object:
        made.append(1)
        return object()

    def ask(_: int) -> object:
        waiting.wait(60)
        return kept.get("one", make)

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(ask, range(20)))) == 1
    assert made == [1]


def test_an_error_is_told_and_not_kept() -> None:
    kept: Kept[str, int] = Kept(10, lambda value: 1)
    with pytest.raises(ZeroDivisionError):
        kept.get("one", lambda: 1 // 0)
    assert kept.get("one", lambda: 7) == 7
    kept.drop("one")
    assert kept.get("one", lambda: 8) == 8
