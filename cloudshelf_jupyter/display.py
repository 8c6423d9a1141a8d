"""Results in a notebook: HTML where the front end shows HTML, else text; errors as one message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from cloudshelf import render
from cloudshelf.errors import BringInterrupted, ShelfError
from cloudshelf.visible import visible


def show(verb: str, result: Mapping[str, Any], *, as_json: bool = False) -> None:
    """Display a result now, wherever in a cell the magic stands."""
    if as_json:
        print(render.to_json(result))
        return
    shown = render.Answer(verb, result)
    if shown._repr_html_() is None:
        print(shown)
        return
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]


def short_traceback(error: BaseException) -> list[str]:
    """What IPython shows instead of a traceback (its ``_render_traceback_`` protocol): the message alone."""
    return [f"cloudshelf: {visible(str(error))}"]


def error_classes() -> list[type[BaseException]]:
    """The roots of our errors in this process: the engine's, and those of the engine copy an environment brought."""
    copy = sys.modules.get("_cloudshelf.errors")
    return [ShelfError, BringInterrupted, *([copy.ShelfError, copy.BringInterrupted] if copy is not None else [])]


def shorten_errors() -> None:
    """From now on an error of ours, raised by a magic or by an import, is one message; the cell still fails."""
    for kind in error_classes():
        kind._render_traceback_ = short_traceback  # type: ignore[attr-defined]


def restore_errors() -> None:
    """Errors have tracebacks again."""
    for kind in error_classes():
        if "_render_traceback_" in vars(kind):
            del kind._render_traceback_  # type: ignore[attr-defined]


def full_traceback(shell: Any) -> str:
    """The traceback of the last error, however it was shown."""
    error = getattr(sys, "last_value", None)
    if error is None:
        return "There was no error yet."
    return full_traceback_of(shell, error)


def full_traceback_of(shell: Any, error: BaseException) -> str:
    """IPython's own traceback of ``error``."""
    lines = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return "\n".join(lines)
