"""Pages: the same facts as text, HTML and JSON."""

import importlib
import json
from typing import ClassVar

import pytest

from cloudshelf import render
from cloudshelf.quantities import seconds, size
from cloudshelf.render.bars import Bars
from cloudshelf.render.formats import MOST


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (3e12, "3000 GB")]
)
def test_sizes_are_readable(count, words):
    assert size(count) == words


@pytest.mark.parametrize(("value", "words"), [(0.0123, "12 ms"), (1, "1.0 s"), (125, "2 min 5 s")])
def test_times_are_readable(value, words):
    assert seconds(value) == words


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


@pytest.mark.parametrize("page", sorted(set(render._PAGES.values())))
def test_every_page_that_a_verb_names_is_there(page):
    module, _, name = page.partition(".")
    assert callable(getattr(importlib.import_module(f"cloudshelf.render.{module}"), name))


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


def test_a_note_is_shown_where_nothing_changed():
    text = render.to_text("sync", {"changes": [], "notes": ["six 1.16 of this kernel stays"]})
    assert text.splitlines() == ["Nothing changed; all of it was pinned already.", "six 1.16 of this kernel stays"]


def test_columns_that_nobody_fills_are_left_out():
    text = render.to_text("ls", {"project": "six", "versions": [{"version": "1", "default": True, "yanked": None}]})
    assert "yanked" not in text and "default" in text


def test_unknown_results_are_shown_field_by_field():
    assert render.to_text("news", {"total": 2_000_000, "path": "/x"}) == "total  2.0 MB\npath   /x"


def test_a_version_that_was_yanked_without_a_reason_is_shown_as_yanked():
    rows = [{"version": "2", "default": False, "yanked": ""}, {"version": "1", "default": True, "yanked": None}]
    text = render.to_text("ls", {"project": "six", "versions": rows}).splitlines()
    assert text[1].split() == ["version", "default", "yanked"]
    assert text[2].split() == ["2", "yes"] and text[3].split() == ["1", "yes"]
    assert text[2].endswith("yes") and text[2].index("yes") > text[3].index("yes")


def published(*actions, uploaded=0):
    row = {"project": "six", "version": "1", "python": "3.11", "default": False, "uploaded": 0, "profile_error": None}
    return {"projects": [row | {"action": action} for action in actions], "uploaded": uploaded, "notes": []}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (published("published", "present", uploaded=2000), "Uploaded 2.0 kB."),
        (published("present", "present"), "Nothing was uploaded: all of it was there already."),
        (published("would publish"), "Nothing was uploaded: this was a dry run."),
        (published("would publish", "present"), "Nothing was uploaded: this was a dry run."),
    ],
)
def test_publish_says_what_was_uploaded_and_why_nothing_was(result, said):
    assert render.to_text("publish", result).splitlines()[-1].startswith(said)


SOUND = {"projects": 2, "releases": 3, "manifests": 3, "packs": 3, "bytes": 2000, "damages": [], "exit_code": 0}
VERIFIED = {"cache": "/c", "verified": 3, "damaged": [], "unchecked": []}
FOUND = {"damaged": [{"path": "/c/x", "what": "its content", "repaired": False}], "exit_code": 4}
INFO = {"cache": "/c", "environments": 1, "parts": {"objects": 10, "blobs": 2000}, "total": 2010}


@pytest.mark.parametrize(
    ("verb", "result", "says"),
    [
        ("verify", SOUND, ["All is sound: 2 projects, 3 packs, 2.0 kB."]),
        (
            "verify",
            SOUND | {"damages": [{"key": "projects/six/head", "reason": "gone"}]},
            ["1 object damaged, of 2 projects, 3 packs, 2.0 kB:", "Publish what is damaged again"],
        ),
        (
            "verify",
            SOUND | {"damages": [{"key": "catalog/projects/1", "reason": "cut"}], "repairable": True},
            ["1 object damaged", "cloudshelf verify --repair"],
        ),
        ("cache", INFO, ["/c: 2.0 kB for 1 environment", "blobs", "cache prune", "cache clear"]),
        ("cache", VERIFIED, ["All 3 files in /c are sound."]),
        ("cache", VERIFIED | FOUND, ["1 finding in /c, 3 files compared:", "/c/x", "cache verify --repair"]),
        ("cache", {"cache": "/c", "removed": 2, "kept": 0, "freed": 5}, ["Freed 5 B; removed 2 environments."]),
        ("cache", {"cache": "/c", "removed": 0, "kept": 1, "freed": 5}, ["0 environments.", "1 environment stayed"]),
    ],
)
def test_a_page_is_sentences_and_never_an_exit_code(verb, result, says):
    text = render.to_text(verb, result)
    assert all(each in text for each in says) and "exit_code" not in text


