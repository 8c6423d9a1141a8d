"""The comm target that a panel opens. Loaded by ``%load_ext``, so it loads nothing else before somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudshelf.session import Session

    from .panels import Panels

TARGET = "cloudshelf.panel"
_opened: list[Panels] = []  # at most one: all panels of this kernel, from the first one on


def register(shell: Any, session: Session) -> None:
    """From now on panels may be opened on this kernel; in a shell that is no kernel's, nothing happens."""
    if getattr(shell, "kernel", None) is None:
        return
    import comm  # ipykernel has put its own manager into it

    def open_panel(opened: Any, message: dict[str, Any]) -> None:
        if not _opened:
            from .panels import Panels

            _opened.append(Panels(shell, session))
        _opened[0].open(opened, message)

    comm.get_comm_manager().register_target(TARGET, open_panel)


def unregister(shell: Any) -> None:
    """No longer; panels that are open are closed."""
    if getattr(shell, "kernel", None) is None:
        return
    import comm

    manager = comm.get_comm_manager()
    if TARGET in manager.targets:
        manager.unregister_target(TARGET, manager.targets[TARGET])
    while _opened:
        _opened.pop().close()
