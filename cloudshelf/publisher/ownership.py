"""Which modules a project may bring: none of the standard library, none that another project owns on this shelf."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable

from ..catalog import module_owners
from ..errors import ModuleOwned
from ..stores.protocols import Get
from .tree import InstalledTree

STANDARD_LIBRARY = "Python's standard library"


def check_modules(store: Get, trees: Iterable[InstalledTree], allowed: Collection[str]) -> None:
    """Raises ModuleOwned for the first module that is somebody else's and not in ``allowed``.

    Trees of one publish are compared with each other, too: the first of them that brings a module has it.
    """
    trees = list(trees)
    owners = module_owners(store, sorted({module for tree in trees for module in tree.modules}))
    for tree in trees:
        project = tree.metadata.project
        for module in tree.modules:
            if module in allowed:
                continue
            if module in sys.stdlib_module_names:
                raise ModuleOwned(module, STANDARD_LIBRARY, project)
            if owners.setdefault(module, project) != project:
                raise ModuleOwned(module, owners[module], project)
