"""Debian's chromium, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking")


class NoBrowser(Exception):
    """This machine has none; the words say what to do."""


@contextmanager
def launch(playwright: Playwright) -> Iterator[Browser]:
    """A browser without a window; raises NoBrowser where there is none on PATH."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise NoBrowser(f"None of {', '.join(_NAMES)} is on PATH, and browser tests need one: apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
    try:
        yield browser
    finally:
        browser.close()
