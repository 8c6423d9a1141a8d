"""What one process has pinned: its shelf, requirements, lock and environment; and how they change, all at once."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..errors import AlreadyLoaded, NoShelf, UsageError
from ..language.arguments import read_text
from ..requirements.lock_text import lock_requirements
from .children import ENVIRONMENT, PROVIDED, tell_children
from .journal import Journal

Progress = Callable[[dict[str, Any]], None]


class Observer(Protocol):
    """Who shows the state elsewhere. Told in the thread that works: it waits for nothing, and raises nothing."""

    def changed(self) -> None:
        """The shelf or the pins are others now."""

    def progressed(self, verb: str, event: Mapping[str, Any] | None) -> None:
        """A verb reports ``event``; None: it has ended."""

    def refused(self, requirements: Sequence[str], error: AlreadyLoaded) -> None:
        """They could be pinned after a restart only."""


class Pinned(NamedTuple):
    """What is pinned at a moment."""

    requirements: tuple[str, ...]
    lock: str | None
    environment: str | None
    activated: tuple[str, ...]  # every environment of this process
    provided: Mapping[str, str]


class State:
    """The state of one process; every method may be called from any thread."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._url: str | None = None
        self._requirements: list[str] = []
        self._lock: str | None = None
        self._environment: str | None = None
        self._activated: list[str] = []  # every environment of this process, the oldest first
        self._trust = ""  # whose signatures IPython's configuration requires; the settings win over it
        self._variant = ""  # which builds were asked for, such as "cpu"; else the settings or the machine decide
        self._shadow: set[str] = set()  # editable or direct-URL installs that the shelf's pins go before
        self._provided: dict[str, str] = {}  # what the kernel has and the shelf lacks: needed, but no pin
        self._wanted = threading.local()
        self.progress: Progress | None = None
        self.observers: list[Observer] = []
        os.register_at_fork(after_in_child=self._renew_guard)
        self._adopt(os.environ.get(ENVIRONMENT))
        self._journal = Journal()
        self._remember("the beginning")

    @property
    def url(self) -> str | None:
        """The shelf that ``connect`` or the settings chose, or several (config.join_urls); None when there is none."""
        if self._url is None:
            from ..config import read_config

            self._url = read_config().url
        return self._url

    @property
    def environment(self) -> str | None:
        """The folder of the active environment."""
        return self._environment

    @property
    def requirements(self) -> list[str]:
        """What was asked for, in the order it was asked."""
        return list(self._requirements)

    @property
    def lock_text(self) -> str | None:
        return self._lock

    def connect(self, url: str | None = None) -> dict[str, Any]:
        """Work with the shelf at ``url`` (several, in order: separated by commas) from now on; its name and URL.

        Raises ShelfMissing, leaving the old one.
        """
        from ..urls import normalize_urls

        wanted = normalize_urls(url) if url else self.url
        if not wanted:
            raise NoShelf()
        answer = self._call("connect", {"shelf": wanted})
        with self._guard:
            self._url = wanted
        self._tell_changed()
        return answer

    def configure(self, url: str) -> None:
        """A shelf from configuration: taken as it is, without looking whether it is there."""
        from ..urls import normalize_urls

        self._url = normalize_urls(url)
        self._tell_changed()

    def require(self, trust: str) -> None:
        """Signatures from configuration (signing/pins.py), where the settings require none."""
        self._trust = trust

    def pinned(self) -> Pinned:
        """What is pinned, without waiting for a verb that works; ``Observer.changed`` is told when that has ended."""
        return Pinned(
            tuple(self._requirements), self._lock, self._environment, tuple(self._activated), dict(self._provided)
        )

    def call(self, verb: str, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        """Any verb of ``verbs.serve``, by the fetcher, for this session's shelf."""
        return self._call(verb, {"shelf": self.url, "lock": self._lock} | dict(args), progress)

    @contextlib.contextmanager
    def while_wanted(self, check: Callable[[], None]) -> Iterator[None]:
        """Verbs of this thread call ``check`` every second, and when they report; what it raises ends them."""
        self._wanted.check = check
        try:
            yield
        finally:
            del self._wanted.check

    def _adopt(self, environment: str | None) -> None:
        """Take over what a parent process pinned: its environment is active here already (subprocess_hook)."""
        if environment is None or not any(p.startswith(f"{environment}/") for p in sys.path):
            return
        lock = Path(environment, ".cloudshelf", "lock.toml")
        if lock.is_file():
            self._environment, self._lock = environment, read_text(lock)
            self._activated = [environment]
            self._requirements = lock_requirements(self._lock)
            words = (word.partition("==") for word in os.environ.get(PROVIDED, "").split())
            self._provided = {project: version for project, _, version in words}

    def _loaded(self) -> dict[str, dict[str, Any]]:
        """The installed distributions whose modules this process has imported; they constrain the resolver."""
        from .loaded import find_loaded

        return find_loaded(self._activated)

    def _needed_url(self) -> str:
        if not self.url:
            raise NoShelf()
        return self.url

    def _wanted_variant(self) -> str:
        from ..config import read_config

        try:
            return self._variant or read_config().variant
        except UsageError:  # settings that are wrong hinder nobody who connected to a shelf
            return ""

    def _activate(
        self, answer: dict[str, Any], requirements: list[str] | None, progress: Progress | None
    ) -> dict[str, Any]:
        from ..environment.trees import absent_tools
        from ..importing.activate import activate

        environment = str(answer["environment"])
        if tools := absent_tools(environment):
            self._call("fill", {"environment": environment, "projects": tools}, progress)
        activate(environment)
        self._environment, self._lock = environment, str(answer["lock"])
        self._provided = dict(answer.get("provided", {}))
        self._activated = [*(e for e in self._activated if e != environment), environment]
        self._requirements = list(answer["requirements"]) if requirements is None else requirements
        tell_children(environment, self._provided)
        return answer

    def _forget(self) -> dict[str, Any]:
        """Nothing is asked for any more; what was imported keeps working, nothing new comes from the shelf."""
        from ..importing.activate import deactivate
        from .in_place import environment_rows

        rows = environment_rows(self._environment) if self._environment else []
        if self._environment:
            deactivate(self._environment)
        self._environment, self._lock, self._requirements, self._provided = None, None, [], {}
        tell_children(None, {})
        changes = [{"project": r["project"], "was": r["version"], "version": None, "why": []} for r in rows]
        return {"environment": None, "lock": "", "changes": changes, "pins": [], "requirements": []}

    def _remember(self, did: str, answer: dict[str, Any] | None = None) -> dict[str, Any]:
        """``answer`` itself, after a step that succeeded."""
        answer = answer or {}
        self._journal.add(did, self._lock, self._requirements, self._provided, answer.get("changes", ()))
        self._tell_changed()
        return answer

    def tell_progress(self, verb: str, event: Mapping[str, Any] | None) -> None:
        """Tell the observers what this thread does; None: it has ended."""
        for observer in list(self.observers):
            observer.progressed(verb, event)

    def _tell_refused(self, requirements: Sequence[str], error: AlreadyLoaded) -> None:
        for observer in list(self.observers):
            observer.refused(requirements, error)

    def _tell_changed(self) -> None:
        for observer in list(self.observers):
            observer.changed()

    def _renew_guard(self) -> None:
        """In a forked child: a thread of the parent, which the child has not, may have held it."""
        self._guard = threading.RLock()

    def _call(self, verb: str, args: Mapping[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        from ..config import read_trust
        from ..importing.client import call

        args = {"trust": read_trust(configured=self._trust)[0], **args}
        shown = progress or self.progress
        check: Callable[[], None] | None = getattr(self._wanted, "check", None)

        def told(event: dict[str, Any]) -> None:
            self.tell_progress(verb, event)
            if check is not None:
                check()
            if shown is not None:
                shown(event)

        try:
            return dict(call(verb, dict(args), told, check) or {})
        finally:
            self.tell_progress(verb, None)
