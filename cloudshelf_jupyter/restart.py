"""``%shelf use --restart``: the wish outlives the kernel in a small file, and ``%load_ext`` grants it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudshelf.arguments import write_text
from cloudshelf.errors import ShelfError, UsageError
from cloudshelf.lock_text import merge_requirements
from cloudshelf.session import Progress, Session, parse_moment


def restart_with(
    shell: Any,
    session: Session,
    asked: list[str],
    wanted: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    as_of: str | None = None,
) -> None:
    """Store what shall be pinned after the restart (``asked`` and ``wanted`` of Session.ask), then restart.

    Raises UsageError outside of a kernel, and what the resolver raises: a typing error costs no kernel's state.
    """
    kernel = getattr(shell, "kernel", None)
    place = wish_file(shell)
    if kernel is None or place is None:
        raise UsageError("Only a notebook's kernel can be restarted from here; start Python again and repeat the use.")
    requirements = merge_requirements(session.requirements, asked)
    wanted = {**wanted, "asked": asked} if wanted else None  # the earlier ones are not of these files
    args = {"requirements": requirements, "asked": asked, "wanted": wanted, "as_of": parse_moment(as_of)}
    session.call("lock", args, progress)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    wish = {"shelf": session.url, "requirements": requirements, "wanted": wanted, "as_of": as_of}
    write_text(place, json.dumps(wish))
    print(
        "Restarting the kernel, which Jupyter may call died. Then run %load_ext cloudshelf; "
        f"it pins: {', '.join(requirements)}"
    )
    kernel.do_shutdown(True)


def apply_wish(shell: Any, session: Session) -> None:
    """Pin what was wished before the restart, say so, and forget the wish."""
    place = wish_file(shell)
    if place is None or not place.is_file():
        return
    try:
        wish = json.loads(place.read_text())
        place.unlink()
    except (OSError, ValueError):
        return
    try:
        if wish.get("shelf"):
            session.connect(wish["shelf"])
        session.use(*wish["requirements"], wanted=wish.get("wanted"), as_of=wish.get("as_of"))
    except ShelfError as error:
        print(f"After the restart, {', '.join(wish['requirements'])} could not be pinned: {error}")
        return
    print(f"After the restart, pinned as wished: {', '.join(wish['requirements'])}")


def wish_file(shell: Any) -> Path | None:
    """Where this kernel's wish is kept; a restarted kernel has the same connection file, hence the same place."""
    kernel_id = _kernel_id(shell)
    if kernel_id is None:
        return None
    from cloudshelf.config import read_config

    return Path(read_config().cache) / "sessions" / f"{kernel_id}.json"


def _kernel_id(shell: Any) -> str | None:
    if getattr(shell, "kernel", None) is None:  # IPython in a terminal; importing ipykernel would take 100 ms there
        return None
    try:
        from ipykernel.connect import get_connection_file

        name = Path(get_connection_file()).stem
    except (ImportError, RuntimeError):
        return None
    return re.sub(r"[^A-Za-z0-9-]", "_", name.removeprefix("kernel-")) or None
