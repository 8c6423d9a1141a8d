"""What is common to all handlers: arguments, errors as JSON, and an end when the client goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

from jupyter_server.base.handlers import APIHandler
from tornado import web

from cloudshelf.errors import ShelfError

from .events import Watcher
from .parameters import check_all
from .problems import RangeUnsatisfiable, plain_problem, problem_of, status_of
from .routes import Route
from .shelves import OpenShelf, Shelves
from .wire import Failure, Problem

T = TypeVar("T")


class ShelfHandler(APIHandler):
    """What all have in common: errors as JSON, an end when the client goes, nothing in shared caches."""

    auth_resource = "cloudshelf"

    def initialize(self, route: Route, shelves: Shelves, watcher: Watcher) -> None:
        self.route = route
        self.shelves = shelves
        self.watcher = watcher
        self._shelf: OpenShelf | None = None
        self._asked: dict[str, Any] = {}
        self._running: asyncio.Task[Any] | None = None
        self._gone = False

    def on_connection_close(self) -> None:
        """Give the thread's place back: what has not begun never does, what runs is told."""
        self._gone = True
        if self._running is not None:
            self._running.cancel()
        self.log.info("cloudshelf: nobody waits any more for %s", self.request.path)

    async def _while_wanted(self, work: Coroutine[Any, Any, T]) -> T:
        self._running = asyncio.ensure_future(work)
        stream = getattr(self.request.connection, "stream", None)
        if stream is not None and stream.closed():  # it left at once, and tornado tells nobody
            self.on_connection_close()
        try:
            result: T = await self._running
        except asyncio.CancelledError:
            if self._gone:
                raise web.Finish from None
            raise
        return result

    def _arguments(self, path: dict[str, str]) -> dict[str, Any]:
        """The checked parameters; a shelf among them is looked up. Raises UsageError, ShelfUnknown."""
        found = check_all(self.route.parameters, path, self._query)
        self._asked = found
        if self.route.of_shelf:
            self._shelf = self.shelves.find(found.pop("shelf"))
        return found

    def _query(self, name: str) -> str | None:
        """As it came: tornado's own getter changes control characters. Raises HTTPError for what is not UTF-8."""
        values = self.request.query_arguments.get(name)
        return self.decode_argument(values[-1], name) if values else None

    async def _ask(self, arguments: dict[str, Any]) -> Any:
        answer = self.route.answer
        assert answer is not None
        for shelf in [self._shelf] if self._shelf else self.shelves.all():
            self.watcher.interested(shelf)
        if self._shelf is None:
            return await self._while_wanted(answer(self.shelves, **arguments))
        return await self._while_wanted(self._shelf.workers.run(answer, self._shelf, **arguments))

    def _send(self, body: Any) -> None:
        self._say_how_long()
        self.finish(json.dumps(body))

    def _say_how_long(self) -> None:
        age = f"max-age={self.route.max_age}" if self.route.max_age else "no-cache"
        self.set_header("Cache-Control", f"private, {age}")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error, the ones of tornado and of Jupyter too, has the body that openapi.json promises."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, ShelfError):
            status_code, _ = status_of(error)
            project, version = self._asked.get("project", ""), self._asked.get("version", "")
            problem = problem_of(error, self._shelf, project, version)
            if isinstance(error, RangeUnsatisfiable):
                self.set_header("Content-Range", f"bytes */{error.size}")
        else:
            problem = _problem_of_tornado(status_code, error)
        if status_code == 405:
            self.set_header("Allow", self.route.method.upper())
        self.set_status(status_code)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(Failure(message=problem["message"], error=problem)))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """An error of the shelf is the client's to show; only what nobody expected gets a traceback in the log."""
        if isinstance(value, ShelfError):
            self.log.info("cloudshelf: %s", value)
        else:
            super().log_exception(typ, value, tb)


def _problem_of_tornado(status: int, error: BaseException | None) -> Problem:
    """Words for what tornado or Jupyter refused; of what nobody expected, only that it happened."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    if isinstance(error, web.HTTPError):
        words = error.log_message if error.log_message and not error.args else error.reason or phrase
        advice = {403: "Log in to this Jupyter server, or ask who runs it.", 405: "openapi.json lists what there is."}
        return plain_problem("".join(phrase.split()), f"{str(words).rstrip('.')}. {advice.get(status, '')}".strip())
    return plain_problem(
        "InternalError", "This is a fault of cloudshelf in the Jupyter server; its log has the details."
    )
