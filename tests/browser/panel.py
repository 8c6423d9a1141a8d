"""The shelf's panel as a person meets it, over the hooks that docs/panel.md promises to tests (``data-…``)."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class Panel:
    """The sidebar of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def root(self) -> Locator:
        return self.page.locator('[data-cloudshelf="panel"]')

    @property
    def here(self) -> Locator:
        """The section "In this notebook"."""
        return self.root.locator('[data-section="notebook"]')

    @property
    def shelf(self) -> Locator:
        """The section "Shelf"."""
        return self.root.locator('[data-section="shelf"]')

    @property
    def details(self) -> Locator:
        """The tab with details that is in front."""
        return self.page.locator('[data-cloudshelf="details"]:visible')

    def open(self) -> None:
        """Click the icon in the sidebar, unless the panel is there."""
        if not self.root.is_visible():
            self.page.locator('.jp-SideBar .lm-TabBar-tab[data-id^="cloudshelf"]').first.click()
        expect(self.root).to_be_visible()

    # In this notebook

    def pin(self, project: str) -> Locator:
        return self.here.locator(f'[data-pin="{project}"]')

    def badges(self, project: str, *badges: str) -> None:
        """Wait until a pin has exactly these badges."""
        expect(self.pin(project)).to_have_attribute("data-badges", " ".join(sorted(badges)))

    def state(self, state: str) -> None:
        """Wait until the notebook's section is in this state."""
        expect(self.here).to_have_attribute("data-state", state)

    def fetched(self, project: str) -> int:
        return int(self.pin(project).get_attribute("data-fetched") or 0)

    def press(self, action: str, *, within: Locator | None = None) -> None:
        """Click the button of an action."""
        (within or self.root).locator(f'[data-action="{action}"]').first.click()

    def nothing_pinned(self) -> None:
        """Wait until the kernel has answered, and has no pins."""
        self.state("ready")
        expect(self.here.locator("[data-pin]")).to_have_count(0)

    def switch(self, project: str, version: str) -> Locator:
        """Choose another version of a pin; what would change, which is shown first."""
        self.act(self.pin(project), "switch")
        self.page.locator(".jp-Dialog select").select_option(version)
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        plan = self.page.locator('.jp-Dialog [data-cloudshelf="plan"]')
        expect(plan).to_be_visible()
        return plan

    def act(self, row: Locator, action: str) -> None:
        """Press a row's button, which may show only under the pointer."""
        row.hover()
        row.locator(f'[data-action="{action}"]').first.click()

    # The shelf

    def shelf_state(self, state: str) -> None:
        expect(self.shelf).to_have_attribute("data-state", state)

    @property
    def filter_box(self) -> Locator:
        return self.shelf.locator("jp-search input")

    def filter(self, text: str) -> None:
        self.filter_box.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def project(self, name: str) -> Locator:
        return self.shelf.locator(f'[data-project="{name}"]:not([data-version]):not([data-path])')

    def version(self, project: str, version: str) -> Locator:
        return self.shelf.locator(f'[data-project="{project}"][data-version="{version}"]:not([data-path])')

    def file(self, path: str) -> Locator:
        return self.shelf.locator(f'[data-path="{path}"]')

    def expand(self, row: Locator) -> None:
        """Open a row of the tree, by its keyboard."""
        row.focus()
        if row.get_attribute("aria-expanded") != "true":
            self.page.keyboard.press("ArrowRight")
        expect(row).to_have_attribute("aria-expanded", "true")

    def choose(self, row: Locator, label: str) -> None:
        """An entry of a row's context menu."""
        row.click(button="right")
        self.page.locator(".lm-Menu-item", has_text=label).click()

    def show_details(self, row: Locator) -> None:
        self.choose(row, "Show Details")
        expect(self.details).to_have_attribute("data-state", "ready")

    @property
    def readme(self) -> Locator:
        return self.details.locator('[data-section="readme"]')
