"""Ctrl-C that is not lost: what a signal raises within a finalizer or a callback of C code is printed and forgotten."""

from __future__ import annotations

import signal
from types import FrameType

_seen: list[int] = []


def watch() -> None:
    """Remember every Ctrl-C from now on, beside raising KeyboardInterrupt as ever; where somebody else handles it, not.

    For the main thread of a command.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def check() -> None:
    """Raises KeyboardInterrupt if there was one, which nobody may have heard."""
    if _seen:
        raise KeyboardInterrupt


def hold_back() -> None:
    """Let Ctrl-C wait for the program that this process becomes: while that loads, it would print where it was."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _interrupt(number: int, frame: FrameType | None) -> None:
    _seen.append(number)
    signal.default_int_handler(number, frame)
