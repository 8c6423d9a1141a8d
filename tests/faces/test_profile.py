"""What the last imports took: rows out of a timeline, the picture in both forms, and both faces for real."""

import json
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from cloudshelf import render
from cloudshelf.errors import UsageError
from cloudshelf.language import grammar
from cloudshelf.render.waterfall import MOST, draw_bars, draw_svg, read_rows, total_seconds, worth_showing

from .conftest import make_wheel
from .test_kernel import Kernel

TIMELINE = {  # thread, module, begin, end, source, file
    "spans": [
        [1, "numpy.core", 10.2, 10.4, "fetched", 2],
        [1, "numpy", 10.1, 10.5, "fetched", 1],
        [1, "pandas", 10.0, 11.0, "cached", 0],
        [2, "other", 10.1, 10.2, "installed", -1],
        [1, "six", 99.0, 99.5, "cached", 3],
    ],
    "waits": [[1, 10.25, 10.35, 2], [2, 10.15, 10.16, 1], [1, 50.0, 51.0, 9]],
}


def test_rows_are_nested_by_time_and_thread_and_pauses_between_imports_are_left_out():
    rows = read_rows(TIMELINE)
    assert [(r["module"], r["depth"], round(r["start"], 3)) for r in rows] == [
        ("pandas", 0, 0.0), ("numpy", 1, 0.1), ("numpy.core", 2, 0.2), ("other", 0, 1.0), ("six", 0, 1.1),
    ]  # fmt: skip
    assert total_seconds(rows) == pytest.approx(1.6)


def test_who_waits_is_who_was_being_imported_on_the_same_thread():
    waited = {r["module"]: (round(r["waited"], 3), r["files"]) for r in read_rows(TIMELINE)}
    assert waited == {"pandas": (0.1, 2), "numpy": (0.1, 2), "numpy.core": (0.1, 2), "other": (0.01, 1), "six": (0, 0)}


def test_the_last_imports_are_the_last_of_the_outermost_level():
    assert [r["module"] for r in read_rows(TIMELINE, 1)] == ["six"]
    assert read_rows({"spans": [], "waits": []}) == []


def test_a_number_of_imports_is_not_below_zero():
    with pytest.raises(UsageError, match="1 or more, or 0 for all"):
        grammar.parse_line("profile --last -1")


def test_what_was_seen_twice_is_one_row_and_the_loader_knows_where_it_came_from():
    spans = [
        [1, "a", 0.0, 1.0, "cached", -1],
        [1, "a", 0.1, 0.9, "fetched", 5],
        [1, "a.b", 0.2, 0.8, "cached", -1],
        [1, "a.b", 0.3, 0.7, "fetched", 6],
        [1, "c", 0.4, 0.5, "installed", -1],
    ]
    rows = read_rows({"spans": spans, "waits": []})
    assert [(r["module"], r["depth"], r["source"]) for r in rows] == [
        ("a", 0, "fetched"), ("a.b", 1, "fetched"), ("c", 2, "installed"),
    ]  # fmt: skip


def test_the_picture_keeps_the_longest_rows_in_their_order():
    spans = [[1, f"m{i}", float(i), i + (0.9 if i % 2 else 0.001), "cached", i] for i in range(200)]
    shown = worth_showing(read_rows({"spans": spans, "waits": []}))
    assert len(shown) == MOST and all(int(row["module"][1:]) % 2 for row in shown)
    assert [row["start"] for row in shown] == sorted(row["start"] for row in shown)


RESULT = {"imports": read_rows(TIMELINE), "seconds": 1.6, "statistics": {"requests": 3, "bytes": 12_000_000}}


def test_the_text_says_what_how_long_and_fetched_or_cached():
    text = render.to_text("profile", RESULT)
    assert "3 imports of 5 modules took 1.6 s, 110 ms of it waiting for 3 files." in text
    assert "2 modules fetched, 3 there before." in text
    assert re.search(r"^  numpy +400 ms +100 ms +fetched +░+█+$", text, re.MULTILINE)
    assert re.search(r"^six +500 ms +cached +█+$", text, re.MULTILINE)
    assert "Received 12.0 MB with 3 requests." in text


def test_bars_begin_where_their_import_began_and_are_as_long_as_it_took():
    rows = read_rows(TIMELINE)
    pandas, numpy, *_, six = draw_bars(rows)
    assert len(pandas) == 25 and numpy.index("░") == 2 and len(six.strip()) == 12 and len(six) == 39


def test_the_html_has_the_same_rows_as_an_svg_in_the_themes_colours():
    html = render.to_html("profile", RESULT)
    svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", html)[0])
    space = {"s": "http://www.w3.org/2000/svg"}
    legend, texts = [e.text for e in svg.findall(".//s:text", space)][:2], svg.findall(".//s:text", space)[2:]
    assert legend == ["waited for files", "ran"]
    assert [e.text for e in texts[::2]] == ["pandas", "numpy", "numpy.core", "other", "six"]
    assert [e.text for e in texts[1::2]][:2] == ["1.0 s cached", "400 ms fetched"]
    assert "numpy.core: 200 ms, 100 ms wait, fetched" in [e.text for e in svg.findall(".//s:title", space)]
    assert "currentColor" in html and "var(--jp-brand-color1" in html and "black" not in html and "white" not in html
    assert render.Answer("profile", RESULT)._repr_html_() is not None


