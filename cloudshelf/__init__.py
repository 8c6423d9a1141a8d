"""Cloudshelf: distributions that one put on a shelf are importable by everybody, without an install.

    import cloudshelf
    cloudshelf.connect("s3://our-shelf/curated")     # or set CLOUDSHELF_URL
    cloudshelf.use("pandas>=2.2,<3")
    import pandas

Importing this module does no I/O and loads nothing of Jupyter or the network; every name comes when it is asked for
(PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors as errors
    from .session import connect, drop, fill, lock, pins, status, sync, use
    from .shelf import Shelf
    from .version import __version__ as __version__

__all__ = ["Shelf", "connect", "drop", "errors", "fill", "lock", "pins", "status", "sync", "use"]

_FROM = {"Shelf": "shelf", "__version__": "version"} | dict.fromkeys(
    ("connect", "drop", "fill", "lock", "pins", "status", "sync", "use"), "session"
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "errors":
        return import_module(".errors", __name__)
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_FROM[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext cloudshelf``."""
    from cloudshelf_jupyter import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext cloudshelf``: magics and the zero-step finder go; what is pinned stays importable."""
    from cloudshelf_jupyter import unload

    unload(shell)
