"""``%shelf use --restart``: the wish outlives the kernel in a small file, and ``%load_ext`` grants it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudshelf.errors import ShelfError, UsageError
from cloudshelf.language.arguments import write_text
from cloudshelf.requirements.lock_text import merge_requirements
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
    """Store what shall be pinned after the restart (see ``store_wish``), then restart."""
    requirements = store_wish(shell, session, asked, wanted, progress, as_of=as_of)
    print(
        "Restarting the kernel, which Jupyter may call died. Then run %load_ext cloudshelf; "
        f"it pins: {', '.join(requirements)}"
    )
    shell.kernel.do_shutdown(True)


def store_wish(
    shell: Any,
    session: Session,
    asked: list[str],
    wanted: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    as_of: str | None = None,
) -> list[str]:
    """Store what shall be pinned after a restart (``asked`` and ``wanted`` of Session.ask): all the requirements.

    Raises UsageError outside of a kernel, and what the resolver raises: a typing error costs no kernel's state.
    """
    place = wish_file(shell)
    if place is None:
        raise UsageError("Only a notebook's kernel can be restarted from here; start Python again and repeat the use.")
    requirements = merge_requirements(session.requirements, asked)
    wanted = {**wanted, "asked": asked} if wanted else None  # the earlier ones are not of these files
    args = {"requirements": requirements, "asked": asked, "wanted": wanted, "as_of": parse_moment(as_of)}
    session.call("lock", args, progress)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    wish = {"shelf": session.url, "requirements": requirements, "wanted": wanted, "as_of": as_of}
    write_text(place, json.dumps(wish))
    return requirements


def read_wish(shell: Any) -> dict[str, Any] | None:
    """What is stored for after the restart; None for nothing."""
    place = wish_file(shell)
    try:
        return dict(json.loads(place.read_text())) if place is not None else None
    except (OSError, ValueError):
        return None


def forget_wish(shell: Any) -> None:
    """After a restart nothing is pinned by itself."""
    place = wish_file(shell)
    if place is not None:
        place.unlink(missing_ok=True)


def apply_wish(shell: Any, session: Session) -> None:
    """Pin what was wished before the restart, say so, and forget the wish."""
    wish = read_wish(shell)
    if wish is None:
        return
    forget_wish(shell)
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
