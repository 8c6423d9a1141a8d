"""Pages: the same facts as text, HTML and JSON."""

import json
from typing import ClassVar

import pytest

from cloudshelf import render


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (3e12, "3000 GB")]
)
def test_sizes_are_readable(count, words):
    assert render.size(count) == words


@pytest.mark.parametrize(("value", "words"), [(0.0123, "12 ms"), (1, "1.0 s"), (125, "2 min 5 s")])
def test_times_are_readable(value, words):
    assert render.seconds(value) == words


STATUS = {
    "shelf": "file:///shelf",
    "pins": [
        {"project": "six", "version": "1.16.0", "loaded": ["six"], "bytes": 2000, "fetched": 1000},
        {"project": "<b>", "version": "1", "loaded": [], "bytes": 0, "fetched": 0},
    ],
    "statistics": {"requests": 3, "bytes": 1500, "seconds": 0.25},
}


def test_status_shows_pins_loaded_and_fetched_of_all():
    text = render.to_text("status", STATUS)
    assert "six      1.16.0   yes     shelf  1.0 kB of 2.0 kB" in text
    assert "2 pins; 1.0 kB of 2.0 kB in place." in text
    assert "Received 1.5 kB with 3 requests in 250 ms." in text


def test_html_escapes_every_value_and_sets_no_colour():
    html = render.to_html("status", STATUS)
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert "color" not in html and "background" not in html


def test_use_says_what_was_asked_and_who_brought_the_rest():
    changes = [
        {"project": "pandas", "was": None, "version": "2.2.3", "why": []},
        {"project": "numpy", "was": "1.26.4", "version": "2.0.0", "why": ["pandas"]},
        {"project": "old", "was": "1", "version": None, "why": []},
    ]
    assert render.to_text("use", {"changes": changes}).splitlines() == [
        "Pinned: pandas 2.2.3",
        "With: numpy 1.26.4 → 2.0.0 (for pandas)",
        "Dropped: old 1",
    ]


def test_columns_that_nobody_fills_are_left_out():
    text = render.to_text("ls", {"project": "six", "versions": [{"version": "1", "default": True, "yanked": None}]})
    assert "yanked" not in text and "default" in text


def test_unknown_results_are_shown_field_by_field():
    assert render.to_text("cache", {"total": 2_000_000, "path": "/x"}) == "total  2.0 MB\npath   /x"


def test_json_is_json():
    assert json.loads(render.to_json(STATUS)) == STATUS


class Bar:
    made: ClassVar[list["Bar"]] = []

    def __init__(self, **facts):
        self.facts, self.closed, self.n, self.total = facts, False, 0, None
        Bar.made.append(self)

    def set_postfix_str(self, text, refresh):
        self.what = text

    def refresh(self):
        pass

    def close(self):
        self.closed = True


def test_one_bar_a_stage_and_none_for_what_is_done_at_once():
    Bar.made.clear()
    bars = render.Bars(lambda: Bar, delay=0)
    bars({"stage": "manifests", "done": 2, "total": 2, "unit": "files"})
    bars({"stage": "fetch", "done": 1, "total": 9, "unit": "B", "what": "numpy"})
    bars({"stage": "fetch", "done": 9, "total": 9, "unit": "B", "what": "numpy"})
    bars.close()
    assert [(bar.facts["desc"], bar.n, bar.closed) for bar in Bar.made] == [("fetch", 9, True)]


def test_short_work_shows_no_bar():
    Bar.made.clear()
    render.Bars(lambda: Bar, delay=60)({"stage": "fetch", "done": 1, "total": 9})
    assert not Bar.made
