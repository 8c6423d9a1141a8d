"""Progress that goes on by itself while nothing reports."""

import threading

import pytest

from cloudshelf.render import ticker


@pytest.fixture
def shown(monkeypatch):
    """What was shown, and a way to wait for more of it."""
    monkeypatch.setattr(ticker, "EVERY", 0.001)

    class Shown(list):
        more = threading.Semaphore(0)

        def __call__(self, event):
            self.append(event)
            self.more.release()

        def wait(self, count):
            for _ in range(count):
                assert self.more.acquire(timeout=30)

    return Shown()


def test_the_last_event_is_shown_again_until_the_next(shown):
    ticks = ticker.Ticker(shown, delay=0)
    ticks({"done": 1})
    shown.wait(3)
    ticks({"done": 2})
    shown.wait(3)
    ticks.close()
    assert shown[:3] == [{"done": 1}] * 3 and shown[-1] == {"done": 2}


def test_nothing_is_shown_after_close_until_there_is_another_event(shown):
    ticks = ticker.Ticker(shown, delay=0)
    ticks({"done": 1})
    shown.wait(2)
    ticks.close()
    seen = len(shown)
    threading.Event().wait(0.05)
    assert len(shown) == seen
    ticks({"done": 2})
    assert shown[-1] == {"done": 2}
    ticks.close()


def test_what_cannot_be_shown_stops_no_work(shown):
    calls = []

    def broken(event):
        calls.append(event)
        if len(calls) > 1:  # the first is the caller's own
            raise OSError

    ticks = ticker.Ticker(broken, delay=0)
    ticks({"done": 1})
    ticks._thread.join(30)
    assert not ticks._thread.is_alive() and len(calls) == 2
    ticks.close()


def test_short_work_shows_nothing(shown):
    ticks = ticker.Ticker(shown, delay=60)
    ticks({"done": 1})
    ticks.close()
    assert shown == []


def test_a_display_that_hangs_holds_up_no_work(monkeypatch):
    monkeypatch.setattr(ticker, "EVERY", 0.001)
    monkeypatch.setattr(ticker, "PATIENCE", 0.01)
    hangs, go_on = threading.Event(), threading.Event()

    def show(event):
        if threading.current_thread() is not threading.main_thread():
            hangs.set()
            go_on.wait(60)

    ticks = ticker.Ticker(show, delay=0)
    ticks({"done": 1})
    assert hangs.wait(30)
    ticks({"done": 2})
    ticks.close()
    assert not go_on.is_set()
    go_on.set()
