"""The answer to one message of docs/architecture.md; an exception becomes one, and a line in the log."""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import CacheUnusable, ShelfError, UsageError
from .engine import Engine
from .lifetime import Abandoned, Lifetime
from .reporting import Reporting
from .wire import Malformed, error_fields, send, split_fields

if TYPE_CHECKING:
    from .request import Request

HEARTBEAT = 1.0  # seconds; a client that hears nothing for 10 takes us for hung

log = logging.getLogger(__name__)


class Answer:
    """The answer to one message."""

    def __init__(self, connection: socket.socket, engine: Engine, lifetime: Lifetime, reporting: Reporting) -> None:
        self._connection = connection
        self._engine = engine
        self._lifetime = lifetime
        self._reporting = reporting

    def give(self, tag: bytes, body: bytes) -> None:
        """Raises Malformed, or OSError when the client is gone."""
        action = {
            b"E": self._ensure,
            b"B": self._begin,
            b"A": self._expect,
            b"C": self._call,
            b"Q": self._quit,
        }.get(tag)
        if action is None:
            raise Malformed(f"unknown tag {tag!r}")
        try:
            action(body)
        except ShelfError as error:
            if self._lifetime.retired:
                raise ConnectionAbortedError("it ends; the next fetcher will answer") from error
            self._send_error(error)
        except (OSError, Malformed):
            raise
        except Exception as error:
            log.exception("a request failed")
            self._send_error(ShelfError(f"{type(error).__name__}: {error}"))

    def _ensure(self, body: bytes) -> None:
        from .frames import Priority

        path, numbers, word = split_fields(body, 3)
        try:
            priority = {"need": Priority.NEED, "soon": Priority.SOON, "fill": Priority.FILL}[word]
            wanted = [int(number) for number in numbers.split(",") if number]
        except (KeyError, ValueError):
            raise Malformed("its numbers or its priority cannot be read") from None
        transfer, environments = self._engine.get()
        if priority is Priority.NEED:
            environment = environments.get(_absolute(path))
            self._engine.recalled.refuse(environment, wanted)
            self._wait(transfer.need(environment, wanted))
            self._send(b"K")
            return
        self._send(b"K")  # nobody waits for it: what cannot be brought is told to who needs it
        try:
            environment = environments.get(_absolute(path))
            if priority is Priority.SOON:
                transfer.soon(environment, wanted)
            else:
                transfer.ensure(environment, wanted, priority)
        except ShelfError as error:
            log.info("what was wished for cannot be brought: %s", error)

    def _wait(self, request: Request) -> None:
        while not request.wait(HEARTBEAT):
            self._send(b".")
        request.result()

    def _begin(self, body: bytes) -> None:
        path, number, module = split_fields(body, 3)
        if not number.isdecimal():
            raise Malformed("its project number cannot be read")
        transfer, environments = self._engine.get()
        environment = environments.get(_absolute(path))
        if int(number) >= len(environment.projects):
            raise UsageError(f"{path} has no project number {number}")
        try:
            # Before the reply: what is needed next is among it.
            transfer.begin(environment, int(number), module)
        except Exception:
            log.exception("a beginning failed")  # whoever needs a file of it is told
        self._send(b"K")

    def _expect(self, body: bytes) -> None:
        path, *modules = split_fields(body)
        self._send(b"K")  # nobody waits for it: what cannot be brought is told to who needs it
        transfer, environments = self._engine.get()
        try:
            transfer.expect(environments.get(_absolute(path)), modules)
        except ShelfError as error:
            log.info("what a program will import cannot be brought: %s", error)

    def _quit(self, body: bytes) -> None:
        self._lifetime.retire()
        try:
            self._send(b"K")
        finally:
            self._lifetime.stop()

    def _call(self, body: bytes) -> None:
        try:
            request = json.loads(body)
            verb, args = request["verb"], request["args"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Malformed("its call cannot be read") from None
        if not isinstance(verb, str) or not isinstance(args, dict):
            raise Malformed("its call is not a verb with arguments")
        if verb == "shutdown":
            self._quit(body)
            return
        events: queue.SimpleQueue[tuple[bytes, Any]] = queue.SimpleQueue()
        abandoned = threading.Event()
        threading.Thread(target=self._perform, args=(verb, args, events, abandoned), daemon=True).start()
        try:
            self._relay(events)
        except OSError:
            abandoned.set()
            raise

    def _relay(self, events: queue.SimpleQueue[tuple[bytes, Any]]) -> None:
        tag = b"P"
        while tag == b"P":
            try:
                tag, value = events.get(timeout=HEARTBEAT)
            except queue.Empty:
                self._send(b".")
            else:
                self._send(tag, json.dumps(value, default=str).encode())

    def _perform(
        self,
        verb: str,
        args: dict[str, Any],
        events: queue.SimpleQueue[tuple[bytes, Any]],
        abandoned: threading.Event,
    ) -> None:
        def progress(event: dict[str, Any]) -> None:
            if abandoned.is_set():
                raise Abandoned
            events.put((b"P", event))

        try:
            result = self._own_verb(verb, args)
            answer = result(args, progress)
            events.put((b"K", answer))
            if verb in ("use", "sync") and isinstance(answer, dict) and answer.get("environment"):
                self._reporting.note_use(str(answer["environment"]))
        except Abandoned:
            log.info("%s was abandoned", verb)
        except ShelfError as error:
            events.put((b"X", error_fields(error)))
        except BaseException as error:
            log.exception("%s failed", verb)
            events.put((b"X", error_fields(ShelfError(f"{type(error).__name__}: {error}"))))

    def _own_verb(
        self, verb: str, args: dict[str, Any]
    ) -> Callable[[dict[str, Any], Callable[[dict[str, Any]], None]], Any]:
        own = {"ping": self._ping, "statistics": self._statistics, "prepare": self._prepare}
        if args.get("environment"):  # without one, fill is a verb that makes it first
            own["fill"] = self._fill
        if verb in own:
            return own[verb]
        import importlib

        serve = importlib.import_module("cloudshelf.verbs").serve
        return lambda args, progress: serve(verb, args, progress)

    def _ping(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        return {"pid": os.getpid(), "python": sys.executable}

    def _prepare(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "shelf" (a URL, or none). Somebody may call verbs soon: be ready. The names of the shelf."""
        from .ahead import names_of

        try:
            with self._lifetime.unhurried():
                return names_of(str(args.get("shelf") or ""), self._lifetime.wait_for_quiet)
        finally:  # whoever waits for the names does not wait for this
            threading.Thread(target=self._load_more, daemon=True).start()

    def _statistics(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "environment" (default: all), "since" (a mark), "mark" (true: remember this moment)."""
        statistics = self._engine.get()[0].statistics
        numbers = statistics.numbers(environment=args.get("environment"), since=args.get("since"))
        return {"environments": numbers} | ({"mark": statistics.mark()} if args.get("mark") else {})

    def _fill(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "environment", "everything" (default: true), "projects" (default: all)."""
        transfer, environments = self._engine.get()
        environment = environments.get(_absolute(str(args["environment"])))
        self._engine.recalled.refuse(environment)
        everything, projects = bool(args.get("everything", True)), args.get("projects")
        return dict(transfer.fill(environment, everything=everything, projects=projects, progress=progress))

    def _send_error(self, error: ShelfError) -> None:
        self._send(b"X", json.dumps(error_fields(error), default=str).encode())

    def _send(self, tag: bytes, body: bytes = b"") -> None:
        send(self._connection, tag, body)

    def _load_more(self) -> None:
        """Load what verbs need, when there is time for it."""
        from .ahead import load_more

        try:
            load_more(self._lifetime.wait_for_quiet)
        except Abandoned:
            pass
        except Exception:
            log.exception("what verbs need cannot be loaded")  # who calls one is told


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise CacheUnusable(path, "an environment is named by its absolute path")
    return path
