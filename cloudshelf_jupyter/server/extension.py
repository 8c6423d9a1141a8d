"""Wiring: settings, shelves, events and handlers of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import Events, Watcher
from .handlers import make_handlers
from .settings import ServerSettings
from .shelves import Shelves

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def load(serverapp: ServerApp) -> None:
    """Add the API to ``serverapp``; makes no request to a shelf."""
    settings = ServerSettings(parent=serverapp)
    assert serverapp.event_logger is not None  # the server makes it before its extensions
    events = Events(serverapp.event_logger)
    shelves = Shelves(settings, events.changed)
    watcher = Watcher(events, settings.watch_seconds, serverapp.log)
    serverapp.web_app.add_handlers(".*$", make_handlers(serverapp.base_url, shelves, watcher))  # type: ignore[no-untyped-call]
    serverapp.log.info("cloudshelf: %s", shelves.summary())
