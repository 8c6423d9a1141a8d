"""What a person does without a mouse: the palette, Tab, arrows, Enter, the context-menu key."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from .pages import LabPage

# What has the focus shows it: an outline, a ring of a shadow, or (boxes with a shadow tree of their own) a border.
_IS_SHOWN = """() => {
    let e = document.activeElement;
    const row = e.getAttribute('role') === 'tree' && e.querySelector('[data-active]');
    e = row || e;
    if (e.shadowRoot) return true;
    const style = getComputedStyle(e);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
}"""


class Keys:
    """The keyboard of one page."""

    def __init__(self, page: LabPage) -> None:
        self.page = page
        self.press = page.page.keyboard.press
        self.type = page.page.keyboard.type

    def filter(self) -> None:
        """Into the filter, from wherever the focus is."""
        self.page.palette("Filter the Shelf")
        expect(self.page.panel.root).to_be_visible()
        expect(self.page.panel.filter_box).to_be_focused()

    def clear(self) -> None:
        """An empty filter, and the focus in it."""
        self.filter()
        self.press("Control+A")
        self.press("Delete")

    def tab_to(self, wanted: Locator, *, from_filter: bool = True) -> None:
        """Press Tab until ``wanted`` has the focus, and shows it; what Tab does not reach no keyboard does."""
        expect(wanted).to_be_visible()
        if from_filter:
            self.filter()
        for key in ("Tab", "Shift+Tab"):
            for _ in range(60):
                if wanted.evaluate("e => e === document.activeElement || e.contains(document.activeElement)"):
                    assert self.is_shown(), f"nobody sees that {wanted} has the focus"
                    return
                self.press(key)
        raise AssertionError(f"no number of Tabs leads to {wanted}")

    def is_shown(self) -> bool:
        """Whether what has the focus can be seen to have it."""
        return bool(self.page.page.evaluate(_IS_SHOWN))

    def choose(self, label: str) -> None:
        """An entry of the active row's menu, by arrows."""
        self.press("Shift+F10")
        menu = self.page.page.locator(".lm-Menu")
        expect(menu).to_be_visible()
        for _ in range(menu.locator(".lm-Menu-item").count() + 1):
            self.press("ArrowDown")
            if label in (menu.locator(".lm-mod-active").text_content() or ""):
                self.press("Enter")
                return
        raise AssertionError(f"{label} is not in the menu: {menu.inner_text()}")

    def accept(self, text: str) -> None:
        """The default button of the dialog that says ``text``."""
        dialog = self.page.page.locator(".jp-Dialog")
        expect(dialog).to_contain_text(text)
        self.page.page.wait_for_function(
            "() => document.activeElement && document.activeElement.closest('.jp-Dialog') !== null"
        )
        self.press("Enter")
        expect(dialog.filter(has_text=text)).to_have_count(0)
