"""The panel in JupyterLab on a large shelf: when it shows rows, when the server answers, whether scrolling is smooth.

    python -m benchmarks.panel [--projects 10000] [--files 50000] [--json FILE]

A real JupyterLab, a real browser; the shelf is a folder. The bars: the first rows within 300 ms of opening the panel,
an answer of the filter within 100 ms on the server, no task above 200 ms in the browser while scrolling.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import tables
from benchmarks.stage import CLOUDSHELF, WORK, check, clean_environ
from benchmarks.synthetic import make_flat_wheel, make_shelf, project_name
from tests.browser.browsers import launch
from tests.browser.lab import Lab, running_lab
from tests.browser.pages import LabPage

RESULTS = Path(__file__).parent / "results" / "panel.json"
RUNS = 5
REQUESTS = 30

# From the click on the icon to the frame after the one that has the first row.
_OPEN = """
() => new Promise(resolve => {
  const begun = performance.now();
  const look = () => document.querySelector('[data-cloudshelf="panel"] [data-project]')
    ? requestAnimationFrame(() => resolve(performance.now() - begun)) : requestAnimationFrame(look);
  document.querySelector('.jp-SideBar .lm-TabBar-tab[data-id="cloudshelf-panel"]').click();
  look();
})
"""
# A new observer for each reading: it hands out what came since, and what its buffer holds.
_OBSERVE = """
() => { window.longTasks = []; new PerformanceObserver(list => list.getEntries().forEach(e =>
  window.longTasks.push(e.duration))).observe({ type: 'longtask' }); }
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--json", type=Path, default=RESULTS)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="panel-", dir=WORK, ignore_cleanup_errors=True) as name:
        found = measure(Path(name), options.projects, options.files)
    options.json.parent.mkdir(exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(table(found)))
    return 0


def measure(folder: Path, projects: int, files: int) -> dict[str, Any]:
    """Everything once: the shelf is made, Lab started, each thing measured a few times."""
    url = _shelf(folder, projects, files)
    found: dict[str, Any] = {"projects": projects, "files": files}
    environ = {"CLOUDSHELF_URL": url}
    with running_lab(_made(folder / "lab"), environ, "--LabApp.expose_app_in_browser=True") as lab:
        found["server"] = _server(lab)
        with sync_playwright() as playwright, launch(playwright) as browser:
            found["first rows"] = [_first_rows(browser, lab) for _ in range(RUNS)]
            with _panel(browser, lab) as page:
                found["scrolling projects"] = _scroll(page)
                page.panel.filter("flat")
                found["expanding files"] = _expand(page)
                found["scrolling files"] = _scroll(page)
    return found


def table(found: dict[str, Any]) -> list[str]:
    rows = [("first rows after opening", tables.spread(found["first rows"], 0), "300")]
    for what, values in found["server"].items():
        rows.append((f"server: {what}", tables.spread(values, 1), "100" if what == "filter" else ""))
    for what in ("scrolling projects", "expanding files", "scrolling files"):
        tasks = found[what]
        rows.append((f"longest task, {what}", f"{max(tasks, default=0):.0f}; {len(tasks)} above 50", "200"))
    title = f"{found['projects']:,} projects, a wheel of {found['files']:,} files; ms"
    return tables.table([title, "median (least – most)", "bar"], rows)


def _shelf(folder: Path, projects: int, files: int) -> str:
    """The shelf's URL; projects with two versions each, and one wheel with all its files in one folder."""
    make_shelf(folder / "shelf", projects, dict.fromkeys(range(projects), 2))
    url = (folder / "shelf").as_uri()
    environ = clean_environ({"CLOUDSHELF_URL": url, "CLOUDSHELF_CACHE": str(folder / "publishing")})
    check([*CLOUDSHELF, "publish", "--no-deps", "--no-index", str(make_flat_wheel(folder, files))], environ)
    return url


# the server


def _server(lab: Lab) -> dict[str, list[float]]:
    """Milliseconds of requests, one after the other; the first of all, which reads the listing, apart."""
    begun = time.perf_counter()
    shelf = lab.ask("/cloudshelf/api/shelves")["shelves"][0]["id"]
    base = f"/cloudshelf/api/shelves/{shelf}/projects"
    lab.ask(f"{base}?limit=100")
    first = (time.perf_counter() - begun) * 1000
    words = ("image chart", "number 77", "project_00123", "zzz", "t")
    flat = f"{base}/flat/versions/1.0/files"
    return {
        "first page, cold": [first],
        "first page": _times(lab, lambda n: f"{base}?limit=100"),
        "a page further down": _times(lab, lambda n: f"{base}?limit=100&offset={n * 300}"),
        "filter": _times(lab, lambda n: f"{base}?limit=100&q={words[n % len(words)].replace(' ', '%20')}"),
        "one project": _times(lab, lambda n: f"{base}/{project_name(n)}"),
        "one version": _times(lab, lambda n: f"{base}/{project_name(n)}/versions/1.1"),
        "files, cold": _times(lab, lambda n: f"{flat}?path=site/flat/data&limit=100", 1),
        "files": _times(lab, lambda n: f"{flat}?path=site/flat/data&limit=100&offset={n * 1000}"),
    }


def _times(lab: Lab, address: Callable[[int], str], count: int = REQUESTS) -> list[float]:
    found = []
    for number in range(count):
        begun = time.perf_counter()
        lab.ask(address(number))
        found.append(round((time.perf_counter() - begun) * 1000, 2))
    return found


# the browser


@contextmanager
def _panel(browser: Browser, lab: Lab) -> Iterator[LabPage]:
    """A page with the panel open, which records its long tasks."""
    page = LabPage(browser, lab, f"w{next(lab.labels)}")
    page.open(lab.notebook(f"{page.workspace}.ipynb", kernel=lab.python()))
    page.panel.open()
    page.panel.shelf_state("ready")
    page.page.evaluate(_OBSERVE)
    yield page
    page.close()
    lab.stop_kernels()


def _first_rows(browser: Browser, lab: Lab) -> float:
    """Milliseconds from the click to the first row, on a page that has never shown the panel."""
    page = LabPage(browser, lab, f"w{next(lab.labels)}")
    page.open(lab.notebook(f"{page.workspace}.ipynb", kernel=lab.python()))
    found: float = page.page.evaluate(_OPEN)
    page.close()
    lab.stop_kernels()
    return round(found, 1)


def _scroll(page: LabPage) -> list[float]:
    """Turn the wheel over the tree, 200 times, and go to the end; the long tasks of it."""
    _long_tasks(page.page)
    tree = page.panel.shelf
    tree.hover()
    for _ in range(200):
        page.page.mouse.wheel(0, 800)
        page.page.evaluate("() => new Promise(requestAnimationFrame)")
    page.page.keyboard.press("End")
    page.page.wait_for_load_state("networkidle")
    return _long_tasks(page.page)


def _expand(page: LabPage) -> list[float]:
    """Open the wheel's folder; the long tasks of it."""
    _long_tasks(page.page)
    panel = page.panel
    for row in (
        panel.project("flat"),
        panel.version("flat", "1.0"),
        panel.file("site/flat"),
        panel.file("site/flat/data"),
    ):
        panel.expand(row)
    panel.shelf.locator('[data-path^="site/flat/data/"]').first.wait_for()
    return _long_tasks(page.page)


def _long_tasks(page: Page) -> list[float]:
    """Milliseconds of each task above 50 since the last reading."""
    page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))")
    found: list[float] = page.evaluate("() => window.longTasks.splice(0)")
    return found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
