"""Where a path ends when symbolic links on the way are followed (path_resolution(7)); no file has to be there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 40  # that Linux follows for one path


def follow(path: str, target_of: Callable[[str], str | None]) -> str | None:
    """Where ``path``, relative to a root, ends; None where that is outside of the root.

    ``target_of`` says where the link at a path leads to, None for what is none. A ``..`` behind a link leaves the
    folder which that leads to. What goes round ends nowhere: "".
    """
    waiting, at, followed = path.split("/")[::-1], list[str](), 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            if not at:
                return None
            at.pop()
        elif part not in ("", "."):
            target = target_of("/".join((*at, part)))
            if target is None:
                at.append(part)
                continue
            followed += 1
            if target.startswith("/"):
                return None
            if followed > _MOST:
                return ""
            waiting += target.split("/")[::-1]
    return "/".join(at)
