"""Changes of the shelf on Jupyter's event bus, and who looks for them: only while somebody shows the shelf."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cloudshelf.errors import ShelfError

from .shelves import OpenShelf
from .work import Job

if TYPE_CHECKING:
    from jupyter_events import EventLogger

SCHEMA_ID = "https://events.jupyter.org/cloudshelf/shelf/v1"
SCHEMA: dict[str, Any] = {
    "$id": SCHEMA_ID,
    "version": "1",
    "title": "A shelf changed",
    "description": "Somebody published, yanked, or named a lock: what panels show of the shelf may be old.",
    "personal-data": False,
    "type": "object",
    "required": ["shelf", "change", "etag"],
    "properties": {
        "shelf": {"type": "string", "description": "The id of the shelf, as in the list of shelves."},
        "change": {"enum": ["catalog", "lock"], "description": "Projects and versions, or the named locks."},
        "etag": {"type": "string", "description": "Another one for another state."},
    },
}
INTERESTED = 600.0  # seconds after a request about a shelf in which its changes are looked for


class Events:
    """Tells everybody who is subscribed. ``changed`` may be called in any thread."""

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._loop: asyncio.AbstractEventLoop | None = None
        logger.register_event_schema(SCHEMA)

    def begin(self) -> None:
        """Called in the server's loop, before anything can change."""
        self._loop = asyncio.get_running_loop()

    def changed(self, shelf: str, change: str, etag: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            data = {"shelf": shelf, "change": change, "etag": etag}
            self._loop.call_soon_threadsafe(lambda: self._logger.emit(schema_id=SCHEMA_ID, data=data))


class Watcher:
    """Looks at the shelves that were asked about lately, all ``seconds``; one that does not answer is asked again."""

    def __init__(self, events: Events, seconds: float, log: logging.Logger) -> None:
        self._events = events
        self._seconds = seconds
        self._log = log
        self._asked: dict[OpenShelf, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._first: set[asyncio.Task[None]] = set()  # asyncio itself keeps none

    def interested(self, shelf: OpenShelf) -> None:
        """Somebody shows ``shelf``: its list will be asked for, so it is read at once. In the server's loop."""
        self._events.begin()
        if shelf not in self._asked:
            first = asyncio.get_running_loop().create_task(self._look(shelf, shelf.listing))
            self._first.add(first)
            first.add_done_callback(self._first.discard)
        self._asked[shelf] = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def wait(self) -> None:
        """Until nobody is interested any more."""
        if self._task is not None:
            await self._task

    async def _watch(self) -> None:
        while self._asked:
            await asyncio.sleep(self._seconds)
            now = time.monotonic()
            self._asked = {shelf: asked for shelf, asked in self._asked.items() if now - asked < INTERESTED}
            await asyncio.gather(*(self._look(shelf, shelf.look) for shelf in self._asked))

    async def _look(self, shelf: OpenShelf, how: Callable[[Job], object]) -> None:
        try:
            await shelf.workers.run(how)
        except ShelfError as error:  # who asks next is told
            self._log.debug("cloudshelf: %s", error)
        except RuntimeError:  # its threads have ended: the settings name another shelf now
            self._asked.pop(shelf, None)
        except Exception:
            self._log.exception("cloudshelf: looking at %s failed", shelf.url)