def test_columns_made_of_spaces_stay_columns_in_html():
    assert '<pre style="margin:0">version  1</pre>' in render.to_html("show", {"project": "six", "version": "1"})


def test_a_notebook_shows_the_beginning_of_a_very_long_table():
    files = [{"path": f"site/{i}.py", "size": 1} for i in range(3000)]
    result = {"project": "p", "version": "1", "wheels": [{"filename": "p.whl"}], "files": files}
    assert render.to_html("ls", result).count("<tr>") == 2 + 1 + MOST
    assert "… and 2940 more, which --json shows" in render.to_html("ls", result)
    assert render.to_text("ls", result).count("site/") == 3000


def test_a_requirement_has_a_line_of_its_own_since_it_has_commas():
    text = render.to_text("show", {"project": "p", "requires": ["six>=1,<2", "idna"]})
    assert text.splitlines()[1:] == ["requires  six>=1,<2", "          idna"]


def test_json_is_json():
    assert json.loads(render.to_json(STATUS)) == STATUS


class Bar:
    made: ClassVar[list["Bar"]] = []

    def __init__(self, **facts):
        self.facts, self.closed, self.n, self.total, self.what = facts, False, 0, facts["total"], None
        Bar.made.append(self)

    def set_postfix_str(self, text, refresh):
        self.what = text

    def refresh(self):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def bars():
    Bar.made.clear()
    return Bars(lambda: Bar, delay=0)


def test_one_bar_a_stage_and_none_for_what_is_done_at_once(bars):
    bars({"stage": "manifests", "done": 2, "total": 2, "unit": "files"})
    bars({"stage": "fetch", "done": 1, "total": 9, "unit": "B", "what": "numpy"})
    bars({"stage": "fetch", "done": 9, "total": 9, "unit": "B", "what": "numpy"})
    bars.close()
    assert [(bar.facts["desc"], bar.n, bar.closed) for bar in Bar.made] == [("fetch", 9, True)]


def test_a_stage_of_unknown_length_is_over_when_another_begins(bars):
    bars({"stage": "resolving"})
    bars({"stage": "fetch", "done": 1, "total": 9})
    assert [(bar.facts["desc"], bar.closed) for bar in Bar.made] == [("resolving", True), ("fetch", False)]
    bars.close()


def test_short_work_shows_no_bar():
    Bar.made.clear()
    Bars(lambda: Bar, delay=60)({"stage": "fetch", "done": 1, "total": 9})
    assert not Bar.made


def test_a_bar_is_full_when_the_work_is_done_and_not_when_it_failed(bars):
    bars({"stage": "verifying", "done": 1, "total": 9, "unit": "projects"})
    bars.close()
    bars({"stage": "verifying", "done": 1, "total": 9, "unit": "projects"})
    bars.close(finished=True)
    assert [bar.n for bar in Bar.made] == [1, 9]


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("numpy", "numpy"),
        ("mdurl-0.1.2-py3-none-any.whl, markdown_it", "mdurl-0.1.2-py3-none-any.wh…"),
        ("4ed3cebc73992ef54fa442ef0cd62050", ""),
        (None, ""),
    ],
)
def test_a_bar_says_what_it_works_on_in_a_few_words(bars, what, shown):
    bars({"stage": "fetch", "done": 1, "total": 9, "unit": "B", "what": what})
    assert Bar.made[0].what == shown


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"unit": "projects", "total": 9}, "| 1 of 9 projects [00:01"),
        ({"unit": "projects", "total": 0}, "stage: 00:01"),
        ({"unit": "B", "total": 9000}, "0.00/9.00k [00:01<?, ?B/s]"),
    ],
)
def test_only_bytes_have_a_rate(bars, event, line):
    from tqdm import tqdm

    bars({"stage": "stage", "done": 1} | event)
    facts = {k: v for k, v in Bar.made[0].facts.items() if k not in ("desc", "leave")}
    n = 0 if event["unit"] == "B" else 1
    assert line in tqdm.format_meter(n, elapsed=1, prefix="stage", **facts)
