"""What this kernel knows of its pins, as JSON, without waiting for anything: State of docs/panel-channel.md.

Less what is each panel's own: ``seq``, and the comparison with its notebook (carried.py).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudshelf.errors import AlreadyLoaded, ShelfError
from cloudshelf.importing.blocklist import blocked_projects
from cloudshelf.requirements.lock_text import project_of
from cloudshelf.session import Pinned, Session
from cloudshelf.session.in_place import InPlace
from cloudshelf.version import __version__

from .. import restart
from ..worker import Worker
from .seconds import Seconds

Json = dict[str, Any]

WORKER = "cloudshelf-panel-work"  # the thread of what panels ask for


class Facts:
    """Reads the session, the presence of its environment and the timeline of imports. Not for two threads at once."""

    def __init__(self, shell: Any, session: Session, changed: Callable[[], None]) -> None:
        """``changed`` is called when something came that nobody else tells of: the shelf's name."""
        self._shell, self._session, self._changed = shell, session, changed
        self._names: dict[str, str] = {}  # of shelves, by URL
        self._names_worker = Worker("cloudshelf-panel-name")
        self._busy: dict[int, Json] = {}  # by thread, the last to report at the end
        self.forget()

    def forget(self) -> None:
        """Keep nothing of what can be read again: there is no panel."""
        self._pinned: Pinned | None = None
        self._in_place: InPlace | None = None
        self._problem: str | None = None
        self._seconds = Seconds()
        self._wish: Json | None = None
        self._wish_is_read = False
        self._refused: tuple[list[str], str, Pinned] | None = None

    def progressed(self, verb: str, event: Mapping[str, Any] | None) -> None:
        """This thread's verb reports; None: it has ended."""
        thread = threading.current_thread()
        self._busy.pop(threading.get_ident(), None)
        if event is not None:
            fields = {"stage": "", "done": 0, "total": 0, "unit": "", "what": ""}
            who = {"verb": verb, "by": "panel" if thread.name == WORKER else "cell"}
            self._busy[threading.get_ident()] = who | {k: event.get(k, v) for k, v in fields.items()}

    def refused(self, requirements: Sequence[str], error: AlreadyLoaded) -> None:
        """A use was, since another version is loaded; of interest until the pins change."""
        self._refused = list(requirements), str(error), self._session.pinned()

    def wished(self) -> None:
        """The wish in its file is another now."""
        self._wish_is_read = False
        self._refused = None

    def may_move(self) -> bool:
        """Whether files may come, or a verb go on, without anybody telling."""
        in_place = self._in_place  # another thread may forget it
        return bool(self._busy) or (in_place is not None and not in_place.is_complete())

    def now(self) -> Json:
        """The state of this moment. Raises nothing."""
        pinned = self._session.pinned()
        self._follow(pinned)
        shelf, problem = self._shelf()
        wanted = self._restart(pinned)
        pins = self._pins(pinned, {project_of(text) for text in wanted["requirements"]} if wanted else set())
        return {
            "version": 1,
            "cloudshelf": __version__,
            "shelf": shelf,
            "requirements": list(pinned.requirements),
            "pins": pins,
            "provided": dict(pinned.provided),
            "busy": next(reversed(list(self._busy.values())), None),
            "totals": {name: sum(pin[name] for pin in pins) for name in ("bytes", "fetched")},
            "restart": wanted,
            "problem": problem or self._problem,
        }

    def _follow(self, pinned: Pinned) -> None:
        """Read the index of the environment when it is another one."""
        before, self._pinned = self._pinned, pinned
        if before is not None and before[2:4] == pinned[2:4]:
            return
        self._in_place, self._problem = None, None
        if pinned.environment is not None:
            try:
                self._in_place = InPlace(pinned.environment, pinned.activated)
            except ShelfError as error:
                self._problem = str(error)

    def _pins(self, pinned: Pinned, wanted: set[str]) -> list[Json]:
        rows = sorted(self._in_place.rows(), key=lambda row: str(row["project"])) if self._in_place else []
        seconds = self._seconds.of_projects({module: row["project"] for row in rows for module in row["modules"]})
        asked = {project_of(requirement) for requirement in pinned.requirements}
        blocked = blocked_projects(pinned.environment) if pinned.environment else {}
        pins = []
        for row in rows:
            loaded_version = row.pop("loaded_version")
            other = loaded_version not in (None, row["version"])
            badges = ["loaded" if row["loaded"] else "pinned"]
            badges += ["restart"] if other or row["project"] in wanted else []
            badges += ["blocked"] if row["project"] in blocked else []
            more = {"asked": row["project"] in asked, "seconds": seconds.get(row["project"]), "badges": badges}
            pins.append(row | more | {"blocked": blocked.get(row["project"])})
        return pins

    def _restart(self, pinned: Pinned) -> Json | None:
        """What waits for a restart: a wish that is stored, or a use that was refused."""
        if not self._wish_is_read:
            with contextlib.suppress(ShelfError):  # of wrong settings, which ``_shelf`` tells
                self._wish = restart.read_wish(self._shell)
            self._wish_is_read = True
        if self._wish is not None:
            texts = [text for text in map(str, self._wish["requirements"]) if text not in pinned.requirements]
            message = f"After a restart of the kernel {', '.join(texts) or 'the same'} will be pinned."
            return {"requirements": texts, "message": message, "stored": True}
        if self._refused is not None and self._refused[2] == pinned:
            return {"requirements": self._refused[0], "message": self._refused[1], "stored": False}
        return None

    def _shelf(self) -> tuple[Json | None, str | None]:
        """URL and name, and what is wrong with the settings. A URL of ours holds no secret (urls.normalize_url)."""
        try:
            url = self._session.url
        except ShelfError as error:
            return None, str(error)
        if url is None:
            return None, None
        if url not in self._names:
            self._names[url] = ""
            self._names_worker.do(lambda: self._learn_name(url))
        return {"url": url, "name": self._names[url]}, None

    def _learn_name(self, url: str) -> None:
        try:
            self._names[url] = str(self._session.call("connect", {"shelf": url})["name"])
        except (ShelfError, OSError):
            self._names.pop(url)  # the next panel asks again
            return
        self._changed()
