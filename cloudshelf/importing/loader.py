"""The standard loaders, with one step before: what they are about to read is in its place.

Tools that insist on ``SourceFileLoader`` get one. Errors of ours leave these methods as they are, never as ImportError;
the import system then removes the module that was being made.
"""

from __future__ import annotations

import _frozen_importlib_external as external
import sys
from time import perf_counter

from .timeline import imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any

    from .state import Environment

_PLAIN = f".{sys.implementation.cache_tag}.pyc"
_BYTECODE = f".{sys.implementation.cache_tag}{f'.opt-{sys.flags.optimize}' if sys.flags.optimize else ''}.pyc"


def disguised(function: Any) -> Any:
    """A step of an import of ours, under the file name of importlib's: left out of tracebacks, and of warnings' levels.

    The interpreter goes by the name (Python/import.c, remove_importlib_frames), as does ``warnings``.
    """
    code = function.__code__
    function.__code__ = code.replace(co_filename=external.FileFinder.find_spec.__code__.co_filename)
    return function


class _Filling:
    """What the three loaders have in common."""

    path: str
    _environment: Environment
    _number: int
    _folder: str

    def __init__(self, fullname: str, path: str, environment: Environment, number: int, folder: str) -> None:
        """``path`` is file ``number``, in ``folder`` of the environment."""
        super().__init__(fullname, path)  # type: ignore[call-arg]
        self._environment = environment
        self._number = number
        self._folder = folder

    @disguised
    def exec_module(self, module: ModuleType) -> None:
        begun = perf_counter()
        environment = self._environment
        try:
            environment.runs(module.__name__, self._files())
            due = self._enter(module.__name__)
            super().exec_module(module)  # type: ignore[misc]
            if due >= 0:
                environment.leave(due)
        finally:
            environment.ran(self._number)
            imported(module.__name__, begun, environment, self._number)

    def get_data(self, path: str) -> bytes:
        """The bytes of a file, in its place first when it is one of the environment's."""
        number = self._environment.number_of(path)
        if number >= 0:
            self._environment.bring((number,))
        data: bytes = super().get_data(path)  # type: ignore[misc]
        return data

    def _files(self) -> tuple[int, ...]:
        """What this module itself consists of."""
        return (self._number,)

    def _enter(self, fullname: str) -> int:
        is_package = self.path.rpartition("/")[2].startswith("__init__.")
        return self._environment.enter(fullname, self._files(), self._folder if is_package else None)


class EnvironmentLoader(_Filling, external.SourceFileLoader):  # type: ignore[misc]
    """Source and its bytecode."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Compiled code; ``python -m`` asks for this alone, so the rules for a body hold then too."""
        if sys._getframe(1).f_globals.get("__name__") == "runpy":
            due = self._enter(fullname)
            if due >= 0:
                self._environment.leave(due)
        else:
            self._environment.bring(self._files())
        return super().get_code(fullname)

    def _files(self) -> tuple[int, ...]:
        cached: dict[str, int] = self._environment.folders.get(f"{self._folder}/__pycache__", {})
        name = self.path.rpartition("/")[2].removesuffix(".py")
        # With -O nobody reads the plain one; but who asks for it too is importing (fetcher/plan.py, imported).
        bytecode = cached.get(name + _BYTECODE, cached.get(name + _PLAIN, -1))
        return (self._number,) if bytecode < 0 else (self._number, bytecode)


class BytecodeLoader(_Filling, external.SourcelessFileLoader):
    """Bytecode alone."""

    def get_code(self, fullname: str) -> CodeType | None:
        self._environment.bring((self._number,))
        return super().get_code(fullname)


class NativeLoader(_Filling, external.ExtensionFileLoader):
    """A shared object, and those it is linked with."""

    @disguised
    def create_module(self, spec: ModuleSpec) -> Any:
        self._begun = perf_counter()
        try:
            self._environment.runs(spec.name, self._files())
            self._due = self._enter(spec.name)
            return super().create_module(spec)
        finally:
            self._environment.ran(self._number)

    @disguised
    def exec_module(self, module: ModuleType) -> None:
        try:
            self._environment.runs(module.__name__, self._files())
            external.ExtensionFileLoader.exec_module(self, module)
            due, self._due = self._due, -1
            if due >= 0:
                self._environment.leave(due)
        finally:
            self._environment.ran(self._number)
            imported(module.__name__, self._begun or perf_counter(), self._environment, self._number)

    _due = -1
    _begun = 0.0

    def _files(self) -> tuple[int, ...]:
        return (self._number, *self._environment.needs(self._number))
