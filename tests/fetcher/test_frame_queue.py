"""What shares a request, and what goes first: pure bookkeeping, no threads."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from cloudshelf.fetcher import cutting
from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.frame_queue import FrameQueue
from cloudshelf.fetcher.frames import FrameJob, Priority

from .shelves import Project, Shelf

NEED, SOON, REST, LATER, FILL = Priority
SIZE = 10_000


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Two packs of six frames, about 10,000 bytes each."""
    noise = random.Random(0)
    files = [{f"{p}/{i}.bin": noise.randbytes(SIZE) for i in range(6)} for p in "ab"]
    return Shelf(tmp_path).environment(Project("a", files[0], group=1), Project("b", files[1], group=1))


def filled(queue: FrameQueue, environment: Environment, wanted: dict[int, Priority]) -> dict[int, FrameJob]:
    jobs = {frame: FrameJob(environment, frame, priority, i) for i, (frame, priority) in enumerate(wanted.items())}
    for priority in reversed(Priority):  # what is asked for together has one priority
        queue.add([job for job in jobs.values() if job.priority is priority])
    return jobs


def drained(queue: FrameQueue, *, background: bool = False) -> list[list[int]]:
    ranges = []
    while (batch := queue.take_background() if background else queue.take()) is not None:
        ranges.append([job.frame for job in batch.jobs])
    return ranges


def test_the_sooner_part_of_the_background_takes_the_rest_along_only_where_its_bytes_come_anyway(
    environment: Environment,
) -> None:
    queue = FrameQueue()
    filled(queue, environment, {0: FILL, 1: LATER, 2: FILL, 3: LATER, 4: FILL, 5: FILL})
    assert queue.background_priority() is LATER
    assert drained(queue, background=True) == [[1, 2, 3], [0, 4, 5]]


def test_neighbours_of_one_pack_travel_together(environment: Environment) -> None:
    queue = FrameQueue()
    filled(queue, environment, dict.fromkeys(range(12), SOON))
    assert drained(queue) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert len(queue) == 0


def test_a_range_covers_its_frames_exactly(environment: Environment) -> None:
    queue = FrameQueue()
    filled(queue, environment, dict.fromkeys((2, 3), NEED))
    batch = queue.take()
    assert batch is not None
    assert batch.start == environment.frame_offset[2]
    assert batch.length == sum(environment.frame_length[2:4])


def test_neighbours_before_the_first_come_along_too(environment: Environment) -> None:
    queue = FrameQueue()
    filled(queue, environment, dict.fromkeys((3, 2, 4, 1), NEED))
    assert drained(queue) == [[1, 2, 3, 4]]


def test_no_range_is_larger_than_allowed(environment: Environment) -> None:
    queue = FrameQueue(largest=2 * SIZE + 100)
    filled(queue, environment, dict.fromkeys(range(6), SOON))
    assert drained(queue) == [[0, 1], [2, 3], [4, 5]]


def test_a_gap_is_bridged_only_when_it_is_small(environment: Environment) -> None:
    for gap, expected in ((SIZE + 100, [[0, 2], [5]]), (SIZE - 100, [[0], [2], [5]]), (3 * SIZE, [[0, 2, 5]])):
        queue = FrameQueue(gap=gap)
        filled(queue, environment, dict.fromkeys((0, 2, 5), NEED))
        assert drained(queue) == expected


def test_what_lies_in_the_gap_and_is_wanted_later_is_taken_now(environment: Environment) -> None:
    queue = FrameQueue(gap=SIZE + 100)
    filled(queue, environment, {0: NEED, 1: FILL, 2: NEED, 3: FILL})
    assert drained(queue) == [[0, 1, 2]]
    assert drained(queue, background=True) == [[3]]


def test_the_urgent_does_not_wait_for_less_urgent_neighbours(environment: Environment) -> None:
    queue = FrameQueue(gap=100)
    filled(queue, environment, {0: SOON, 1: SOON, 2: NEED, 3: SOON})
    assert drained(queue) == [[2], [0, 1], [3]]


def test_how_many_requests_there_are_does_not_depend_on_what_is_needed_first(environment: Environment) -> None:
    for needed in range(6):
        queue = FrameQueue(largest=2 * SIZE + 100)
        jobs = filled(queue, environment, dict.fromkeys(range(6), SOON))
        queue.promote([jobs[needed]], NEED)
        first = needed // 2 * 2
        assert drained(queue) == [[first, first + 1], *([i, i + 1] for i in (0, 2, 4) if i != first)]


def test_ranges_are_about_equally_large(environment: Environment) -> None:
    queue = FrameQueue(largest=4 * SIZE + 100)
    filled(queue, environment, dict.fromkeys(range(6), SOON))
    assert drained(queue) == [[0, 1, 2], [3, 4, 5]]


def staged(queue: FrameQueue, environment: Environment, *stages: Sequence[int]) -> None:
    numbers = itertools.count()
    queue.add(*[[FrameJob(environment, frame, SOON, next(numbers)) for frame in stage] for stage in stages])


def test_few_frames_of_a_later_stage_travel_with_an_earlier_one_and_many_do_not(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "MOST_BESIDE", 2 * SIZE + 100)
    for stages, expected in {
        ((0, 1), (2, 3)): [[0, 1, 2, 3]],
        ((2, 3), (0, 1)): [[0, 1, 2, 3]],
        ((2, 3), (0, 1), (4, 5)): [[0, 1, 2, 3, 4, 5]],
        ((0, 1), (2, 3, 4)): [[0, 1], [2, 3, 4]],
        ((0, 2, 4), (1, 3)): [[0, 1, 2, 3, 4]],
        ((2,), (0, 1, 3, 4, 5)): [[0, 1, 2, 3, 4, 5]],  # its bytes come anyway
        ((0,), (6,), (7, 1)): [[0, 1], [6, 7]],
    }.items():
        queue = FrameQueue(largest=6 * SIZE + 500, gap=SIZE + 100)
        filler = [11, 10, 9, 8]  # so that all of it is more than one request may hold
        staged(queue, environment, *stages, filler)
        assert [part for part in drained(queue) if part[0] < 8] == expected, stages


