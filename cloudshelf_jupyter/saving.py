"""``%shelf lock --notebook``: the lock goes into the notebook by its editor, or by a command that a person types.

A kernel cannot change the notebook that runs in it: its file belongs to the editor that has it open. So it opens a comm
of the target ``cloudshelf`` with a message that a front end of ours answers (docs/notebooks.md); what is shown says the
command for everybody else, and is replaced when the answer comes. Waiting for one would be in vain, because a kernel
gets messages between cells only.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from cloudshelf import render
from cloudshelf.codecs.notebook import make_block
from cloudshelf.config import read_config
from cloudshelf.kept_locks import kept_lock
from cloudshelf.language.arguments import write_text
from cloudshelf.quantities import count
from cloudshelf.session import Session

from .own_notebook import own_path

TARGET = "cloudshelf"
Replace = Callable[[str], None]


def lock_into_own_notebook(shell: Any, session: Session, answer: dict[str, Any]) -> dict[str, Any]:
    """Ask the editor to take the lock of ``answer``; the result says the command that does it without one.

    The lock is kept in the cache until then (kept_locks.py).
    """
    lock, block = make_own_block(session, str(answer["lock"]))
    kept = kept_lock(read_config().cache, block["digest"])
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(kept, lock)
    path = own_path(shell)
    name = shlex.quote(str(path)) if path is not None else "FILE.ipynb"
    return {
        **answer,
        "lock": lock,
        "notebook": str(path) if path is not None else "",
        "digest": block["digest"],
        "block": block,
        "command": f"cloudshelf lock --notebook {name} --lock {shlex.quote(str(kept))}",
    }


def make_own_block(session: Session, lock: str) -> tuple[str, dict[str, Any]]:
    """A lock of this session (text) as everybody may read it, and the block that carries it in a notebook."""
    public = str(session.call("lock", {"lock": lock, "requirements": []})["lock"])
    shelf = session.call("connect", {})
    return public, make_block(public, str(shelf["shelf"]), str(shelf["name"]))


def ask_editor(shell: Any, result: dict[str, Any]) -> None:
    """Show ``result``, send the block to the front end, and show its answer in place of that."""
    from IPython.display import display

    handle: Any = display(render.Answer("lock", result), display_id=True)  # type: ignore[no-untyped-call]
    if getattr(shell, "kernel", None) is None or handle is None:
        return

    def replace(line: str) -> None:
        handle.update(render.Answer("lock", {**result, "command": "", "said": line}))

    open_comm(result, replace)


def open_comm(result: dict[str, Any], replace: Replace) -> Any:
    """The comm that carries the block; its answer is given to ``replace`` as a line, and ends it."""
    import comm  # ipykernel has put its own manager into it

    opened = comm.create_comm(
        target_name=TARGET,
        data={"request": "set-lock", "version": 1, "path": result["notebook"], "block": result["block"]},
    )

    def answered(message: dict[str, Any]) -> None:
        data = message.get("content", {}).get("data", {})
        pins = count(len(result["pins"]), "pin")
        if data.get("status") == "saved":
            replace(f"This notebook carries its lock now: {pins}, saved by its editor.")
        elif data.get("status") == "set":
            replace(f"This notebook carries its lock now: {pins}. Save it to keep that.")
        elif data.get("status") == "refused":
            replace(f"The editor did not take the lock: {data.get('reason', 'it did not say why')}")
        else:
            return
        opened.close()

    opened.on_msg(answered)
    return opened
