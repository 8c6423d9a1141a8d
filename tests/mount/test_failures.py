"""Who is told of a failure, and who has it tried again."""

from __future__ import annotations

import errno

import pytest

from cloudshelf.mount.kernel.failures import LONG, MOST, NEXT, Failures

PLACE = (7, 0)
OUTAGE = OSError(errno.EIO, "the cable is out")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failures(clock: Clock) -> Failures:
    """Thread 1 was told after a long time."""
    made = Failures(clock)
    made.add(PLACE, 1, OUTAGE, begun=clock.now - 30)
    return made


def is_told(failures: Failures, thread: int, place: tuple[int, int] = PLACE) -> bool:
    try:
        failures.tell_again(place, thread)
    except OSError as error:
        return error.errno == errno.EIO
    return False


def test_all_who_come_one_right_after_the_other_are_told(failures: Failures, clock: Clock) -> None:
    for thread in range(2, 60):
        clock.now += NEXT * 0.9
        assert is_told(failures, thread)


def test_who_was_told_has_it_tried_again(failures: Failures) -> None:
    assert not is_told(failures, 1)
    assert is_told(failures, 2) and not is_told(failures, 2)


def test_who_comes_later_has_it_tried_again(failures: Failures, clock: Clock) -> None:
    clock.now += NEXT * 1.1
    assert not is_told(failures, 2)


def test_programs_that_are_started_again_and_again_have_it_tried_again_in_the_end(
    failures: Failures, clock: Clock
) -> None:
    tries, begun = 2, clock.now
    while is_told(failures, tries):
        tries += 1
        clock.now += NEXT / 2
    assert begun + MOST < clock.now < begun + MOST + NEXT


def test_another_place_of_the_file_is_tried(failures: Failures) -> None:
    assert not is_told(failures, 2, (PLACE[0], 4096))


def test_what_fails_at_once_is_tried_for_each(clock: Clock) -> None:
    failures = Failures(clock)
    failures.add(PLACE, 1, OUTAGE, begun=clock.now - LONG / 2)
    assert not is_told(failures, 2)


def test_what_is_over_is_forgotten(failures: Failures, clock: Clock) -> None:
    clock.now += MOST + 1
    failures.add((8, 0), 1, OUTAGE, begun=clock.now - 30)
    assert set(failures._known) == {(8, 0)}
