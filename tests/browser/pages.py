"""A page of Lab in a browser: what a person does there, and what went wrong in it meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

from .lab import Lab
from .panel import Panel

SLOW = 120_000  # milliseconds that a state may take to come, on a machine that others use
expect.set_options(timeout=SLOW)


class LabPage:
    """A browser's page on one notebook. ``page`` is playwright's."""

    def __init__(self, browser: Browser, lab: Lab, workspace: str, *, width: int = 1280, height: int = 800) -> None:
        self.lab = lab
        self.workspace = workspace
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, permissions=["clipboard-read", "clipboard-write"]
        )
        self._expected: list[str] = []
        self._problems: list[str] = []
        self.page = self.tab()
        self.panel = Panel(self.page)

    def tab(self) -> Page:
        """One more tab of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(SLOW)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._problems.append(f"error: {error.stack or error}"))
        page.on("response", self._response)
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))
        return page

    def open(self, path: str, *, kernel: bool = True) -> None:
        """Lab with the notebook in front; ``kernel``: wait until its kernel is idle."""
        self.page.goto(self.lab.page(path, self.workspace))
        self.ready(kernel=kernel)

    def open_in_notebook(self, page: str, path: str) -> None:
        """A page of Notebook 7: "notebooks", "tree", "edit" or "consoles"."""
        self.page.goto(f"{self.lab.url}/{page}/{quote(path)}?token={self.lab.token}")
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
        if page == "notebooks":
            self.idle()

    def reload(self, *saved: str) -> None:
        """As F5 does, once the workspace on the server has all of ``saved``; it is written a moment after a change."""

        def has_all() -> bool:
            workspace = json.dumps(self.lab.ask(f"/lab/api/workspaces/{self.workspace}"))
            return all(each in workspace for each in saved)

        poll(self.page, has_all, f"{saved} in the workspace")
        self.page.reload()
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def ready(self, *, kernel: bool = True) -> None:
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(self.notebook).to_be_visible()
        if kernel:
            self.idle()

    def idle(self) -> None:
        """Wait until the kernel has nothing to do. (The indicator in the toolbar says so before there is a kernel.)"""
        self.page.wait_for_function(f"() => {{ const n = {_NOTEBOOK}; {_IS_IDLE} }}")

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, number: int) -> Locator:
        return self.notebook.locator(".jp-Cell").nth(number)

    def output(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-OutputArea")

    def start(self, number: int) -> None:
        """Run a cell and go on."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, number: int) -> None:
        """Run a cell until it has its number."""
        self.start(number)
        self.ran(number)

    def ran(self, number: int) -> None:
        expect(self.cell(number).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"))

    def write(self, number: int, source: str) -> None:
        """Replace what a cell says, by typing."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    @property
    def sources(self) -> list[str]:
        """The cells of the notebook in front, as its model has them."""
        found = self.page.evaluate(f"() => ({_NOTEBOOK}).context.model.toJSON().cells.map(c => c.source)")
        return ["".join(each) for each in found]

    @property
    def metadata(self) -> dict[str, Any]:
        """The notebook's metadata, as its model has them."""
        found: dict[str, Any] = self.page.evaluate(f"() => ({_NOTEBOOK}).context.model.toJSON().metadata")
        return found

    def command(self, command: str, **args: object) -> None:
        """A command of Lab's, as a menu runs it: it may ask in a dialog, and is not waited for."""
        self.page.evaluate("([id, args]) => { window.jupyterapp.commands.execute(id, args); }", [command, args])

    def palette(self, label: str) -> None:
        """The command that the palette shows with this label, by keyboard."""
        self.page.keyboard.press("Control+Shift+C")
        box = self.page.locator(".lm-CommandPalette-input:visible")
        expect(box).to_be_focused()
        self.page.keyboard.type(label)
        expect(self.page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text(label)
        self.page.keyboard.press("Enter")

    def accept(self) -> None:
        """The dialog's default button."""
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)

    @property
    def clipboard(self) -> str:
        return str(self.page.evaluate("() => navigator.clipboard.readText()"))

    def shot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

    def expect_problems(self, *patterns: str) -> None:
        """What a test provokes is no surprise, whether the page has said it already or says it a moment later."""
        self._expected += patterns

    @property
    def problems(self) -> list[str]:
        """What the page reported and the test did not expect."""
        return [p for p in self._problems if not any(re.search(each, p, re.DOTALL) for each in self._expected)]

    def close(self) -> None:
        self.context.close()

    # What the page reports

    def _console(self, message: ConsoleMessage) -> None:
        # The browser's own line for a status of 400 and above says less than ``_response``.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._problems.append(f"{response.status}: {response.request.method} {response.url}")

    def _failed(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # a page that goes away, or a filter that was typed on
            self._problems.append(f"{why}: {url}")


_NOTEBOOK = "[...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.sessionContext && w.content.model)"

_IS_IDLE = (
    "const c = n && n.sessionContext; const k = c && c.isReady && c.session && c.session.kernel; "
    "return Boolean(k) && k.connectionStatus === 'connected' && k.status === 'idle';"
)


def poll(page: Page, ready: Callable[[], bool], what: str) -> None:
    """Wait for a state that is not in the page: ask as often as playwright does."""
    for _ in range(SLOW // 100):
        if ready():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{what} did not come")


def dump(problems: list[str]) -> str:
    return json.dumps(problems, indent=1)
