"""Who may ask: nobody without a token, from another site, or without the right; on every route that there is."""

from __future__ import annotations

import base64
import contextlib
import http.client
import http.cookiejar
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudshelf_jupyter.server.handlers import make_handlers
from cloudshelf_jupyter.server.routes import ROUTES, Route
from tests.server.running import LOCK, TOKEN, Server

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

VERBS = ("get", "post", "put", "patch", "delete", "head")
VALUES = {"project": "demo", "version": "1.0", "name": "team%2F2026"}
QUERY = {
    "showEntry": "?path=site/demo",
    "readContent": "?path=site/demo/__init__.py",
    "diffVersions": "?from=1.0&to=2.0",
}
DENYING = """
from jupyter_server.auth import Authorizer

class Denying(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "cloudshelf"

c.ServerApp.authorizer_class = Denying
"""
every_route = pytest.mark.parametrize("route", ROUTES, ids=[route.operation for route in ROUTES])


def address(route: Route, server: Server) -> str:
    path = route.path
    for name, value in (VALUES | {"shelf": server.shelf}).items():
        path = path.replace(f"{{{name}}}", value)
    return path + QUERY.get(route.operation, "")


def body(route: Route) -> bytes | None:
    return json.dumps(dict.fromkeys(route.body.__annotations__, LOCK)).encode() if route.body else None


@every_route
def test_who_has_the_token_is_answered(route: Route, server: Server) -> None:
    answer = server.ask(address(route, server), method=route.method.upper(), body=body(route))
    assert answer.status == 200, answer.body


@every_route
def test_without_a_token_nothing_is_told(route: Route, server: Server) -> None:
    for token in (None, "wrong"):
        answer = server.ask(address(route, server), method=route.method.upper(), body=body(route), token=token)
        assert answer.status == 403 and set(answer.json) == {"message", "error"}, answer.body


@every_route
def test_another_site_is_refused(route: Route, server: Server) -> None:
    """A browser that is logged in, on a page of somebody else: it sends the cookie, and says where it is from."""
    cookie = log_in(server)
    method = route.method.upper()
    answer = server.ask(
        address(route, server),
        method=method,
        body=body(route),
        token=None,
        Cookie=cookie,
        Origin="https://evil.example",
    )
    assert answer.status in (403, 404) and b"evil" not in answer.body
    assert "demo" not in answer.body.decode()


def test_a_page_of_another_site_shows_no_file(server: Server) -> None:
    """An image or a script of a page has no Origin, only a Referer."""
    path = server.path("projects", "demo", "versions", "1.0", "content", path="site/demo/dot.png")
    cookie = log_in(server)
    assert server.ask(path, token=None, Cookie=cookie, Referer="https://evil.example/").status == 403
    assert server.ask(path, token=None, Cookie=cookie, Referer=server.url).status == 200


def test_a_post_of_a_browser_needs_its_xsrf_token(server: Server) -> None:
    cookie = log_in(server)
    post = next(route for route in ROUTES if route.method == "post")
    without = server.ask(address(post, server), method="POST", body=body(post), token=None, Cookie=cookie)
    assert without.status == 403
    xsrf = next(part.partition("=")[2] for part in cookie.split("; ") if part.startswith("_xsrf="))
    given = {"Cookie": cookie, "X_XSRFToken": xsrf}
    assert server.ask(address(post, server), method="POST", body=body(post), token=None, **given).status == 200


def test_who_may_not_read_the_shelf_on_this_server_is_told_so(
    start: Callable[..., Server], shelf: Path, tmp_path: Path
) -> None:
    config = tmp_path / "denying.py"
    config.write_text(DENYING)
    server = start(f"--config={config}", "--ServerApp.port_retries=0", CLOUDSHELF_URL=shelf.as_uri())
    for route in ROUTES:
        answer = server.ask(address(route, server), method=route.method.upper(), body=body(route))
        assert answer.status == 403 and answer.problem["name"] == "Forbidden", route


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_every_handler_is_authenticated_and_authorized(verb: str) -> None:
    """Read from the code: both decorators wrap the method."""
    for pattern, handler, _ in make_handlers("/", None, None):  # type: ignore[arg-type]
        method = getattr(handler, verb)
        if method.__name__ != "_unimplemented_method":  # that is 405
            assert decorators(method) == ["authenticated", "authorized"], (pattern, verb)
            assert handler.auth_resource == "cloudshelf"


def test_a_question_for_options_is_answered_with_nothing(server: Server) -> None:
    """What Jupyter itself answers to everybody, for browsers that ask before they ask (CORS)."""
    for route in ROUTES:
        answer = server.ask(address(route, server), method="OPTIONS", token=None)
        assert answer.body == b"" and answer.headers.get("access-control-allow-origin", "") == ""


@pytest.fixture(scope="module")
def sockets(server: Server) -> Iterator[dict[str, str]]:
    """Where events reach panels, and where a kernel does."""
    kernels, token = f"{server.url}api/kernels", {"Authorization": f"token {TOKEN}"}
    started = urllib.request.Request(kernels, b"{}", token, method="POST")
    with urllib.request.urlopen(started, timeout=120) as answer:
        kernel = json.load(answer)["id"]
    yield {"events": "api/events/subscribe", "kernel": f"api/kernels/{kernel}/channels"}
    ended = urllib.request.Request(f"{kernels}/{kernel}", headers=token, method="DELETE")
    urllib.request.urlopen(ended, timeout=120).close()


@pytest.mark.parametrize("name", ["events", "kernel"])
def test_a_websocket_is_opened_by_nobody_without_a_token_and_by_no_other_site(
    server: Server, sockets: dict[str, str], name: str
) -> None:
    cookie, token = log_in(server), {"Authorization": f"token {TOKEN}"}
    own, path = server.url.rstrip("/"), sockets[name]
    assert handshake(server, path, token | {"Origin": own}) == 101
    assert handshake(server, path, {"Cookie": cookie, "Origin": own}) == 101
    for headers in (
        {},
        {"Origin": own},
        {"Authorization": "token wrong", "Origin": own},
        {"Cookie": cookie, "Origin": "https://evil.example"},
        {"Cookie": cookie, "Origin": "null"},
        {"Cookie": cookie, "Origin": f"{own}.evil.example"},
    ):
        assert handshake(server, path, headers) == 403, headers


def handshake(server: Server, path: str, headers: dict[str, str]) -> int:
    """The status that a request for a websocket gets (RFC 6455, section 4.1)."""
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    asked["Sec-WebSocket-Key"] = base64.b64encode(bytes(16)).decode()
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
    with contextlib.closing(connection):
        connection.request("GET", f"{urlsplit(server.url).path}{path}", headers=asked | headers)
        return connection.getresponse().status


def decorators(method: Any) -> list[str]:
    """The decorators of a method, the outermost first."""
    found = []
    while hasattr(method, "__wrapped__"):
        found.append(method.__code__.co_qualname.partition(".")[0])
        method = method.__wrapped__
    return found


def log_in(server: Server) -> str:
    """The cookies of a browser that opened the address with the token."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{server.url}login?token={TOKEN}", timeout=60).read()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
