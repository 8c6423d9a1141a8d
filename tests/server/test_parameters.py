"""Bad arguments: refused with one sentence, before anything is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from cloudshelf_jupyter.server.routes import ROUTES, Route
from tests.server.running import Server

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def told(server: Server) -> Callable[..., tuple[int, str]]:
    """Status and sentence for a path below the shelf; a bad argument has no traceback and no file system in it."""

    def ask(path: str, **more: object) -> tuple[int, str]:
        answer = server.ask(f"/shelves/{server.shelf}{path}")
        assert "Traceback" not in answer.body.decode() and set(answer.json) == {"message", "error"}
        return answer.status, answer.problem["message"]

    return ask


@pytest.mark.parametrize(
    "project",
    ["..%2f..%2fetc", "%2e%2e", "%252e%252e", "..%252fetc", "a%00b", "a%20b", "-a", "a/../b", "%ff", "a%2fb",
     "x" * 3000],
)  # fmt: skip
def test_what_is_no_project_is_refused(told: Callable[..., tuple[int, str]], project: str) -> None:
    status, message = told(f"/projects/{project}")
    assert status in (400, 404), message


@pytest.mark.parametrize(
    "version", ["..", "%2e%2e", "..%2f..%2f", "%252e%252e", "1%00", "-1", "1 0".replace(" ", "%20")]
)
def test_what_is_no_version_is_refused(told: Callable[..., tuple[int, str]], version: str) -> None:
    status, message = told(f"/projects/demo/versions/{version}")
    assert status in (400, 404), message


@pytest.mark.parametrize(
    "path",
    ["../head", "..%2fhead", "site/../../x", "%252e%252e/x", "site/%252e%252e%252fx", "%25252e%25252e/x", "/etc/passwd",
     "site//demo", "site/demo/", "./site", "a%00b", "site\\..\\x", "%5c%5c", "x" * 2000],
)  # fmt: skip
@pytest.mark.parametrize("route", ["files", "content"])
def test_what_is_no_path_in_a_version_is_refused(told: Callable[..., tuple[int, str]], route: str, path: str) -> None:
    status, message = told(f"/projects/demo/versions/1.0/{route}?path={path}")
    assert status == 400 and "path" in message


GOOD = {
    "project": "demo",
    "version": "1.0",
    "name": "team%2F2026",
    "path": "site/demo/__init__.py",
    "from": "1.0",
    "to": "2.0",
}
UP = ("..", "../..", "../../shelf.json", "..\\..\\x", "/etc/passwd", "x/../../y", "\0", "x\0y", "~/../x")
ODD = ("..;/x", "\u2025/x", "~/x", ".../x")  # names that a path may have, and that lead nowhere


@pytest.mark.parametrize(
    ("route", "parameter"),
    [(route, each.name) for route in ROUTES for each in route.parameters if each.name not in ("offset", "limit", "q")],
    ids=lambda value: value.operation if isinstance(value, Route) else value,
)
def test_no_parameter_of_any_route_leads_out_however_often_it_is_encoded(
    server: Server, route: Route, parameter: str
) -> None:
    """Encoded once it is a parameter, twice and thrice a name that some proxy may decode: 400 for all of them."""
    for text in (*UP, *ODD):
        for times in (1, 2, 3):
            encoded = text
            for _ in range(times):
                encoded = quote(encoded, safe="").replace(".", "%2E" if times > 1 else ".")
            status, body = _ask(server, route, GOOD | {"shelf": server.shelf, parameter: encoded})
            expected = (400, 404) if parameter == "path" and text in ODD else (400,)
            assert status in expected, (route.path, parameter, encoded, status, body)


def _ask(server: Server, route: Route, values: dict[str, str]) -> tuple[int, bytes]:
    path, query = route.path, []
    for each in route.parameters:
        if each.place == "path":
            path = path.replace(f"{{{each.name}}}", values[each.name])
        elif each.name in values:
            query.append(f"{each.name}={values[each.name]}")
    answer = server.ask(f"{path}?{'&'.join(query)}")
    assert b"Traceback" not in answer.body
    return answer.status, answer.body


@pytest.mark.parametrize("name", ["../x", "..%2fx", "%252e%252e", "_head", "team/_head", "x.toml", "a//b", "a%00"])
def test_what_is_no_lock_is_refused(told: Callable[..., tuple[int, str]], name: str) -> None:
    status, message = told(f"/locks/{name}")
    assert status in (400, 404) and "/etc" not in message


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=-1", "limit=x", "limit=1e3", "offset=-1", "offset=99999999999"]
)  # fmt: skip
def test_pages_have_their_limits(told: Callable[..., tuple[int, str]], query: str) -> None:
    status, message = told(f"/projects?{query}")
    assert status == 400 and "is a number from" in message


def test_a_filter_has_its_limit(told: Callable[..., tuple[int, str]]) -> None:
    assert told(f"/projects?q={'x' * 300}")[0] == told("/projects?q=%00")[0] == 400


def test_what_is_missing_is_named(told: Callable[..., tuple[int, str]]) -> None:
    assert "path is missing" in told("/projects/demo/versions/1.0/content")[1]
    assert "to is missing" in told("/projects/demo/diff?from=1.0")[1]


def test_an_address_that_a_browser_makes_new_is_the_same(server: Server) -> None:
    """JupyterLab adds the time to its requests, against caches."""
    assert server.ask(f"{server.path('projects')}?1764130000000").json["total"] == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"before": 1, "after": 2}', b'{"before": "", "after": "", "url": "s3://x/y"}',
     b"[" * 100_000, b'{"before": "x", "after": "y"}'],
)  # fmt: skip
def test_a_body_that_is_no_pair_of_locks_is_refused(server: Server, body: bytes) -> None:
    answer = server.ask("/locks/diff", method="POST", body=body)
    assert answer.status == 400 and answer.problem["name"] == "UsageError", answer.body


def test_a_body_beyond_all_locks_is_refused(server: Server) -> None:
    body = json.dumps({"before": "x" * (17 << 20), "after": ""}).encode()
    answer = server.ask("/locks/diff", method="POST", body=body)
    assert answer.status == 413 and "16 MiB" in answer.problem["message"]


def test_no_request_chooses_a_shelf(server: Server) -> None:
    """A URL in the place of an id, or beside it, means nothing."""
    for path in (
        "/shelves/s3:%2F%2Fevil%2Fx/projects",
        "/shelves/file:%2F%2F%2Fetc/projects",
        "/shelves/0123456789ab/projects",
    ):
        answer = server.ask(path)
        assert answer.status in (400, 404) and answer.problem["name"] in ("UsageError", "ShelfUnknown")
    assert server.ask(f"{server.path('projects')}?shelf=file:///etc&url=s3://evil/x").json["total"] == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_refused_with_those_that_there_are(server: Server, method: str) -> None:
    answer = server.ask(server.path("projects"), method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
