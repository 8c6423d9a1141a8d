"""How a publish tells how far it is, without knowing who watches."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Called from the thread that publishes: ``stage``, then ``progress`` any number of times, then ``done``."""

    def stage(self, stage: str, what: str, total: int, unit: str) -> None:
        """A stage begins: "resolve", "fetch", "unpack", "compile", "profile", "pack" or "upload" of ``what``.

        ``total`` is 0 when nobody knows; ``unit`` is "B", "files", "modules" or "projects".
        """

    def progress(self, done: int) -> None:
        """``done`` of the stage's total."""

    def done(self) -> None:
        """The stage ended."""


class Silence:
    """Nobody watches."""

    def stage(self, stage: str, what: str, total: int, unit: str) -> None:
        pass

    def progress(self, done: int) -> None:
        pass

    def done(self) -> None:
        pass
