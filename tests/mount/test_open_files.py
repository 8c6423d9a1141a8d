"""Files that are used again and again: a bounded number is open, each opened once, none closed while it is used."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloudshelf.mount.open_files import OpenFiles


class File:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_file_stays_open_until_it_is_dropped() -> None:
    files: OpenFiles[int, File] = OpenFiles(10)
    with files.use(1, File) as first:
        pass
    with files.use(1, File) as again:
        assert again is first and not first.closed
    files.drop(1)
    files.drop(1)
    assert first.closed == 1
    with files.use(1, File) as another:
        assert another is not first


def test_the_one_that_was_used_longest_ago_is_closed_when_there_are_too_many() -> None:
    files: OpenFiles[int, File] = OpenFiles(3)
    made = {}
    for number in (0, 1, 2, 0, 3):
        with files.use(number, File) as made[number]:
            pass
    assert [made[number].closed for number in range(4)] == [0, 1, 0, 0]
    assert len(files) == 3
    files.close()
    assert [made[number].closed for number in range(4)] == [1, 1, 1, 1] and len(files) == 0


def test_what_is_used_just_now_is_closed_when_that_is_over() -> None:
    files: OpenFiles[int, File] = OpenFiles(1)
    with files.use(1, File) as one, files.use(1, File):
        with files.use(2, File):
            assert not one.closed
        files.drop(1)
        assert not one.closed
    assert one.closed == 1


def test_of_many_who_need_it_at_once_one_opens_it() -> None:
    files: OpenFiles[int, File] = OpenFiles(3)
    waiting, opened = threading.Barrier(20), []

    def open_file() -> File:
        opened.append(File())
        return opened[-1]

    def use(_: int) -> bool:
        waiting.wait(60)
        with files.use(1, open_file) as file:
            return not file.closed

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(use, range(20)))
    assert len(opened) == 1


def test_an_error_is_told_to_all_who_wait_and_whoever_comes_later_tries_again() -> None:
    files: OpenFiles[int, File] = OpenFiles(3)
    asked, failing = threading.Event(), threading.Event()
    tries = []

    def fail() -> File:
        tries.append(1)
        asked.set()
        failing.wait(60)
        raise OSError("the cable is out")

    def use() -> str:
        with pytest.raises(OSError) as told, files.use(1, fail):
            pass
        return str(told.value)

    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(use)
        assert asked.wait(60)
        others = [pool.submit(use) for _ in range(9)]
        while files._held[1].users < 10:
            threading.Event().wait(0.001)
        failing.set()
        assert {each.result(60) for each in (first, *others)} == {"the cable is out"}
    assert len(tries) == 1 and len(files) == 0
    with files.use(1, File) as file:
        assert not file.closed


def test_one_that_cannot_be_opened_and_is_dropped_meanwhile_closes_nothing() -> None:
    files: OpenFiles[int, File] = OpenFiles(3)

    def fail() -> File:
        files.drop(1)
        raise OSError("the cable is out")

    with pytest.raises(OSError, match="cable"), files.use(1, fail):
        pass
    assert len(files) == 0


@pytest.mark.parametrize("most", [1, 5])
def test_no_file_is_closed_while_it_is_used_whatever_others_do(most: int) -> None:
    files: OpenFiles[int, File] = OpenFiles(most)
    made: list[File] = []

    def open_file() -> File:
        made.append(File())
        return made[-1]

    def work(seed: int) -> bool:
        fine = True
        for turn in range(300):
            key = (seed * 7 + turn) % 11
            if turn % 13 == 0:
                files.drop(key)
            with files.use(key, open_file) as file:
                fine = fine and not file.closed
        return fine

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    files.close()
    assert {file.closed for file in made} == {1}