def test_many_frames_lend_their_first_to_an_earlier_stage_where_that_is_a_request_fewer(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "MOST_BESIDE", 2 * SIZE + 100)
    for largest, expected in {3: [[0, 1, 2], [3, 4, 5]], 5: [[0], [1, 2, 3, 4, 5]]}.items():
        queue = FrameQueue(largest=largest * SIZE + 300, gap=100)
        staged(queue, environment, [0], [1, 2, 3, 4, 5], [11, 10, 9, 8])
        assert [part for part in drained(queue) if part[0] < 8] == expected, largest


def test_a_part_around_an_earlier_stage_is_parted_there_so_that_no_byte_comes_twice(environment: Environment) -> None:
    queue = FrameQueue(largest=6 * SIZE + 500, gap=SIZE + 100)
    staged(queue, environment, [0], [3], [1, 2, 4, 5], [11, 10, 9, 8])
    assert [part for part in drained(queue) if part[0] < 8] == [[0, 1, 2], [3, 4, 5]]


def test_stages_that_one_request_can_hold_travel_together(environment: Environment) -> None:
    queue = FrameQueue(largest=6 * SIZE + 500, gap=100)
    staged(queue, environment, [0], [6], [1, 2, 3])
    assert drained(queue) == [[0, 1, 2, 3], [6]]


def test_stages_do_not_travel_together_when_that_is_too_large_or_too_far(environment: Environment) -> None:
    queue = FrameQueue(largest=3 * SIZE + 100, gap=100)
    staged(queue, environment, [0, 1], [2, 3], [5])
    assert drained(queue) == [[0, 1], [2, 3], [5]]


def test_few_frames_bridge_a_larger_gap_than_many(tmp_path: Path) -> None:
    """Frames of 1,000 and 10,000 bytes: up to twice the gap, and a quarter of the larger."""
    noise = random.Random(0)
    sizes = [1000, SIZE, *[SIZE] * 8, SIZE, SIZE, *[SIZE] * 4]
    files = {f"a/{i:02}.bin": noise.randbytes(size) for i, size in enumerate(sizes)}
    environment = Shelf(tmp_path).environment(Project("a", files, group=1))
    gap = SIZE - 100  # less than a frame
    few_beside_many = dict.fromkeys((0, *range(2, 10)), NEED)
    queue = FrameQueue(gap=gap)
    filled(queue, environment, few_beside_many)
    assert drained(queue) == [[0, *range(2, 10)]]
    queue = FrameQueue(gap=gap)
    filled(queue, environment, dict.fromkeys((0, 2), NEED))
    assert drained(queue) == [[0], [2]], "more than a quarter"
    queue = FrameQueue(gap=gap)
    filled(queue, environment, dict.fromkeys((*range(2, 10), 11, 12), NEED))
    assert drained(queue) == [[*range(2, 10)], [11, 12]], "both are many"


def test_what_is_asked_for_later_does_not_join_what_is_asked_for_now(environment: Environment) -> None:
    queue = FrameQueue()
    jobs = [FrameJob(environment, frame, SOON, frame) for frame in range(6)]
    queue.add(jobs[:1])
    queue.add(jobs[1:])
    assert drained(queue) == [[0], [1, 2, 3, 4, 5]]


def test_only_what_an_import_waits_for_is_taken_when_that_is_asked(environment: Environment) -> None:
    queue = FrameQueue(gap=100)
    filled(queue, environment, {0: SOON, 2: NEED})
    found = queue.take(NEED)
    assert found is not None
    assert [job.frame for job in found.jobs] == [2]
    assert queue.take(NEED) is None
    assert drained(queue) == [[0]]


def test_a_promotion_moves_a_frame_to_the_front_once(environment: Environment) -> None:
    queue = FrameQueue(gap=100)
    jobs = filled(queue, environment, {0: SOON, 2: REST, 4: FILL})
    queue.promote([jobs[4]], NEED)
    queue.promote([jobs[0]], FILL)  # less urgent it never gets
    assert drained(queue) == [[4], [0], [2]]
    assert queue.background_priority() is None


def test_what_is_needed_of_the_background_comes_in_one_range_and_alone(environment: Environment) -> None:
    queue = FrameQueue(gap=100)
    jobs = filled(queue, environment, dict.fromkeys(range(6), FILL))
    queue.promote([jobs[2], jobs[3]], NEED)
    assert drained(queue) == [[2, 3]]
    assert drained(queue, background=True) == [[0, 1], [4, 5]]


def test_a_second_try_travels_alone(environment: Environment) -> None:
    queue = FrameQueue()
    jobs = filled(queue, environment, dict.fromkeys((0, 1, 2), NEED))
    assert drained(queue) == [[0, 1, 2]]
    for job in jobs.values():
        job.alone = True
    queue.add(jobs.values())
    assert drained(queue) == [[0], [1], [2]]


def test_dropping_the_background_leaves_demand(environment: Environment) -> None:
    queue = FrameQueue()
    filled(queue, environment, {0: NEED, 1: FILL, 2: FILL})
    assert sorted(job.frame for job in queue.drop_background(environment)) == [1, 2]
    assert drained(queue, background=True) == []
    assert drained(queue) == [[0]]
