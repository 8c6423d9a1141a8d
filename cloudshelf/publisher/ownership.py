"""What a project may call itself and its modules: without a curator's word nothing that is another's, or Python's.

What belongs to another project on this shelf: its modules, what lies in their packages, and the namespaces that its
modules are parts of. Wheels are merged into one folder, so a file in another's package would be that package's.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from ..catalog import module_owners
from ..codecs.wheel import BYSTANDERS
from ..errors import ModuleOwned, NameAlike, ObjectInvalid
from ..repository import Repository
from ..stores.protocols import Get
from .tree import InstalledTree

STANDARD_LIBRARY = "Python's standard library"
_AT_START = frozenset({"sitecustomize", "usercustomize"})  # imported by every start of Python (site.py)
_ALIKE = str.maketrans({"-": None, "l": "1", "i": "1", "o": "0"})  # what PyPI takes for one name


def check_modules(store: Get, trees: Iterable[InstalledTree], allowed: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Raises ModuleOwned for the first module that is somebody else's and not in ``allowed``.

    Trees of one publish are compared with each other, too: the first of them that brings a module has it. Returns what
    of ``allowed`` each project made use of.
    """
    trees = list(trees)
    claims = {tree.metadata.project: {**dict.fromkeys(tree.modules), **dict.fromkeys(_folders(tree))} for tree in trees}
    owners = module_owners(store, sorted({name for names in claims.values() for name in names}))
    used: dict[str, tuple[str, ...]] = {}
    for tree in trees:
        project = tree.metadata.project
        taken = dict[str, None]()
        for name in claims[project]:
            module, owner = _find_other(name, project, owners, whole=name in tree.modules)
            if not module:
                continue
            if not {module, name} & set(allowed):
                raise ModuleOwned(module, owner, project)
            taken[module] = None
        owners |= {module: project for module in tree.modules if module not in owners}
        used[project] = tuple(taken)
    return used


def check_names(repository: Repository, projects: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Raises NameAlike for a project that is new on the shelf, looks like another there, and is not in ``allowed``.

    Returns those of ``allowed`` that needed it. A damaged catalog hides no name from nobody: publishing tells of it.
    """
    new = [project for project in projects if repository.find_head(project) is None]
    if not new:
        return ()
    try:
        known = {_look(facts.project): facts.project for facts in repository.listing()}
    except ObjectInvalid:
        return ()
    needed = []
    for project in new:
        other = known.setdefault(_look(project), project)
        if other != project:
            if project not in allowed:
                raise NameAlike(project, other)
            needed.append(project)
    return tuple(needed)


def _look(project: str) -> str:
    """What people take ``project`` for: PyPI's rule for names that are too similar (its ultranormalize_name)."""
    return project.translate(_ALIKE)


def _folders(tree: InstalledTree) -> Iterator[str]:
    """Folders in site-packages that are packages, or parts of namespaces, by their dotted names."""
    for folder in {path.rpartition("/")[0] for path in tree.files if path.startswith("site/")}:
        parts = folder.split("/")[1:]
        if parts and parts[0] not in BYSTANDERS and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def _find_other(name: str, project: str, owners: Mapping[str, str], *, whole: bool) -> tuple[str, str]:
    """The module that is another's, and whose: ``name``, a package around it or, when it is a ``whole`` module and no
    part of a namespace, one that lies in it. Empty when there is none.
    """
    if whole and (name in sys.stdlib_module_names or name in _AT_START):
        return name, STANDARD_LIBRARY
    for around in accumulate(name.split("."), lambda outer, inner: f"{outer}.{inner}"):
        if owners.get(around, project) != project:
            return around, owners[around]
    if whole:
        for module, owner in owners.items():
            if owner != project and module.startswith(f"{name}."):
                return module, owner
    return "", ""
