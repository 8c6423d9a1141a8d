"""When a cell installs something (%pip, !uv pip, conda) that the shelf's pins hide, one line says so.

Nobody installs into an environment off a shelf: pip, uv and conda go by the interpreter. But what they install comes
after the pins, so "successfully installed" would not be the whole truth. One ``stat`` of each site-packages a cell.
"""

from __future__ import annotations

import os
from typing import Any

from cloudshelf.requirements.lock_text import lock_pins, project_of
from cloudshelf.session import Session
from cloudshelf.session.copies import find_copies, own_folders


class InstallWatch:
    """Compares site-packages with the pins after a cell that changed them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen = _changes()
        self._told: set[tuple[str, str]] = set()

    def look(self, *_: Any) -> None:
        """After a cell; prints a line for each installed distribution that a pin hides, once."""
        now = _changes()
        before, self._seen = self._seen, now
        if all(before.get(folder, when) == when for folder, when in now.items()):
            return
        pins = {pin["project"]: pin["version"] for pin in lock_pins(self._session.lock_text or "")}
        for project, line in find_copies(pins):
            if (project, line) not in self._told:
                self._told.add((project, line))
                print(f"{project} {line}. {_advice(project, self._session)}")


_watching: list[InstallWatch] = []


def install(shell: Any, session: Session) -> None:
    watch = InstallWatch(session)
    _watching.append(watch)
    shell.events.register("post_run_cell", watch.look)


def uninstall(shell: Any) -> None:
    while _watching:
        shell.events.unregister("post_run_cell", _watching.pop().look)


def _changes() -> dict[str, int]:
    """When each site-packages last got or lost an entry."""
    found = {}
    for folder in own_folders():
        try:
            found[folder] = os.stat(folder).st_mtime_ns  # noqa: PTH116  (after every cell)
        except OSError:
            continue
    return found


def _advice(project: str, session: Session) -> str:
    if project in {project_of(requirement) for requirement in session.requirements}:
        return f"To import the installed one: %shelf drop {project}"
    return f"For another version off the shelf: %shelf use {project}==VERSION"
