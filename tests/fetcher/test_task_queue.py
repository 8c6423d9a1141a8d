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


def do_all(queue: TaskQueue) -> None:
    """Every task, one after the other, as one thread does them."""
    while (found := queue.take()) is not None:
        task, brief = found
        task()
        if brief:
            queue.done()


def test_the_most_urgent_is_taken_first_whatever_its_kind() -> None:
    queue, done = TaskQueue(), list[str]()
    rows = [("late", 1, 3), ("first", 0, 5), ("early", 1, 2), ("background", 4, 0)]
    for number, (name, priority, sequence) in enumerate(rows):
        queue.push(priority, sequence, partial(done.append, name), brief=bool(number % 2))
    assert len(queue) == len(rows)
    do_all(queue)
    assert done == ["first", "early", "late", "background"]


def test_of_brief_tasks_one_is_done_at_a_time_and_others_go_on_beside_it() -> None:
    queue = TaskQueue()
    done = list[str]()
    for sequence in range(2):
        queue.push(0, sequence, partial(done.append, f"brief {sequence}"), brief=True)
    queue.push(4, 9, partial(done.append, "long"))
    for _ in range(2):
        assert queue.may_take()
        taken = queue.take()
        assert taken is not None
        taken[0]()
    assert done == ["brief 0", "long"], "although the long one is less urgent than the other brief one"
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
        scheduler.submit_frame(job, large if number == 0 else small)
    assert beside.wait(LONG)
    assert (most, seen) == (1, [True])
