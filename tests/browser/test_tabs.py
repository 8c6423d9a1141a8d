"""Two tabs on one notebook, and a page that goes away in the middle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import S3Server
from tools.fault_proxy import FaultProxy, Hold, faulty

from .lab import Lab
from .pages import LabPage
from .panel import Panel


@pytest.fixture(scope="module")
def proxy(seaweed_server: S3Server) -> Iterator[FaultProxy]:
    with faulty(seaweed_server.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def s3_lab(
    start_lab: Callable[..., Lab], published_on_seaweed: str, seaweed_server: S3Server, proxy: FaultProxy
) -> Lab:
    """Lab on the shelf in a bucket, behind a proxy."""
    return start_lab("s3", CLOUDSHELF_URL=published_on_seaweed, **seaweed_server.environ(endpoint=proxy.endpoint))


def test_two_tabs_of_one_notebook_show_the_same(s3_lab: Lab, open_page: Callable[..., LabPage]) -> None:
    path = s3_lab.notebook("two.ipynb", "%shelf use humanize", kernel=s3_lab.python())
    page = open_page(s3_lab, path)
    page.panel.open()
    page.panel.nothing_pinned()
    second = page.tab()
    second.goto(s3_lab.page(path, f"{page.workspace}-second"))
    other = Panel(second)
    other.open()
    other.nothing_pinned()
    page.page.bring_to_front()
    page.run(0)
    page.panel.badges("humanize", "pinned")
    other.badges("humanize", "pinned")
    other.act(other.pin("humanize"), "drop")
    expect(page.panel.pin("humanize")).to_have_count(0)
    expect(other.pin("humanize")).to_have_count(0)
    page.panel.nothing_pinned()
    page.expect_problems("Comm not found")  # Lab's word for a message to the other tab, which all tabs get


def test_a_reload_in_the_middle_of_a_fetch(
    s3_lab: Lab, open_page: Callable[..., LabPage], proxy: FaultProxy, tmp_path: Path
) -> None:
    kernel = s3_lab.python(CLOUDSHELF_TIMEOUT="120")  # a page takes its time to load while the shelf is silent
    path = s3_lab.notebook("fetch.ipynb", "%shelf use pandas", "import pandas\nprint('here')", kernel=kernel)
    page = open_page(s3_lab, path)
    page.panel.open()
    page.run(0)
    page.panel.badges("pandas", "pinned")
    slow = Hold()
    proxy.fail(slow, path="/pack/", nth=3, times=100_000)
    page.start(1)
    assert slow.held.wait(120)
    page.page.reload()
    page.ready(kernel=False)
    page.panel.open()  # it is closed where the page had no time to remember that it was open
    page.panel.state("ready")
    page.panel.badges("pandas", "loaded")  # as Python has it from the first line of its import on
    expect(page.panel.here.locator('[data-notice="busy"]')).to_contain_text(re.compile("importing .* waiting for"))
    proxy.heal()
    slow.release()
    page.idle()
    page.panel.badges("pandas", "loaded")
    assert page.panel.fetched("pandas") > 0
