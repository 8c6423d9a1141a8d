"""What a kernel remembers of the shelf for its Tabs: no error, no second question, no long wait."""

import threading

import pytest

from cloudshelf.errors import StoreUnreachable, UsageError
from cloudshelf_jupyter import names as module
from cloudshelf_jupyter.completer import ShelfMatcher
from cloudshelf_jupyter.names import ShelfNames

ANSWERS = {
    "prepare": {"projects": ["early"], "modules": ["early"]},
    "names": {"projects": ["one"], "modules": ["one"]},
    "ls": {"versions": [{"version": "2.0"}, {"version": "1.0"}]},
    "submodules": {"submodules": ["sub"]},
}


class FakeSession:
    url = "file:///shelf"

    def __init__(self):
        self.asked, self.failure, self.gate = [], None, threading.Event()
        self.gate.set()

    def call(self, verb, args):
        self.asked.append(verb)
        assert self.gate.wait(30)
        if self.failure:
            raise self.failure
        return ANSWERS[verb]


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def names(session):
    return ShelfNames(session)


def learn(names):
    names.learn()
    for thread in threading.enumerate():
        if thread.name == "cloudshelf-start":
            thread.join(30)


def test_each_question_is_asked_once(names, session):
    for _ in range(2):
        assert (names.projects(), names.versions("one"), names.submodules("one")) == (["one"], ["2.0", "1.0"], ["sub"])
        assert names.modules() == ["one"]
    assert session.asked == ["names", "ls", "submodules"]


def test_what_was_learned_ahead_is_not_asked_for(names, session):
    learn(names)
    assert (names.projects(), names.modules()) == (["early"], ["early"])
    assert session.asked == ["prepare"]


def test_an_outage_is_silent_and_asked_about_once(names, session, capfd):
    session.failure = StoreUnreachable("the shelf", "no route")
    learn(names)
    assert [names.projects(), names.projects(), names.modules()] == [[], [], []]
    assert session.asked == ["prepare", "names"]
    assert capfd.readouterr() == ("", "")


def test_what_was_known_stands_while_the_shelf_is_slow_or_away(names, session, monkeypatch):
    monkeypatch.setattr(module, "FRESH", 0.0)
    assert names.projects() == ["one"]
    session.gate.clear()
    assert [names.projects(), names.projects()] == [["one"], ["one"]]
    assert session.asked == ["names", "names"]  # the second is on its way still
    session.failure = StoreUnreachable("the shelf", "no route")
    session.gate.set()
    for thread in names._asking.values():
        thread.join(30)
    assert names.projects() == ["one"]


def test_a_shelf_that_is_silent_makes_one_tab_wait_and_no_other_until_it_answers(names, session, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    session.gate.clear()
    assert names.projects() == []
    monkeypatch.setattr(module, "PATIENCE", 1000.0)  # who waits now waits too long
    assert [names.projects(), names.versions("one"), names.submodules("one")] == [[], [], []]
    session.gate.set()
    for thread in names._asking.values():
        thread.join(30)
    monkeypatch.setattr(module, "BRIEF", 0.0)
    assert (names.versions("two"), session.asked[-1]) == (["2.0", "1.0"], "ls")  # it is waited for again


def test_another_shelf_has_other_names(names, session):
    learn(names)
    session.url = "file:///other"
    assert names.projects() == ["one"]


@pytest.mark.parametrize("url", [None, UsageError("a wrong setting")])
def test_without_a_shelf_nothing_is_asked(names, session, url, monkeypatch):
    def find(self):
        if isinstance(url, Exception):
            raise url
        return url

    monkeypatch.setattr(FakeSession, "url", property(find))
    assert [names.projects(), names.modules(), names.versions("one"), names.submodules("one")] == [[], [], [], []]
    assert session.asked == []


def test_a_tab_makes_no_object_of_a_name_that_it_does_not_offer(names, session, monkeypatch):
    monkeypatch.setitem(ANSWERS, "names", {"projects": [f"project-{number:05}" for number in range(10_000)]})
    words = ShelfMatcher(session, names).words("use project-0123", "project-0123")
    assert [word.text for word in words] == [f"project-0123{digit}" for digit in range(10)]
