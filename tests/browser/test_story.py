"""The whole story, as a person walks it, on real distributions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage, poll

IMPORT = """\
import pandas, pathlib, time
print("imported", pandas.__version__)
while not pathlib.Path({flag!r}).exists():
    time.sleep(0.1)
"""


def test_from_an_empty_cache_to_a_restored_lock(lab: Lab, open_page: Callable[..., LabPage], tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    path = lab.notebook(
        "story.ipynb", IMPORT.format(flag=str(flag)), "import humanize\nhumanize.__version__", kernel=lab.python()
    )
    page = open_page(lab, path)
    panel = page.panel
    panel.open()
    panel.nothing_pinned()

    # filter, expand, use
    panel.shelf_state("ready")
    panel.filter("human")
    expect(panel.project("humanize")).to_be_visible()
    expect(panel.project("numpy")).to_have_count(0)
    panel.expand(panel.project("humanize"))
    expect(panel.version("humanize", "4.9.0")).to_be_visible()
    expect(panel.version("humanize", "4.12.0")).to_be_visible()
    panel.act(panel.version("humanize", "4.9.0"), "use")
    panel.badges("humanize", "pinned")
    expect(panel.pin("humanize")).to_contain_text("4.9.0")
    assert "%shelf use humanize==4.9.0" in page.sources[0]
    page.ran(0)

    # one more, into the same cell
    panel.filter("pandas")
    panel.act(panel.project("pandas"), "use")
    panel.badges("pandas", "pinned")
    expect(panel.pin("numpy")).to_be_visible()
    assert len([source for source in page.sources if "%shelf use" in source]) == 1

    # an import, live: the cell is still running when the panel knows
    page.start(1)
    panel.badges("pandas", "loaded")
    poll(page.page, lambda: panel.fetched("pandas") > 0, "bytes of pandas")
    expect(page.output(1)).to_contain_text("imported")
    expect(page.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    flag.touch()
    page.ran(1)

    # switch a version, seeing first what would change
    expect(panel.switch("humanize", "4.12.0")).to_contain_text("4.12.0")
    page.accept()
    expect(panel.pin("humanize")).to_contain_text("4.12.0")
    poll(page.page, lambda: "humanize==4.12.0" in page.sources[0], "the cell that a colleague runs")
    page.run(2)
    expect(page.output(2)).to_contain_text("4.12.0")
    panel.badges("humanize", "loaded")

    # the lock: into the notebook, and back from it
    panel.press("write-lock")
    poll(page.page, lambda: bool(lab.lock_in(path)), "the lock in the file")
    assert '"humanize"' in lab.lock_in(path)
    page.command("kernelmenu:restart")
    page.accept()
    page.idle()
    panel.nothing_pinned()
    panel.press("restore")
    panel.badges("humanize", "pinned")
    expect(panel.pin("humanize")).to_contain_text("4.12.0")
    expect(panel.pin("pandas")).to_be_visible()

    # another version, dragged in: it is a cell where it was dropped
    panel.filter("humanize")
    panel.expand(panel.project("humanize"))
    count = len(page.sources)
    panel.version("humanize", "4.9.0").drag_to(page.cell(2))
    poll(page.page, lambda: len(page.sources) == count + 1, "the cell")
    assert "%shelf use humanize==4.9.0" in page.sources

    # a file, and the README
    panel.expand(panel.version("humanize", "4.12.0"))
    panel.expand(panel.file("site/humanize"))
    panel.file("site/humanize/time.py").dblclick()
    editor = page.page.locator(".jp-FileEditor:visible")
    expect(editor).to_contain_text("timedelta")
    editor.locator(".cm-content").click()
    page.page.keyboard.type("typed")
    expect(editor).not_to_contain_text("typed")
    panel.show_details(panel.version("humanize", "4.12.0"))
    expect(panel.details).to_contain_text("humanize")
    expect(panel.readme).to_contain_text("humanization utilities")

    # all of it is there after a reload
    page.reload("cloudshelf-details", "site/humanize")
    expect(panel.root).to_be_visible()
    expect(panel.details).to_contain_text("humanize")
    expect(panel.file("site/humanize/time.py")).to_be_visible()
    page.page.locator(".lm-TabBar-tabLabel", has_text="story.ipynb").click()
    panel.badges("humanize", "pinned")
    assert page.metadata["cloudshelf"]
