"""Asking for what is not on the shelf: the line that errors end in, and what it opens or prints."""

import json

import pytest

from .test_kernel import Kernel

URL = "https://tickets.example/new?title={name}+{version}&text={why}&on={python}+{platform}"


@pytest.fixture
def asking(shelf, cloudshelf):
    """The shelf, with a place for requests while the test runs."""
    cloudshelf("settings", "request-url", URL)
    yield shelf
    cloudshelf("settings", "request-url", "--unset")


@pytest.mark.parametrize(
    "words", [("show", "shelfnone"), ("lock", "shelfnone"), ("run", "--with", "shelfnone", "--", "true")]
)
def test_the_error_of_what_is_missing_ends_in_how_to_ask_for_it(shelf, cloudshelf, words):
    said = cloudshelf(*words, code=1).stderr
    assert said.endswith("To ask for it: %shelf request shelfnone (in a terminal: cloudshelf request shelfnone)\n")


def test_without_a_place_it_prints_what_to_send(shelf, cloudshelf):
    said = cloudshelf("request", "shelfnone==2", "--why", "for the demo", "--python", "3.12").stdout
    assert "names no place for requests" in said
    for line in (f"shelfnone==2 on the shelf {shelf}", "Python 3.12", "Why: for the demo", "publish shelfnone==2 --py"):
        assert line in said


def test_the_url_is_filled_in_and_opened_where_there_is_a_browser(asking, cloudshelf, tmp_path):
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    words = ("request", "shelfnone==2", "--why", "a & b")
    said = cloudshelf(*words, BROWSER=f"{browser} %s").stdout
    url = said.splitlines()[-1]
    assert url.startswith("https://tickets.example/new?title=shelfnone+2&text=a%20%26%20b&on=3.")
    assert opened.read_text() == f"{url}\n"
    cloudshelf(*words, "--no-browser", BROWSER=f"{browser} %s")
    assert json.loads(cloudshelf(*words, "--json", BROWSER=f"{browser} %s").stdout)["url"] == url
    assert opened.read_text().count("\n") == 1
    cloudshelf(*words, BROWSER="", DISPLAY="", WAYLAND_DISPLAY="")
    assert cloudshelf(*words, BROWSER="/not/there %s").stdout == said


def test_what_is_there_is_not_asked_for(asking, cloudshelf):
    assert "shelfone is on the shelf already, as 2.0, 1.0" in cloudshelf("request", "shelfone").stdout
    assert "tickets.example" in cloudshelf("request", "shelfone==3").stdout


def test_a_notebook_shows_a_link(asking, settings):
    kernel = Kernel(settings)
    try:
        kernel("%load_ext cloudshelf")
        assert kernel("%shelf use shelfnone").error.strip().endswith("cloudshelf request shelfnone)")
        shown = kernel("%shelf request shelfnone --why '<b>'")
        assert '<a href="https://tickets.example/new?title=shelfnone+&amp;text=%3Cb%3E' in shown.html
        assert "https://tickets.example/new?title=shelfnone+&text=%3Cb%3E" in shown.text
    finally:
        kernel.stop()


def test_a_place_that_nobody_should_open_is_refused_when_it_is_set(shelf, cloudshelf, tmp_path):
    said = cloudshelf("settings", "request-url", "javascript:alert(1)", code=2).stderr
    assert "not with http, https or mailto" in said
    new = f"file://{tmp_path / 'new'}"
    cloudshelf("init", new, "--request-url", "javascript:x", code=2)
    assert not (tmp_path / "new").exists()
    cloudshelf("init", new, "--request-url", URL)
    shown = json.loads(cloudshelf("settings", "--json", "--shelf", new).stdout)["settings"]
    assert {row["setting"]: row["value"] for row in shown if row["value"]} == {"request-url": URL}
