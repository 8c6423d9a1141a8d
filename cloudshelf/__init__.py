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
    from collections.abc import Callable

    from . import errors as errors
    from .session import connect, diff, drop, fill, history, lock, path, pins, profile, status, sync, use
    from .shelf import Shelf
    from .version import __version__ as __version__

# These answer with a dict that a notebook shows as a page.
_ANSWERS = ("connect", "diff", "drop", "fill", "history", "profile", "status", "sync", "use")
__all__ = [
    "Shelf",
    "connect",
    "diff",
    "drop",
    "errors",
    "fill",
    "history",
    "lock",
    "path",
    "pins",
    "profile",
    "status",
    "sync",
    "use",
]
_FROM = {"Shelf": "shelf", "__version__": "version"} | dict.fromkeys((*_ANSWERS, "lock", "path", "pins"), "session")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "errors":
        return import_module(".errors", __name__)
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_FROM[name]}", __name__), name)
    if name in _ANSWERS:
        found = globals()[name] = _answering(name, found)
    return found


def _answering(verb: str, function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    from functools import wraps

    from .render import Answer

    @wraps(function)
    def answer(*args: Any, **options: Any) -> dict[str, Any]:
        return Answer(verb, function(*args, **options))

    return answer


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
