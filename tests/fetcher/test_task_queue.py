"""In which order threads take tasks, and which of them go on beside each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.frames import LARGEST_RANGE, FrameJob, Priority
from cloudshelf.fetcher.scheduler import Scheduler
from cloudshelf.fetcher.task_queue import BYTES_A_FILE, TaskQueue, is_brief

LONG = 10  # seconds, for what happens at once unless it never does


def order(queue: TaskQueue) -> list[str]:
    """What is taken, one after the other, by one thread; a task's name is what it returns."""
    taken = []
    while (found := queue.take()) is not None:
        task, brief = found
        taken.append(str(task()))  # type: ignore[func-returns-value]
        if brief:
            queue.done()
    return taken


def push(queue: TaskQueue, name: str, priority: int, sequence: int, *, brief: bool) -> None:
    queue.push(priority, sequence, lambda: name, brief=brief)  # type: ignore[arg-type,return-value]


def test_the_most_urgent_is_taken_first_whatever_its_kind() -> None:
    queue = TaskQueue()
    rows = [("late", 1, 3), ("first", 0, 5), ("early", 1, 2), ("background", 4, 0)]
    for number, (name, priority, sequence) in enumerate(rows):
        push(queue, name, priority, sequence, brief=bool(number % 2))
    assert len(queue) == len(rows)
    assert order(queue) == ["first", "early", "late", "background"]


def test_of_brief_tasks_one_is_done_at_a_time_and_others_go_on_beside_it() -> None:
    queue = TaskQueue()
    for sequence in range(2):
        push(queue, f"brief {sequence}", 0, sequence, brief=True)
    push(queue, "long", 4, 9, brief=False)
    assert queue.take() is not None
    assert queue.may_take(), "the long one, which is less urgent"
    assert queue.take() is not None
    assert not queue.may_take()
    assert queue.take() is None
    queue.done()
    assert queue.may_take()


@pytest.mark.parametrize(
    ("files", "size", "brief"),
    [
        (1, 10_000, True),
        (40, 1 << 20, True),
        (1, 2 * BYTES_A_FILE, False),
        (1, 4 << 20, False),
        (2, 1 << 20, False),
    ],
)
def test_what_writes_many_files_for_its_bytes_is_brief(files: int, size: int, brief: bool) -> None:
    assert is_brief(files, size) is brief


class Frames(Environment):
    """Frame 0 is one large file, the others many small ones each."""

    def __init__(self) -> None:
        self.path = Path("nowhere")
        self.frame_size = [4 << 20, *[1 << 16] * 20]
        self._touching = [[0], *[list(range(50))] * 20]


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler(largest=LARGEST_RANGE, connections=4)
    threads = [threading.Thread(target=made.run_tasks) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield made
    made.close()
    for thread in threads:
        thread.join(LONG)


def test_frames_of_small_files_are_placed_one_after_the_other_beside_a_large_one(scheduler: Scheduler) -> None:
    frames = Frames()
    beside, all_done = threading.Event(), threading.Event()
    under_way, most, done = 0, 0, 0
    lock = threading.Lock()

    def small() -> None:
        nonlocal under_way, most, done
        with lock:
            under_way += 1
            most = max(most, under_way)
        beside.wait(0.001)  # gives another thread the time to begin, if it may
        with lock:
            under_way -= 1
            done += 1
            if done == 20:
                all_done.set()

    seen: list[bool] = []

    def large() -> None:
        seen.append(all_done.wait(LONG))
        beside.set()

    for number in range(21):
        job = FrameJob(frames, number, Priority.SOON, number)
        scheduler.submit_frame(job, partial(large) if number == 0 else small)
    assert beside.wait(LONG)
    assert (most, seen) == (1, [True])
