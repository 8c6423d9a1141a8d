"""What somebody arranged in the panel is there after a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage, poll


def test_the_sizes_of_the_sections_and_which_are_closed(
    start_lab: Callable[..., Lab], open_page: Callable[..., LabPage]
) -> None:
    lab = start_lab("remembered")
    page = open_page(lab, lab.notebook("sizes.ipynb", kernel=lab.python()))
    page.panel.open()
    page.panel.nothing_pinned()
    before = _height(page)
    handle = page.panel.root.locator(".lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x, y - 60)
    page.page.mouse.move(x, y - 120)
    page.page.mouse.up()
    poll(page.page, lambda: _height(page) < before - 100, "the smaller section")
    smaller = _height(page)
    poll(page.page, lambda: _saved(page).get("sizes") == _sizes(page), "the sizes in the workspace")
    page.page.reload()
    page.ready()
    expect(page.panel.root).to_be_visible()
    poll(page.page, lambda: abs(_height(page) - smaller) < 4, "the size of before")

    page.panel.root.locator(".lm-AccordionPanel-title").first.click()
    expect(page.panel.here).to_be_hidden()
    poll(page.page, lambda: _saved(page).get("open") == [False, True], "the closed section")
    page.page.reload()
    page.ready()
    expect(page.panel.shelf).to_be_visible()
    expect(page.panel.here).to_be_hidden()


def _height(page: LabPage) -> float:
    box = page.panel.here.bounding_box()
    return box["height"] if box else 0.0


def _sizes(page: LabPage) -> list[float]:
    found: list[float] = page.page.evaluate(
        "() => [...window.jupyterapp.shell.widgets('left')].find(w => w.id === 'cloudshelf-panel')"
        ".content.relativeSizes()"
    )
    return found


def _saved(page: LabPage) -> dict[str, Any]:
    """What is written of the sections into the workspace."""
    data = page.lab.ask(f"/lab/api/workspaces/{page.workspace}")["data"]
    found: dict[str, Any] = data.get("cloudshelf:sections") or {}
    return found