def test_a_module_of_any_name_is_shown_whole_or_by_its_end_and_escaped():
    row = {"module": "<b>" + "x" * 80, "depth": 3, "start": 0.0, "seconds": 1.0, "waited": 0.0, "files": 0}
    svg = draw_svg([row], ["&"], ["&"])
    ElementTree.fromstring(svg)
    assert "…xxx" in svg and "<b>" not in svg


@pytest.fixture
def kernel(shelf, settings, tmp_path):
    running = Kernel(settings | {"CLOUDSHELF_CACHE": str(tmp_path / "cache")})
    assert running("%load_ext cloudshelf").status == "ok"
    yield running
    running.stop()


@pytest.fixture(scope="module")
def heavy(shelf, cloudshelf, tmp_path_factory):
    """A distribution that sleeps while it is imported, so that it is on every picture."""
    modules = {"heavy/__init__.py": "from . import part\n", "heavy/part.py": "import time; time.sleep(0.05)\n"}
    cloudshelf("publish", "--no-deps", make_wheel(tmp_path_factory.mktemp("heavy"), "heavy", "1.0", modules))


def rows_of(kernel, line="%shelf profile --json"):
    return json.loads(kernel(line).text)["imports"]


def test_profile_shows_the_last_imports_of_a_kernel_by_itself(kernel, heavy):
    assert "Nothing was measured" in kernel("%shelf profile").text
    kernel("%shelf use heavy\nimport heavy")
    shown = kernel("%shelf profile")
    assert re.search(r"heavy +\d+ ms +.*fetched", shown.text) and "<svg" in shown.html
    assert [(r["module"], r["depth"], r["source"]) for r in rows_of(kernel)] == [
        ("heavy", 0, "fetched"), ("heavy.part", 1, "fetched"),
    ]  # fmt: skip


def test_a_cell_is_measured_whole_whatever_it_imports(kernel, heavy):
    kernel("%shelf use heavy\n%shelf fill")
    kernel("import sys; sys.modules.pop('wave', None)")
    shown = kernel("%%shelf profile\nimport heavy, wave\n20 + 1")
    assert shown.status == "ok", shown.error
    assert "21" in shown.text and re.search(r"heavy +\d+ ms", shown.text)
    sources = {r["module"]: r["source"] for r in rows_of(kernel)}
    assert sources["heavy.part"] in ("cached", "fetched") and sources["wave"] == "installed"
    kernel("import importlib._bootstrap as b; print(b._find_and_load.__module__)")
    assert "importlib" in kernel("print(b._find_and_load.__module__)").text


def test_zero_step_works_in_a_measured_cell_and_an_error_of_the_cell_is_its_error(kernel, heavy):
    shown = kernel("%%shelf profile\nimport heavy")
    assert "heavy 1.0, the shelf's default, is pinned now" in shown.text
    shown = kernel("%%shelf profile\nimport sys\n1 / 0")
    assert shown.status == "error" and "ZeroDivisionError" in shown.error
    shown = kernel("%%shelf profile\nimport nothing_at_all_of_that_name")
    assert "No module named" in shown.error
    assert "importlib" in kernel("import importlib._bootstrap as b; print(b._find_and_load.__module__)").text


def profiled(cloudshelf, *words, **options):
    return cloudshelf("run", "--profile", "--with", "heavy", "--", *words, **options)


def test_run_shows_the_picture_at_the_end_on_stderr(heavy, cloudshelf, tmp_path):
    cache = str(tmp_path / "cache")
    done = profiled(cloudshelf, "python", "-c", "import heavy; print('done')", CLOUDSHELF_CACHE=cache)
    assert done.stdout == "done\n"
    assert re.search(r"heavy +\d+ ms +.*fetched", done.stderr) and "ran" in done.stderr
    cloudshelf("run", "--fill", "--with", "heavy", "--", "true", CLOUDSHELF_CACHE=cache)
    done = profiled(cloudshelf, "python", "-c", "import heavy", CLOUDSHELF_CACHE=cache)
    assert re.search(r"heavy +\d+ ms +cached", done.stderr)


def test_run_with_a_picture_ends_as_the_command_does(heavy, cloudshelf, settings):
    done = profiled(cloudshelf, "python", "-c", "import heavy; raise SystemExit(7)", code=7)
    assert "heavy" in done.stderr
    assert "No import was seen" in profiled(cloudshelf, "true").stderr
    assert "more process" in profiled(cloudshelf, "python", "-c", f"import subprocess; {TWO}").stderr
    words = [sys.executable, "-m", "cloudshelf", "run", "--profile", "--with", "heavy", "--", "python", "-u", "-c"]
    code = "import heavy, time; print('ready')\nwhile True: time.sleep(0.05)"
    process = subprocess.Popen([*words, code], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


TWO = "[subprocess.run(['python', '-c', 'import heavy'], check=True) for _ in range(2)]"
