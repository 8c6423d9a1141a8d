"""axe-core finds no serious or critical violation, in either theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from .axe import violations
from .lab import Lab
from .pages import LabPage


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    lab.theme(request.param)
    yield request.param
    lab.theme("JupyterLab Light")


def test_panel_and_details(lab: Lab, open_page: Callable[..., LabPage], theme: str) -> None:
    page = open_page(lab, lab.notebook("axe.ipynb", "%shelf use humanize", kernel=lab.python()))
    panel = page.panel
    panel.open()
    assert violations(page.page, '[data-cloudshelf="panel"]') == []
    page.run(0)
    panel.badges("humanize", "pinned")
    panel.filter("humanize")
    panel.expand(panel.project("humanize"))
    panel.expand(panel.version("humanize", "4.9.0"))
    expect(panel.file("site/humanize")).to_be_visible()
    assert violations(page.page, '[data-cloudshelf="panel"]') == []
    panel.show_details(panel.version("humanize", "4.9.0"))
    expect(panel.readme).to_be_visible()
    assert violations(page.page, '[data-cloudshelf="details"]') == []
    assert violations(page.page, "#jp-main-statusbar") == []


def test_a_kernel_without_the_extension(lab: Lab, open_page: Callable[..., LabPage], theme: str) -> None:
    page = open_page(lab, lab.notebook("axe2.ipynb", kernel=lab.python(loaded=False)))
    page.panel.open()
    page.panel.state("no-extension")
    assert violations(page.page, '[data-cloudshelf="panel"]') == []
