"""What the panel says of kernels that cannot serve it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage

WAIT = "import pathlib, time\nwhile not pathlib.Path({flag!r}).exists():\n    time.sleep(0.1)"


def test_no_notebook_in_front(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("closed.ipynb", kernel=lab.python()))
    page.panel.open()
    page.command("docmanager:save")
    expect(page.page.locator(".jp-mod-dirty")).to_have_count(0)
    page.command("application:close")
    page.panel.state("empty")
    page.panel.shelf_state("ready")


def test_a_kernel_without_the_extension_gets_it_at_a_press(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("plain.ipynb", "1 + 1", kernel=lab.python(loaded=False)))
    page.panel.open()
    page.panel.state("no-extension")
    page.panel.press("load-extension")
    page.panel.nothing_pinned()
    page.run(0)
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:")  # nothing of ours was counted


def test_a_kernel_without_cloudshelf_says_what_to_install(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("bare.ipynb", kernel=lab.other("bare.py", "python")))
    page.panel.open()
    page.panel.state("no-extension")
    page.panel.press("load-extension")
    expect(page.page.locator(".jp-Dialog")).to_contain_text("No module named 'cloudshelf'")
    page.page.keyboard.press("Escape")
    expect(page.page.locator(".jp-Dialog")).to_have_count(0)
    page.panel.state("no-extension")


def test_a_notebook_without_a_kernel(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("none.ipynb", kernel=lab.python()))
    page.panel.open()
    page.panel.nothing_pinned()
    page.command("kernelmenu:shutdown")
    page.panel.state("no-kernel")


def test_a_dead_kernel(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("dead.ipynb", kernel=lab.other("mortal.py", "python")))
    page.panel.open()
    page.panel.state("no-extension")
    lab.kill_kernel("dead.ipynb")
    page.panel.state("dead")
    expect(page.panel.here.locator('[data-action="restart"]')).to_be_visible()
    page.panel.shelf_state("ready")
    page.expect_problems("Canceled future for create_subshell_request")  # Lab's own, when a kernel dies


def test_a_busy_kernel_still_takes_what_is_asked(lab: Lab, open_page: Callable[..., LabPage], tmp_path: Path) -> None:
    """While a cell runs: a setting without a cell pins, and the panel shows it."""
    flag = tmp_path / "go on"
    lab.user_settings("cloudshelf/panel", {"useWithoutCell": True})
    page = open_page(lab, lab.notebook("busy.ipynb", WAIT.format(flag=str(flag)), kernel=lab.python()))
    page.panel.open()
    page.panel.nothing_pinned()
    page.start(0)
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[*]:")
    page.panel.act(page.panel.project("humanize"), "use")
    page.panel.badges("humanize", "pinned")
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[*]:")
    assert not [source for source in page.sources if "%shelf use" in source]
    flag.touch()
    page.idle()
    lab.user_settings("cloudshelf/panel", {})


def test_a_reload_while_a_cell_runs_finds_the_pins(lab: Lab, open_page: Callable[..., LabPage], tmp_path: Path) -> None:
    """A kernel's shell tells a page that is new nothing until the cell is done; its control channel does."""
    flag = tmp_path / "go on"
    cell = "%shelf use humanize\n" + WAIT.format(flag=str(flag))
    page = open_page(lab, lab.notebook("reloaded.ipynb", cell, kernel=lab.python()))
    page.panel.open()
    page.start(0)
    page.panel.badges("humanize", "pinned")
    page.page.reload()
    page.ready(kernel=False)
    page.panel.open()  # it is closed where the page had no time to remember that it was open
    page.panel.state("ready")
    page.panel.badges("humanize", "pinned")
    page.panel.shelf_state("ready")
    page.panel.act(page.panel.pin("humanize"), "drop")  # and it is obeyed
    page.panel.nothing_pinned()
    flag.touch()
    page.idle()


def test_a_kernel_without_subshells_says_after_a_reload_that_it_runs_a_cell(
    lab: Lab, open_page: Callable[..., LabPage], tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    cell = "%shelf use humanize\n" + WAIT.format(flag=str(flag))
    page = open_page(lab, lab.notebook("older.ipynb", cell, kernel=lab.python(subshells=False)))
    page.panel.open()
    page.panel.nothing_pinned()
    page.start(0)
    page.panel.badges("humanize", "pinned")  # what the kernel sends by itself comes all the same
    page.page.reload()
    page.ready(kernel=False)
    page.panel.state("busy")
    flag.touch()
    page.panel.badges("humanize", "pinned")


def test_a_kernel_of_another_language(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("echo.ipynb", "hello", kernel=lab.other("echo.py", "echo")))
    page.panel.open()
    page.panel.state("not-python")
    expect(page.panel.here.locator('[data-action="load-extension"]')).to_have_count(0)
    page.run(0)
    expect(page.output(0)).to_contain_text("hello")
    page.panel.shelf_state("ready")


def test_a_kernel_that_is_replaced(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    """From another language to Python, and the panel follows."""
    page = open_page(lab, lab.notebook("changed.ipynb", kernel=lab.other("echo.py", "echo")))
    page.panel.open()
    page.panel.state("not-python")
    name = lab.python()
    page.page.evaluate(
        "name => [...window.jupyterapp.shell.widgets('main')].find(w => w.sessionContext)"
        ".sessionContext.changeKernel({ name })",
        name,
    )
    page.panel.nothing_pinned()
