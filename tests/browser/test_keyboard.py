"""Everything without a mouse: the palette, arrows, Enter, the context-menu key, Tab and Escape."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage, poll


def test_the_story_without_a_mouse(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    path = lab.notebook("keys.ipynb", "import humanize\nhumanize.__version__", kernel=lab.python())
    page = open_page(lab, path)
    panel, keys = page.panel, page.page.keyboard
    active = panel.shelf.locator("[data-active]")  # what the tree's aria-activedescendant names

    # into the panel, filter, down into the tree, open the project, on to a version
    _filter(page)
    panel.nothing_pinned()
    keys.type("humanize")
    expect(panel.shelf.locator("[data-project]:not([data-version])")).to_have_count(1)
    keys.press("ArrowDown")
    expect(active).to_have_attribute("data-project", "humanize")
    keys.press("ArrowRight")
    expect(panel.version("humanize", "4.9.0")).to_be_visible()
    keys.press("End")
    expect(active).to_have_attribute("data-version", "4.9.0")

    # use it from the context menu
    keys.press("Shift+F10")
    _choose(page, "Use in This Notebook")
    panel.badges("humanize", "pinned")

    # the pin: switch its version
    _tab_to(page, panel.pin("humanize").locator('[data-action="switch"]'))
    keys.press("Enter")
    expect(page.page.locator(".jp-Dialog select")).to_be_focused()
    keys.type("4.12.0")
    keys.press("Enter")
    expect(page.page.locator('.jp-Dialog [data-cloudshelf="plan"]')).to_contain_text("4.12.0")
    keys.press("Enter")
    expect(panel.pin("humanize")).to_contain_text("4.12.0")

    # write the lock, drop the pin, restore it
    _tab_to(page, panel.here.locator('[data-action="write-lock"]').first)
    keys.press("Enter")
    poll(page.page, lambda: bool(lab.lock_in(path)), "the lock in the file")
    _tab_to(page, panel.pin("humanize").locator('[data-action="drop"]'))
    keys.press("Enter")
    expect(panel.pin("humanize")).to_have_count(0)
    poll(page.page, lambda: not any("%shelf use" in source for source in page.sources), "cells that ask for nothing")
    _tab_to(page, panel.here.locator('[data-action="restore"]').first)
    keys.press("Enter")
    panel.badges("humanize", "pinned")

    # details and a file
    _filter(page)
    keys.press("ArrowDown")
    expect(active).to_have_attribute("data-project", "humanize")
    keys.press("Shift+F10")
    _choose(page, "Show Details")
    expect(panel.readme).to_be_visible()
    _filter(page)
    keys.press("ArrowDown")
    keys.press("End")
    keys.press("ArrowRight")
    expect(panel.file("site")).to_be_visible()
    for folder in ("site", "site/humanize"):
        keys.press("ArrowRight")
        expect(active).to_have_attribute("data-path", folder)
        keys.press("ArrowRight")
    expect(panel.file("site/humanize/time.py")).to_be_visible()
    keys.press("End")
    keys.press("Enter")
    expect(page.page.locator(".jp-Document:visible, .jp-MainAreaWidget:visible").first).to_be_visible()


def test_every_action_is_a_command_with_a_label(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("commands.ipynb", kernel=lab.python()))
    labels: dict[str, str] = page.page.evaluate(
        "() => Object.fromEntries(window.jupyterapp.commands.listCommands()"
        ".filter(id => id.startsWith('cloudshelf:')).map(id => [id, window.jupyterapp.commands.label(id)]))"
    )
    actions = {
        *("use", "drop", "switch-version", "write-lock", "restore-lock", "copy-requirement", "show-details"),
        *("open-file", "copy-to-workspace", "open-drive", "show-waterfall", "refresh", "new-notebook-from-lock"),
        *("load-extension", "focus-filter"),
    }
    assert actions <= {name.removeprefix("cloudshelf:") for name in labels}
    assert all(labels.values()), labels


def _filter(page: LabPage) -> None:
    """Into the filter, from wherever the focus is."""
    page.palette("Filter the Shelf")
    expect(page.panel.root).to_be_visible()
    expect(page.panel.filter_box).to_be_focused()


def _tab_to(page: LabPage, wanted) -> None:
    """Press Tab until ``wanted`` has the focus; what Tab does not reach is not there for a keyboard."""
    expect(wanted).to_be_visible()
    _filter(page)
    for key in ("Tab", "Shift+Tab"):
        for _ in range(40):
            if wanted.evaluate("e => e === document.activeElement || e.contains(document.activeElement)"):
                return
            page.page.keyboard.press(key)
    raise AssertionError("no number of Tabs leads to it")


def _choose(page: LabPage, label: str) -> None:
    """The entry of the open menu, by arrows."""
    menu = page.page.locator(".lm-Menu")
    expect(menu).to_be_visible()
    for _ in range(menu.locator(".lm-Menu-item").count() + 1):
        page.page.keyboard.press("ArrowDown")
        if label in (menu.locator(".lm-mod-active").text_content() or ""):
            page.page.keyboard.press("Enter")
            return
    raise AssertionError(f"{label} is not in the menu: {menu.inner_text()}")
