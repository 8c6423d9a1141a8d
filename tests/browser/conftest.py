"""One Lab and one browser for all browser tests of a worker; a page, a workspace, a notebook and a cache for each test.

Fixtures are the package's, not the session's: playwright's loop would be in the way of other tests that run loops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from .browsers import NoBrowser, launch
from .lab import Lab, running_lab
from .pages import LabPage, dump

OPTIONS = ("--LabApp.expose_app_in_browser=True",)


def pytest_itemcollected(item: pytest.Item) -> None:
    """One worker runs all of them, while the others run the rest."""
    if Path(__file__).parent in item.path.parents:
        item.add_marker(pytest.mark.xdist_group("browser"))
        item.add_marker(pytest.mark.timeout(600))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with sync_playwright() as playwright, launch(playwright) as launched:
            yield launched
    except NoBrowser as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.fixture(scope="package")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Lab]]:
    """Starts a server with these variables; it ends with the last test."""
    with ExitStack() as stack:

        def start(name: str, *options: str, program: str = "lab", **environ: str) -> Lab:
            folder = tmp_path_factory.mktemp(name)
            return stack.enter_context(running_lab(folder, environ, *OPTIONS, *options, program=program))

        yield start


@pytest.fixture(scope="package")
def lab(start_lab: Callable[..., Lab], published_shelf: Path) -> Lab:
    """Lab on the shelf of real distributions."""
    return start_lab("lab", CLOUDSHELF_URL=published_shelf.as_uri())


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., LabPage]]:
    """Opens a page of a lab on a notebook. After a failure: a picture, and what the page and the server said."""
    pages: list[LabPage] = []

    def make(lab: Lab, path: str, *, kernel: bool = True, notebook7: str = "", **options: Any) -> LabPage:
        page = LabPage(browser, lab, f"w{next(lab.labels)}", **options)
        pages.append(page)
        if notebook7:
            page.open_in_notebook(notebook7, path)
        else:
            page.open(path, kernel=kernel)
        return page

    yield make
    failed = request.node.stash.get(FAILED, False)
    for page in pages:
        if failed:
            page.shot(tmp_path / f"{page.workspace}.png")
            print(f"picture: {tmp_path / page.workspace}.png\n{dump(page.problems)}\n{page.lab.said[-3000:]}")
        page.close()
    for lab in {id(page.lab): page.lab for page in pages}.values():
        lab.stop_kernels()
    if not failed:
        problems = [problem for page in pages for problem in page.problems]
        assert not problems, dump(problems)
