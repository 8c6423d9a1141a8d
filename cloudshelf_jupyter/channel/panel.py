"""One panel: a front end's comm. What it was sent last, so that only differences follow."""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Callable, Mapping
from typing import Any

from cloudshelf.errors import UsageError

from .carried import Carried, without_lock
from .request import Error, Id, Request, parse_request, request_id, told
from .watcher import OFTEN

VERSION = 1
PATIENCE = 200  # changes without a word from the front end, after which it is asked; after as many more it is gone

Json = dict[str, Any]


class Panel:
    """``show`` and ``update`` are for one thread at a time; the other methods for any."""

    def __init__(
        self,
        comm: Any,
        message: Mapping[str, Any],
        *,
        on_request: Callable[[Panel, Request], None],
        on_close: Callable[[Panel], None],
    ) -> None:
        """``message`` is the comm_open. ``on_request`` is called in whichever thread a request comes."""
        self._comm, self._on_request, self._on_close = comm, on_request, on_close
        self._closed = False
        # With the comm_open as parent, in whatever thread: ipykernel sends answers to the subshell that this came by.
        self._context = contextvars.copy_context()
        self._version = _version_of(_data_of(message))
        self._state: Json = {}
        self._carried: Carried | None = None
        self._unanswered = 0
        comm.on_msg(self._received)
        comm.on_close(self._was_closed)

    def refuse_other_version(self) -> bool:
        """Whether the front end speaks another version than this kernel; then it is told and the comm closed."""
        if self._version == VERSION:
            return False
        error = UsageError(
            f"This kernel's cloudshelf speaks version {VERSION} of the panel's channel, the panel version "
            f"{self._version!r:.20}. Install the same cloudshelf for the kernel and for JupyterLab."
        )
        self.reply(None, error=told(error))
        self.close()
        return True

    def show(self, facts: Json) -> None:
        """Send the whole state."""
        self._state = self._own(facts) | {"seq": self._state.get("seq", 0)}
        self._send({"type": "state", "state": self._state})

    def update(self, facts: Json, *, waits: bool) -> bool:
        """Send what is other than before; whether anything is. With ``waits``, the front end can answer at once."""
        state, before = self._own(facts), self._state
        change: Json = {}
        if fields := {key: value for key, value in state.items() if key != "pins" and value != before[key]}:
            change["set"] = fields
        if [pin["project"] for pin in state["pins"]] != [pin["project"] for pin in before["pins"]]:
            change.setdefault("set", {})["pins"] = state["pins"]
        elif pins := _differences(before["pins"], state["pins"]):
            change["pins"] = pins
        if not change:
            return False
        seq = before["seq"] + 1
        self._state = state | {"seq": seq}
        self._send({"type": "change", "seq": seq, **change})
        if waits:
            self._unanswered += 1
            if self._unanswered == PATIENCE:
                self._send({"type": "ping"})
        return True

    def is_gone(self) -> bool:
        """Whether nothing was heard of the front end for long, not even after it was asked."""
        return self._unanswered >= 2 * PATIENCE

    def carry(self, request: Request) -> None:
        """The panel's notebook carries this block from now on."""
        try:
            self._carried = Carried(request.args.block(), request.args.text("path"))
        except UsageError as error:
            self.reply(request.id, error=told(error))
        else:
            self.reply(request.id, {})

    def progress_of(self, number: Id) -> Callable[[Json], None]:
        """What takes the progress of a request, and sends it on, not too often."""
        sent = 0.0

        def progress(event: Json) -> None:
            nonlocal sent
            if time.monotonic() - sent >= OFTEN:
                sent = time.monotonic()
                self._send({"type": "progress", "id": number, "event": event})

        return progress

    def reply(self, number: Id, result: Json | None = None, error: Error | None = None) -> None:
        outcome = {"ok": True, "result": result} if error is None else {"ok": False, "error": error}
        self._send({"type": "reply", "id": number, **outcome})

    def close(self) -> None:
        """Close the comm; again, or when the front end has: nothing happens."""
        self._closed = True
        with contextlib.suppress(KeyError):  # closed by both ends at the same time
            self._context.copy().run(self._comm.close)

    def _was_closed(self, _message: Any) -> None:
        self._closed = True
        self._on_close(self)

    def _received(self, message: Mapping[str, Any]) -> None:
        self._unanswered = 0
        data = _data_of(message)
        if isinstance(data, dict) and data.get("type") == "pong":
            return
        try:
            request = parse_request(data)
        except UsageError as error:
            self.reply(request_id(data), error=told(error))
        else:
            self._on_request(self, request)

    def _own(self, facts: Json) -> Json:
        return without_lock(facts) if self._carried is None else self._carried.compare(facts)

    def _send(self, data: Json) -> None:
        if not self._closed:
            self._context.copy().run(self._comm.send, data)


def _data_of(message: Mapping[str, Any]) -> Any:
    return message.get("content", {}).get("data", {})


def _version_of(data: Any) -> Any:
    return data.get("version") if isinstance(data, dict) else None


def _differences(before: list[Json], after: list[Json]) -> Json:
    """By project, the fields that changed."""
    found = {}
    for old, new in zip(before, after, strict=True):
        if fields := {key: value for key, value in new.items() if old.get(key) != value}:
            found[new["project"]] = fields
    return found
