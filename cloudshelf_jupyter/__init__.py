"""Notebook faces of cloudshelf; only entry points here, everything else loads when it is needed."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Jupyter Server's extension (https://jupyter-server.readthedocs.io, "Server Extensions"); imports nothing yet."""
    return [{"module": "cloudshelf_jupyter.server"}]


def load(shell: Any) -> None:
    """``%load_ext cloudshelf``: magics, completion, zero-step import, short errors. Waits for nothing."""
    from . import magics

    magics.load(shell)


def unload(shell: Any) -> None:
    """``%unload_ext cloudshelf``."""
    from . import magics

    magics.unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the panel's bundle is, and its name: JupyterLab's protocol for prebuilt extensions."""
    return [{"src": "labextension", "dest": "cloudshelf"}]
