"""What the shelf has, as far as a Tab needs it: asked of the fetcher, remembered, and never waited for for long."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from cloudshelf.errors import ShelfError
from cloudshelf.session import Session

FRESH = 60.0  # seconds for which an answer is not asked for again
FORGET = 10.0  # seconds for which a failure is not
PATIENCE = 0.3  # seconds that a Tab waits for what it has never heard; the next Tab shows what comes later
BRIEF = 0.03  # seconds that it waits for news of what it knows, where the shelf may not be meant at all, or is silent

_Key = tuple[str, ...]


class ShelfNames:
    """Names on the shelf of ``session``; nothing rather than an error while somebody types. Any thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[_Key, tuple[float, dict[str, Any]]] = {}  # until when it is fresh
        self._asking: dict[_Key, threading.Thread] = {}
        self._silent: set[str] = set()  # URLs of shelves that did not answer the last time

    def projects(self) -> list[str]:
        return list(self._answer("names", {}, PATIENCE).get("projects", ()))

    def modules(self) -> list[str]:
        """Modules at the top of projects, by their default versions; dotted for parts of a namespace."""
        return list(self._answer("names", {}, BRIEF).get("modules", ()))

    def versions(self, project: str) -> list[str]:
        rows = self._answer("ls", {"project": project}, PATIENCE).get("versions", ())
        return [str(row["version"]) for row in rows]

    def locks(self) -> list[str]:
        """What locks on the shelf are called."""
        return [str(row["name"]) for row in self._answer("locks", {}, PATIENCE).get("locks", ())]

    def submodules(self, module: str) -> list[str]:
        """The last names of the modules below ``module``, of the version that importing it would pin."""
        return list(self._answer("submodules", {"module": module}, PATIENCE).get("submodules", ()))

    def learn(self) -> None:
        """Start the fetcher, have it get ready and tell the names, without waiting; a failure shows when one asks."""
        threading.Thread(target=self._learn, name="cloudshelf-start", daemon=True).start()

    def _learn(self) -> None:
        with contextlib.suppress(ShelfError, OSError):
            url = self._url()
            answer = self._session.call("prepare", {"shelf": url})
            if url:
                self._known[url, "names"] = time.monotonic() + FRESH, answer

    def _url(self) -> str:
        try:
            return self._session.url or ""
        except ShelfError:  # the settings are wrong
            return ""

    def _answer(self, verb: str, args: dict[str, str], patience: float) -> dict[str, Any]:
        """The answer of a verb; in a thread, since a slow shelf must not hold up the typing."""
        url = self._url()
        key = (url, verb, *args.values())
        until, answer = self._known.get(key, (0.0, {}))
        if not url or time.monotonic() < until:
            return answer
        thread = self._asking.get(key)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=self._ask, args=(key, verb, args), name="cloudshelf-names", daemon=True)
            self._asking[key] = thread
            thread.start()
        thread.join(BRIEF if answer or url in self._silent else patience)
        if thread.is_alive():
            self._silent.add(url)  # one Tab waits in vain, and no other until it answers
        return self._known.get(key, (0.0, answer))[1]

    def _ask(self, key: _Key, verb: str, args: dict[str, str]) -> None:
        try:
            answer, fresh = self._session.call(verb, {"shelf": key[0], **args}), FRESH
            self._silent.discard(key[0])
        except (ShelfError, OSError):  # what was known is better than nothing
            answer, fresh = self._known.get(key, (0.0, {}))[1], FORGET
            self._silent.add(key[0])
        self._known[key] = time.monotonic() + fresh, answer
