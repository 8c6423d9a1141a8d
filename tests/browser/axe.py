"""axe-core in a page: which rules of accessibility a part of it breaks."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, selector: str) -> list[str]:
    """The serious and critical violations in what ``selector`` finds, one line each, and where."""
    found = Axe().run(page, context={"include": [[selector]]}).response["violations"]
    return [
        f"{each['impact']}: {each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
