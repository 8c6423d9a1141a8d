"""All panels that are open on this kernel: they get what changes, from one thread, and share one worker.

A front end's messages come in the main thread between cells, or in a subshell's thread at any time; a cell's verbs and
imports are seen by the session's observer, and by looking at what is in place.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cloudshelf.errors import AlreadyLoaded, Interrupted, UsageError
from cloudshelf.session import Session

from ..worker import Worker
from .facts import WORKER, Facts
from .panel import Panel
from .request import Request, told
from .verbs import Kernel, answer
from .watcher import Watcher

MOST = 16  # panels of one kernel; of more, the oldest are of browsers that went without a word
MOST_WAITING = 100  # requests


class Panels:
    """The panels of one kernel; an observer of its session."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell, self._session = shell, session
        self._facts = Facts(shell, session, self.changed)
        self._worker = Worker(WORKER)
        self._cancelled = threading.Event()  # of all requests that came since the last cancel
        self._watcher = Watcher(self.publish, self._may_move)
        self._lock = threading.RLock()
        self._open: list[Panel] = []
        self._cells: set[int] = set()  # threads that run one: the main shell's, and subshells'
        session.observers.append(self)  # also while there is none: a reload in the middle of a verb finds it busy
        os.register_at_fork(after_in_child=self._forget)

    def open(self, comm: Any, message: Mapping[str, Any]) -> None:
        """A front end opened ``comm``: it gets the state, and from then on what changes."""
        panel = Panel(comm, message, on_request=self._asked, on_close=self._remove)
        if panel.refuse_other_version():
            return
        with self._lock:
            facts = self._facts.now()
            if not self._open:
                self._shell.events.register("pre_run_cell", self._cell_begins)
                self._shell.events.register("post_run_cell", self._cell_ends)
            self._open.append(panel)
            older = self._open[:-MOST]
            panel.show(facts)
        self._close(older)
        self._watcher.wake()

    def close(self) -> None:
        """Close all of them, for good."""
        self._close(list(self._open))
        self._session.observers.remove(self)

    def publish(self) -> bool:
        """Send what changed to every panel; whether anything did."""
        with self._lock:
            if not self._open:
                return False
            facts, panels = self._facts.now(), list(self._open)
            moved = sum(panel.update(facts, waits=not self._cells) for panel in panels) > 0
        self._close(panel for panel in panels if panel.is_gone())
        return moved

    def changed(self) -> None:
        if self._open:
            self._watcher.wake()

    def progressed(self, verb: str, event: Mapping[str, Any] | None) -> None:
        self._facts.progressed(verb, event)
        self.changed()

    def refused(self, requirements: Sequence[str], error: AlreadyLoaded) -> None:
        self._facts.refused(requirements, error)
        self.changed()

    def _close(self, panels: Iterable[Panel]) -> None:
        for panel in panels:
            self._remove(panel)
            panel.close()

    def _asked(self, panel: Panel, request: Request) -> None:
        """What looks only at what is in memory is answered at once; the rest in its turn."""
        if request.verb == "state":
            with self._lock:
                panel.show(self._facts.now())
            panel.reply(request.id, {})
        elif request.verb == "notebook":
            panel.carry(request)
            self._watcher.wake()
        elif request.verb == "cancel":
            self._cancelled.set()
            self._cancelled = threading.Event()
            panel.reply(request.id, {})
        elif self._worker.waiting() >= MOST_WAITING:
            error = UsageError(f"{MOST_WAITING} requests of this notebook's panels are waiting; ask again later.")
            panel.reply(request.id, error=told(error))
        else:
            cancelled = self._cancelled
            self._worker.do(lambda: self._work(panel, request, cancelled))

    def _work(self, panel: Panel, request: Request, cancelled: threading.Event) -> None:
        def check() -> None:
            if cancelled.is_set():
                raise Interrupted()

        kernel = Kernel(self._shell, self._session, self._facts)
        self.progressed(request.verb, {})  # until it reports itself: a shelf may be silent for long
        with self._session.while_wanted(check):
            result, error = answer(kernel, request, panel.progress_of(request.id), check)
        self._facts.progressed(request.verb, None)
        self.publish()
        panel.reply(request.id, result, error)

    def _may_move(self) -> bool:
        return bool(self._open) and (bool(self._cells) or self._facts.may_move())

    def _cell_begins(self, *_info: Any) -> None:
        self._cells.add(threading.get_ident())
        self._watcher.wake()

    def _cell_ends(self, *_result: Any) -> None:
        self._cells.discard(threading.get_ident())
        self._watcher.wake()

    def _remove(self, panel: Panel) -> None:
        with self._lock:
            if panel not in self._open:
                return
            self._open.remove(panel)
            if not self._open:
                self._shell.events.unregister("pre_run_cell", self._cell_begins)
                self._shell.events.unregister("post_run_cell", self._cell_ends)
                self._cells.clear()
                self._facts.forget()

    def _forget(self) -> None:
        """In a forked child: its parent's panels are none of its own, and locks may have been held."""
        self._lock, self._open = threading.RLock(), []
        if self in self._session.observers:
            self._session.observers.remove(self)
