"""The real JupyterLab comes up in the real browser, with the panel in it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage


def test_a_notebook_runs_in_a_kernel_with_the_shelf(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("first.ipynb", "print(6 * 7)\n%shelf", kernel=lab.python()))
    page.run(0)
    expect(page.output(0)).to_contain_text("42")
    assert page.sources == ["print(6 * 7)\n%shelf"]
