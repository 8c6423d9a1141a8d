"""The lock that every kernel starts with: ``c.CloudShelf.lock``, which ``cloudshelf enable --lock`` writes."""

from __future__ import annotations

import sys
from typing import Any

from cloudshelf.errors import ShelfError
from cloudshelf.session import Session


def start_with(lock: str, shell: Any, session: Session) -> None:
    """Pin what ``lock`` (a file, or a name on the shelf) has, unless something is: a parent's, or what was wished for.

    Where it cannot be had the kernel starts without, and its first cell says why: nobody sees what it says before.
    """
    if not lock or session.environment is not None:
        return
    try:
        session.sync(lock)
    except ShelfError as error:
        line = f"cloudshelf: this kernel started without the lock {lock}: {error}"

        def tell(*_: Any) -> None:
            shell.events.unregister("pre_run_cell", tell)
            print(line, file=sys.stderr)

        shell.events.register("pre_run_cell", tell)
