"""Jupyter server extension: what is on the shelf, as REST for the panel. docs/rest-api.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Called by the server once, when it starts; makes no request to a shelf."""
    from .extension import load

    load(serverapp)
