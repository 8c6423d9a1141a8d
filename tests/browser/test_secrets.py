"""No secret of whoever started the server is in the page, its storage, what it logs, or what comes over its sockets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import WebSocket, expect

from tests.secrets.canaries import leaks
from tests.secrets.conftest import Person, person, secret_server, secret_shelf  # noqa: F401  (fixtures)

from .lab import Lab
from .pages import LabPage

_OWN = ("HOME", "XDG_RUNTIME_DIR", "IPYTHONDIR", "JUPYTER_NO_CONFIG", "CLOUDSHELF_CACHE", "CLOUDSHELF_CONFIG")
_STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


@pytest.mark.parametrize("situation", ["all is well", "wrong keys in the environment"])
def test_nothing_that_a_browser_gets_holds_a_secret(
    start_lab: Callable[..., Lab],
    open_page: Callable[..., LabPage],
    person: Callable[[str], Person],  # noqa: F811
    situation: str,
) -> None:
    planted = {k: v for k, v in person(situation).environ.items() if os.environ.get(k) != v and k not in _OWN}
    lab = start_lab("secrets", **planted)
    path = lab.notebook("a.ipynb", "%shelf use shelfone\n%shelf doctor", "%shelf lock --notebook", kernel=lab.python())
    got: list[str] = []
    page = open_page(lab, path, kernel=False)
    page.page.on("console", lambda message: got.append(message.text))
    page.page.on("websocket", lambda socket: _listen(socket, got))
    page.page.reload()  # with somebody who listens
    page.ready()
    page.panel.open()
    for cell in (0, 1):
        page.run(cell)
    expect(page.panel.shelf).to_have_attribute("data-state", re.compile("ready|error|locked"))
    if situation == "all is well":
        page.panel.badges("shelfone", "pinned")
        page.panel.show_details(page.panel.project("shelfone"))
    shelf = lab.ask("/cloudshelf/api/shelves")
    got += [page.page.content(), page.page.evaluate(_STORED), json.dumps(shelf), lab.said]
    got += [(lab.root / path).read_text(), json.dumps(lab.ask(f"/lab/api/workspaces/{page.workspace}"))]
    assert [each for text in got for each in leaks(text)] == []
    assert len(got) > 20  # the sockets were heard
    page.expect_problems(r"^(403|404|502|503|504): GET .*/cloudshelf/api/")


def _listen(socket: WebSocket, got: list[str]) -> None:
    def take(frame: Any) -> None:
        got.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))

    socket.on("framereceived", take)
    socket.on("framesent", take)
