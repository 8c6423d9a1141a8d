"""HTTP: decode a request, call what the route names, encode; the same for every route."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from cloudshelf.errors import UsageError

from .answers.files import Found, read_file
from .events import Watcher
from .handler import ShelfHandler
from .media import content_type
from .openapi import make_document
from .problems import ContentTooLarge, NotFound, RangeUnsatisfiable
from .ranges import Unsatisfiable, parse_range
from .routes import BASE, CONTENT, DOCUMENT, ROUTES, Route
from .shelves import Shelves

LARGEST_BODY = 16 << 20  # bytes of a request: two locks of thousands of pins
F = TypeVar("F", bound=Callable[..., Any])


def _may_read(method: F) -> F:
    """Authorized for who may read, whatever the HTTP method."""
    decorate: Callable[[F], F] = authorized(action="read")
    return decorate(method)


class JsonHandler(ShelfHandler):
    """A GET that is answered with JSON. tornado makes the ETag from the body, and 304 of it."""

    @web.authenticated
    @authorized
    async def get(self, **path: str) -> None:
        self._send(await self._ask(self._arguments(path)))


class PostHandler(ShelfHandler):
    """A POST of a JSON object, each field a text. It asks, and changes nothing: who may read may do it."""

    @web.authenticated
    @_may_read
    async def post(self) -> None:
        self._send(await self._ask(self._body()))

    def _body(self) -> dict[str, str]:
        names = list(self.route.body.__annotations__)
        if len(self.request.body) > LARGEST_BODY:
            raise web.HTTPError(413, f"The body is larger than any lock: {LARGEST_BODY >> 20} MiB are the most.")
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise UsageError(f"The body is not JSON; it is an object with {' and '.join(names)}.") from None
        if not isinstance(body, dict) or set(body) != set(names) or not all(isinstance(v, str) for v in body.values()):
            raise UsageError(f"The body is an object with {' and '.join(names)}, each a text, and nothing else.")
        return body


class ContentHandler(ShelfHandler):
    """The bytes of a file: never run by a browser, a range of them where one is asked for."""

    @property
    def content_security_policy(self) -> str:
        """Whatever the file is: no script, no form, no request, an origin of its own (CSP level 3, "sandbox")."""
        return "sandbox; default-src 'none'; frame-ancestors 'none'"

    @web.authenticated
    @authorized
    async def get(self, **path: str) -> None:
        self.check_xsrf_cookie()  # as Jupyter's own files: no other site shows what lies here
        found: Found = await self._ask(self._arguments(path))
        file = found.file
        self.set_header("ETag", f'"{file.digest}"')
        self.set_header("Accept-Ranges", "bytes")
        self._say_how_long()
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        start, stop = self._wanted(file.path, file.size, file.digest)
        data = await self._while_wanted(found.shelf.workers.run(read_file, found, start, stop))
        self._say_what(file.path)
        self.finish(data, set_content_type=content_type(file.path))

    def _wanted(self, path: str, size: int, digest: str) -> tuple[int, int]:
        """Which bytes; says so in the head of the answer. Raises RangeUnsatisfiable, ContentTooLarge."""
        condition = self.request.headers.get("If-Range", f'"{digest}"')  # a range of another file is no use
        header = self.request.headers.get("Range") if condition == f'"{digest}"' else None
        try:
            found = parse_range(header, size)
        except Unsatisfiable:
            raise RangeUnsatisfiable(path, size) from None
        start, stop = found or (0, size)
        if stop - start > self.shelves.settings.largest_content:
            raise ContentTooLarge(path, size, self.shelves.settings.largest_content)
        if found:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        return start, stop

    def _say_what(self, path: str) -> None:
        name = path.rpartition("/")[2]
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}")  # RFC 6266
        self.set_header("X-Content-Type-Options", "nosniff")

    def compute_etag(self) -> None:
        """The file's digest is its ETag; that of a part of it is no other."""


class DocumentHandler(ShelfHandler):
    """openapi.json."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self._send(make_document(self.base_url))


class MissingHandler(ShelfHandler):
    """Whatever else is below the API's address."""

    @web.authenticated
    @authorized
    async def get(self, **path: str) -> None:
        raise NotFound(self.request.path)

    post = put = patch = delete = get


def make_handlers(base_url: str, shelves: Shelves, watcher: Watcher) -> list[tuple[str, type[ShelfHandler], Any]]:
    """What tornado wants to know of every route."""
    root = url_path_join(base_url, BASE)
    given = {"shelves": shelves, "watcher": watcher}
    made = [(f"{root}{route.pattern}", _handler_of(route), given | {"route": route}) for route in ROUTES]
    return [*made, (f"{root}(?:/.*)?", MissingHandler, given | {"route": DOCUMENT})]


def _handler_of(route: Route) -> type[ShelfHandler]:
    if route is CONTENT:
        return ContentHandler
    if route is DOCUMENT:
        return DocumentHandler
    return PostHandler if route.method == "post" else JsonHandler
