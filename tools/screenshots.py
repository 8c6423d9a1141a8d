"""``make screenshots``: the panel as people see it, light and dark, wide and narrow, into docs/screenshots/.

Look at them when you change the panel. They are taken of a real JupyterLab, from an empty cache, on a shelf of their
own: its history names a curator, and not whoever takes pictures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import demo

from tests.browser.browsers import launch
from tests.browser.lab import Lab, running_lab
from tests.browser.pages import LabPage

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
SIZES = {"wide": (1440, 900), "narrow": (900, 700)}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
SHELF = demo.FOLDER / "pictures"
WHEELS = ((*demo.DEMO, "humanize==4.9.0"), ("humanize==4.12.0",))
# ann@research, whatever this machine and its user are called
CURATOR = """
import socket, sys
socket.gethostname = lambda: "research"
from cloudshelf.command.cli import main
sys.exit(main(sys.argv[1:]))
"""
CELLS = (
    "%shelf use pandas humanize==4.9.0",
    "import pandas\npandas.DataFrame({'project': ['numpy', 'pandas'], 'downloads': [5, 8]}).set_index('project')",
)


def main() -> int:
    url = SHELF.as_uri()
    _publish(url)
    shutil.rmtree(PICTURES, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(prefix="screenshots-", ignore_cleanup_errors=True) as folder,
        running_lab(Path(folder), {"CLOUDSHELF_URL": url}, "--LabApp.expose_app_in_browser=True") as lab,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        for theme, name in THEMES.items():
            lab.theme(name)
            for size, (width, height) in SIZES.items():
                _take(browser, lab, f"{theme}-{size}", width, height)
        lab.theme(THEMES["light"])
        _take_states(browser, lab)
    print(f"Pictures: {PICTURES.relative_to(ROOT)}/")
    return 0


def _publish(url: str) -> None:
    """Put on the shelf what is not there yet."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"LOGNAME": "ann", "CLOUDSHELF_URL": url}
    init = [] if (SHELF / "shelf.json").exists() else [("init", "--name", "curated")]
    for words in (*init, *(("publish", *batch) for batch in WHEELS)):
        subprocess.run([sys.executable, "-c", CURATOR, *words], env=environ, check=True)


def _take(browser: Browser, lab: Lab, name: str, width: int, height: int) -> None:
    """The panel with pins and an open project; then the details of a version."""
    with _opened(browser, lab, lab.python(), width, height) as page:
        panel = page.panel
        page.run(0)
        page.run(1)
        panel.badges("pandas", "loaded")
        panel.filter("humanize")
        panel.expand(panel.project("humanize"))
        panel.expand(panel.version("humanize", "4.12.0"))
        expect(panel.file("site/humanize")).to_be_visible()
        page.idle()
        page.shot(PICTURES / f"panel-{name}.png")
        panel.show_details(panel.version("humanize", "4.12.0"))
        expect(panel.readme).to_be_visible()
        page.shot(PICTURES / f"details-{name}.png")


def _take_states(browser: Browser, lab: Lab) -> None:
    """A kernel without the extension, and pins that differ from the notebook's lock."""
    with _opened(browser, lab, lab.python(loaded=False)) as page:
        page.panel.state("no-extension")
        page.shot(PICTURES / "no-extension.png")
    with _opened(browser, lab, lab.python()) as page:
        page.run(0)
        page.panel.badges("humanize", "pinned")
        page.panel.press("write-lock")
        page.page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
        page.write(0, "%shelf use humanize==4.12.0")
        page.run(0)
        page.panel.badges("humanize", "differs", "pinned")
        page.shot(PICTURES / "differs.png")


@contextmanager
def _opened(browser: Browser, lab: Lab, kernel: str, width: int = 1440, height: int = 900) -> Iterator[LabPage]:
    page = LabPage(browser, lab, f"w{next(lab.labels)}", width=width, height=height)
    page.open(lab.notebook("report.ipynb", *CELLS, kernel=kernel))
    page.panel.open()
    page.panel.shelf_state("ready")
    yield page
    page.close()
    lab.stop_kernels()


if __name__ == "__main__":
    raise SystemExit(main())
