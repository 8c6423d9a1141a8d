"""Corrections to modules of the standard library, made when a program loads them and not before.

importlib.metadata: asking a distribution for its RECORD (or ``files``) fills it; on Python 3.12 and later ``files``
drops what is absent. pkgutil: chooses by the type of a finder, and knows ``FileFinder`` only.
"""

from __future__ import annotations

import _frozen_importlib_external as external
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from collections.abc import Callable, Sequence
    from types import ModuleType
    from typing import Any

    from .finder import EnvironmentHook


class Corrections:
    """On ``sys.meta_path`` until each of its modules has been loaded and corrected."""

    def __init__(self, corrections: dict[str, Callable[[ModuleType], None]]) -> None:
        self._waiting = dict(corrections)

    def install(self) -> None:
        """Correct what is loaded; wait for the rest."""
        for name in list(self._waiting):
            if name in sys.modules:
                self._waiting.pop(name)(sys.modules[name])
        if self._waiting:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None, except for a module that is to be corrected: its ordinary spec, whose loader does that once."""
        if fullname not in self._waiting:
            return None
        spec = external.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or isinstance(spec.loader, type):
            return spec
        loader: Any = spec.loader

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # the loader is again what it was
            loader.exec_module(module)
            self._correct(fullname, module)

        loader.exec_module = exec_module
        return spec

    def _correct(self, name: str, module: ModuleType) -> None:
        correction = self._waiting.pop(name, None)
        if correction is not None:
            correction(module)
        if not self._waiting and self in sys.meta_path:
            sys.meta_path.remove(self)


def correct_metadata(hook: EnvironmentHook, module: ModuleType) -> None:
    """``PathDistribution.read_text`` of importlib.metadata, or of the backport, brings what it is about to read."""
    import functools

    kind: Any = module.PathDistribution
    original = kind.read_text

    @functools.wraps(original)
    def read_text(self: Any, filename: Any) -> Any:
        path = f"{getattr(self, '_path', '')}/{filename}"
        environment = hook.environment_of(path)
        if environment is not None:
            number = environment.number_of(path)
            if number >= 0 and str(filename) == "RECORD":
                environment.bring_distribution(number)
            elif number >= 0:
                environment.bring((number,))
        return original(self, filename)

    kind.read_text = read_text
