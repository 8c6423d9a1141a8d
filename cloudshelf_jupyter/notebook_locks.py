"""``%shelf lock --notebook`` and ``%shelf sync --notebook``: which notebook is meant, and who may write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudshelf.errors import UsageError
from cloudshelf.language import grammar
from cloudshelf.language.arguments import prepare
from cloudshelf.notebooks import find_notebook
from cloudshelf.render.bars import Bars
from cloudshelf.session import Session

from . import own_notebook, saving


def sync_notebook(shell: Any, session: Session, command: grammar.Command, bars: Bars) -> dict[str, Any]:
    """The pins that a notebook carries, its own unless another is named."""
    args = command.args
    notebook = own_notebook.find_own_notebook(shell, args["notebook"])
    lock = notebook.block(force=args["force"]).lock
    shelf, variant = session.url if command.shelf else None, args["variant"] or ""
    done = session.sync(lock, name=notebook.name, shelf=shelf, variant=variant, progress=bars)
    return done | {"notes": [*done["notes"], f"These are the pins that {notebook.name} carries."]}


def lock_notebook(shell: Any, session: Session, command: grammar.Command, bars: Bars) -> dict[str, Any] | None:
    """The pins into a notebook; None where its editor was asked to, which shows what comes of it."""
    args = command.args
    if not _is_own(shell, args["notebook"]):
        return _lock_other(session, command, bars)
    if args["lock"] or args["requirements"] or args["requirement"] or args["name"]:
        raise UsageError("%shelf lock --notebook is for the pins of this notebook. First: %shelf use …")
    done = saving.lock_into_own_notebook(shell, session, session.complete_lock(progress=bars))
    bars.close(finished=True)
    if command.json:
        return done
    saving.ask_editor(shell, done)
    return None


def _is_own(shell: Any, asked: str | bool) -> bool:
    """Whether a notebook is the one of this kernel, which its editor has open."""
    own = own_notebook.own_path(shell)
    return asked is True or (own is not None and own.resolve() == Path(str(asked)).expanduser().resolve())


def _lock_other(session: Session, command: grammar.Command, bars: Bars) -> dict[str, Any]:
    """The pins of this notebook, or what the line names, into a notebook that nobody has open."""
    if command.args["lock"] or command.args["requirements"] or command.args["requirement"]:
        args = {k: v for k, v in prepare(command).items() if v is not None and (k != "shelf" or command.shelf)}
    else:
        notebook = find_notebook(command.args["notebook"])
        args = {"notebook": str(notebook.path), "notebook_name": notebook.name, "force": command.args["force"]}
    session.call("refuse-open-notebook", args)
    named = "requirements" in args
    done = session.call("lock", args, bars) if named else session.complete_lock(progress=bars)
    put = session.call("put-lock", {**args, "lock": done["lock"]})
    notes = [*done["notes"], *put["notes"]]
    return {**done, **put, "file": args["notebook_name"], "pins": done["pins"], "notes": notes}
