"""The finder of one folder of an environment: answers from the index, without touching the disk for a miss.

``PathFinder`` does the rest (order of sys.path, namespaces). It is a ``FileFinder``, because pkg_resources and others
choose by that type what they do with a folder of sys.path; pkgutil does too, which ``activate`` corrects.
"""

from __future__ import annotations

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import _imp
import os
import sys

from .loader import BytecodeLoader, EnvironmentLoader, NativeLoader
from .statement import REAL_IMPORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from .state import Environment

# The order of FileFinder (importlib._bootstrap_external._get_supported_file_loaders).
_SUFFIXES: tuple[tuple[str, Any], ...] = (
    *((suffix, NativeLoader) for suffix in _imp.extension_suffixes()),
    *((suffix, EnvironmentLoader) for suffix in external.SOURCE_SUFFIXES),
    *((suffix, BytecodeLoader) for suffix in external.BYTECODE_SUFFIXES),
)
_OWN = {"00_cloudshelf.pth", "__pycache__"}
_STANDARD: Any = external._get_supported_file_loaders()  # type: ignore[attr-defined]


class EnvironmentFinder(external.FileFinder):
    """A path-entry finder (PEP 302, PEP 451) for a folder that may not have all its files yet."""

    def __init__(self, environment: Environment, path: str, folder: str) -> None:
        """``path`` as it stands in sys.path or ``__path__``; ``folder`` is the same, relative to the environment."""
        super().__init__(path, *_STANDARD)
        self._environment = environment
        self._folder = folder
        self._names = environment.folders[folder]
        self._look = self._has_more()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module or of a namespace's portion here; None when there is none.

        A finder is asked by a name's last part only: jedi looks for submodules without their package. Unless it is an
        import that asks, whose loader does it, the file is in its place when the spec is returned.
        """
        tail = fullname.rpartition(".")[2]
        names = self._names
        is_folder = names.get(tail) == -1
        if is_folder:
            inside = self._environment.folders[self._below(tail)]
            for suffix, loader in _SUFFIXES:
                number = inside.get("__init__" + suffix, -1)
                if number >= 0:
                    path = f"{self.path}/{tail}/__init__{suffix}"
                    return self._spec(fullname, path, loader, number, tail) or super().find_spec(fullname, target)
        for suffix, loader in _SUFFIXES:
            number = names.get(tail + suffix, -1)
            if number >= 0:
                path = f"{self.path}/{tail}{suffix}"
                return self._spec(fullname, path, loader, number, None) or super().find_spec(fullname, target)
        if self._look:
            found = super().find_spec(fullname, target)
            if found is not None and not (is_folder and found.loader is None):
                return found
        if not is_folder:
            return None
        self._environment.enter_namespace(fullname)
        spec = bootstrap.ModuleSpec(fullname, None)
        spec.submodule_search_locations = [f"{self.path}/{tail}"]
        return spec

    def invalidate_caches(self) -> None:
        """From now on a miss looks at the disk as well: somebody may have written a module here."""
        super().invalidate_caches()
        self._look = True

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """For pkgutil: (name, is package) of every module here, those that somebody added included."""
        try:
            names = {*self._names, *os.listdir(self.path)}
        except OSError:
            names = set(self._names)
        found: dict[str, bool] = {}
        for name in sorted(names):
            module = next((name.removesuffix(suffix) for suffix, _ in _SUFFIXES if name.endswith(suffix)), "")
            if module and "." not in module and module != "__init__":
                found.setdefault(module, False)
            elif not module and "." not in name and self._has_init(name):
                found[name] = True  # a package hides a module of its name
        for module, is_package in found.items():
            yield prefix + module, is_package

    def _has_more(self) -> bool:
        """Whether somebody installed into the environment: new packages, or new parts of a namespace."""
        if any("__init__" + suffix in self._names for suffix, _ in _SUFFIXES):
            return False
        try:
            return not _OWN.issuperset(set(os.listdir(self.path)).difference(self._names))
        except OSError:
            return False

    def _has_init(self, name: str) -> bool:
        if self._names.get(name) == -1:
            inside: Any = self._environment.folders[self._below(name)]
        else:
            try:
                inside = os.listdir(f"{self.path}/{name}")
            except OSError:
                return False
        return any("__init__" + suffix in inside for suffix, _ in _SUFFIXES)

    def _below(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    def _spec(self, fullname: str, path: str, loader: Any, number: int, package: str | None) -> ModuleSpec | None:
        """None for what somebody removed, as ``pip uninstall`` does: then the folder on the disk is what counts."""
        if self._environment.is_removed(number, path):
            return None
        folder = self._folder if package is None else self._below(package)
        made = loader(fullname, path, self._environment, number, folder)
        if not _is_real_import():
            self._environment.bring((number,))
        spec = bootstrap.ModuleSpec(fullname, made, origin=path, is_package=package is not None)
        if package is not None:
            spec.submodule_search_locations = [f"{self.path}/{package}"]
        spec.has_location = True  # as spec_from_file_location does (PEP 451)
        return spec


class EnvironmentHook:
    """The one entry in ``sys.path_hooks``: which folders of sys.path are ours."""

    def __init__(self) -> None:
        self.__name__ = self.__qualname__ = type(self).__name__  # the standard hooks have names, and are asked for them
        self.roots: dict[str, Environment] = {}
        self._standard = list(sys.path_hooks)

    def __call__(self, path: str) -> Any:
        """A finder for ``path``; raises ImportError when it is no folder of ours, as PEP 302 wants."""
        for root, environment in self.roots.items():
            if path.startswith(root):
                folder = environment.place_of(path)
                if folder in environment.folders:
                    return self._of_others(path) or EnvironmentFinder(environment, path, folder)
        raise ImportError("not a folder of an environment", path=path)

    def _of_others(self, path: str) -> Any:
        """The finder of a hook that somebody put in the place of the standard ones: they would not have been asked."""
        for hook in sys.path_hooks:
            if hook is not self and hook not in self._standard:
                try:
                    return hook(path)
                except ImportError:
                    pass
        return None

    def environment_of(self, path: str) -> Environment | None:
        """The environment that an absolute path lies in."""
        return next((environment for root, environment in self.roots.items() if path.startswith(root)), None)


def search_modules(finder: EnvironmentFinder, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """What pkgutil calls for our type; see ``EnvironmentFinder.iter_modules``."""
    return finder.iter_modules(prefix)


def evict(root: str) -> None:
    """Forget the finders that exist for folders below ``root``: ``site`` made one before we were asked."""
    for path in [p for p in sys.path_importer_cache if isinstance(p, str) and f"{p}/".startswith(root)]:
        sys.path_importer_cache.pop(path, None)


def _is_real_import() -> bool:
    """Whether an import statement asks: find_spec ← _get_spec ← PathFinder.find_spec ← _find_spec ← import."""
    try:
        return sys._getframe(6).f_code is REAL_IMPORT
    except ValueError:
        return False
