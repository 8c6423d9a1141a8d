"""Seconds of imports, from hand-made timelines."""

import pytest

from cloudshelf.importing import timeline
from cloudshelf_jupyter.channel.seconds import Seconds


class Environment:
    """Two projects of ten files each."""

    projects = ({"name": "one"}, {"name": "two"})

    def project_of(self, number):
        return number // 10


@pytest.fixture
def spans(monkeypatch):
    """Module, begin, end and file of imports, added in the order in which they end."""
    from collections import deque

    kept = deque(maxlen=4)
    monkeypatch.setattr(timeline, "spans", kept)

    def add(module, begun, ended, number, *, thread=1, recorded=False):
        kept.append((thread, module, begun, ended, None if recorded else Environment(), number))

    return add


OWNERS = {"one": "one", "two": "two"}


def test_what_a_project_imports_of_itself_counts_once_and_of_another_for_both(spans):
    spans("two", 2.0, 3.0, 10)
    spans("one.part", 1.0, 4.0, 1)
    spans("one", 0.0, 5.0, 0)
    assert Seconds().of_projects(OWNERS) == {"one": 5.0, "two": 1.0}


def test_later_imports_are_added_and_looked_at_once(spans):
    seconds = Seconds()
    spans("one", 0.0, 1.0, 0)
    assert seconds.of_projects(OWNERS) == {"one": 1.0}
    spans("one.late", 2.0, 2.5, 1)
    assert seconds.of_projects(OWNERS) == seconds.of_projects(OWNERS) == {"one": 1.5}


def test_imports_of_two_threads_are_both_counted(spans):
    spans("one", 0.0, 4.0, 0, thread=1)
    spans("one.part", 1.0, 2.0, 1, thread=2)
    assert Seconds().of_projects(OWNERS) == {"one": 5.0}


def test_a_timeline_that_lost_its_beginning_is_counted_from_where_it_begins(spans):
    seconds = Seconds()
    spans("one", 0.0, 1.0, 0)
    seconds.of_projects(OWNERS)
    for i in range(1, 6):
        spans(f"two.m{i}", i, i + 0.5, 10 + i)
    assert seconds.of_projects(OWNERS) == {"one": 1.0, "two": 2.0}


def test_what_was_recorded_of_a_complete_environment_counts_by_its_module(spans):
    spans("one.part", 0.0, 1.0, -1, recorded=True)
    spans("json", 0.0, 1.0, -1, recorded=True)
    assert Seconds().of_projects(OWNERS) == {"one": 1.0}
