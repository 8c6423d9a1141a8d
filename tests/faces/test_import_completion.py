"""Tab in an import statement, in a real kernel: what an Enter could import, and nothing is pinned or brought for it."""

from pathlib import Path

import pytest

from .test_kernel import Kernel

TABS = {
    "import shelfo": ["shelfone"],
    "import shelf": ["shelfone", "shelfscript", "shelftwo"],
    "import json, shelft": ["shelftwo"],
    "import shelftwo as two, shelfo": ["shelfone"],
    "x = 1; import shelft": ["shelftwo"],
    "if True: import shelft": ["shelftwo"],
    "x = 1\nimport shelft": ["shelftwo"],
    "from shelfo": ["shelfone"],
    "from shelfone.la": ["shelfone.late"],
    "import shelfone.": ["shelfone.late"],
    "from shelfone import la": ["late"],
    "from shelfone import (other, la": ["late"],
    "import shelftwo.": [],
    "import shelfone.nothing": [],
    "import jso": ["json"],
    "from json import dec": ["decoder"],
}


def complete(kernel, text):
    return kernel.tab(text)


def settle(kernel):
    """Wait until the names were learned that ``%load_ext`` asks for."""
    code = "import threading\nfor t in threading.enumerate():\n    if t.name == 'cloudshelf-start': t.join(30)"
    assert kernel(code).status == "ok"


@pytest.fixture
def started(shelf, settings, tmp_path):
    """Starts kernels in an empty folder, the extension loaded, and ends them."""
    running = []

    def start(**environ):
        kernel = Kernel(settings | {"HOME": str(tmp_path)} | environ)
        running.append(kernel)
        shown = kernel("%load_ext cloudshelf")
        assert (shown.status, shown.text) == ("ok", "")
        settle(kernel)
        return kernel

    yield start
    for kernel in running:
        kernel.stop()


def test_tab_offers_modules_that_an_import_would_pin_and_brings_nothing(started, tmp_path):
    cache = tmp_path / "cache"
    kernel = started(CLOUDSHELF_CACHE=str(cache))
    found = {text: sorted(match for match in complete(kernel, text) if match in words) for text, words in TABS.items()}
    assert found == TABS
    assert all(match.startswith("shelf") for match in complete(kernel, "import shelf"))
    assert "Nothing is pinned yet" in kernel("%shelf").text
    assert not list(cache.glob("environments/*")) and not list(cache.glob("blobs/*/*"))
    assert kernel("import shelfone.late\nprint(shelfone.late.x)").text.endswith("1\n")


def test_once_it_is_imported_the_kernel_itself_knows_what_is_in_it(started):
    kernel = started()
    assert kernel("import shelfone").status == "ok"
    assert set(complete(kernel, "from shelfone.la")) == {"shelfone.late"}
    assert "version" in complete(kernel, "from shelfone import vers")


def test_the_first_tab_needs_no_answer_of_the_shelf(started, shelf):
    kernel = started()
    folder = Path(shelf.removeprefix("file://"))
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        assert kernel.press_tab("%shelf use shelft") == ["shelftwo"]
        assert "shelftwo" in kernel.press_tab("import shelft")
    finally:
        aside.rename(folder)


@pytest.mark.parametrize("url", ["", "file:///nowhere/at/all"])
def test_without_a_shelf_imports_complete_as_ever(started, url):
    kernel = started(CLOUDSHELF_URL=url)
    assert "json" in complete(kernel, "import jso")
    assert complete(kernel, "import shelfo") == []
    assert kernel("print(1)").text == "1\n"


def test_what_is_installed_is_not_asked_of_the_shelf(started, tmp_path):
    kernel = started()
    (tmp_path / "shelfone").mkdir()
    (tmp_path / "shelfone/__init__.py").touch()
    (tmp_path / "shelfone/own.py").touch()
    kernel("import sys; sys.path.insert(0, '')")
    assert set(complete(kernel, "from shelfone.")) == {"shelfone.own"}


def test_unloading_takes_the_words_away(started):
    kernel = started()
    assert "shelfone" in complete(kernel, "import shelfo")
    kernel("%unload_ext cloudshelf")
    assert complete(kernel, "import shelfo") == []
