"""No reply of the Jupyter server, no event and no line of its log holds a secret of whoever started it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cloudshelf_jupyter.server.routes import ROUTES
from tests.server.running import LOCK, TOKEN, Server, running
from tests.stress import Checks

from .canaries import leaks
from .conftest import Person
from .situations import TRIED

VALUES = {"project": "shelfone", "version": "1.0", "name": "team%2F2026"}
QUERY = {
    "readContent": "?path=site/shelfone/__init__.py",
    "showEntry": "?path=site",
    "diffVersions": "?from=1.0&to=2.0",
}


@pytest.mark.stress
@pytest.mark.timeout(300)
@pytest.mark.parametrize("situation", TRIED)
def test_no_reply_and_no_line_of_the_log_holds_a_secret(
    person: Callable[[str], Person], situation: str, checks: Checks
) -> None:
    somebody = person(situation)
    with running(somebody.folder / "server", **somebody.environ) as server:
        for path, method, body in _requests(server):
            answer = server.ask(path, method=method, body=body)
            said = f"{answer.headers} {answer.body!r}"
            assert not leaks(said) and TOKEN not in said, (path, said)
            assert b"Traceback" not in answer.body
            checks.add()
        server.ask(f"/nothing?token={TOKEN}", token=None)
        log = server.log.read_text()
    assert not leaks(log) and TOKEN not in log, log


def _requests(server: Server) -> list[tuple[str, str, bytes | None]]:
    """One of every route."""
    found = []
    for route in ROUTES:
        path = route.path
        for name, value in (VALUES | {"shelf": server.shelf or "0" * 12}).items():
            path = path.replace(f"{{{name}}}", value)
        body = json.dumps(dict.fromkeys(route.body.__annotations__, LOCK)).encode() if route.body else None
        found.append((path + QUERY.get(route.operation, ""), route.method.upper(), body))
    return found
