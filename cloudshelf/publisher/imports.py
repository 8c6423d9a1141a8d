"""Which modules each module of a tree imports when its body runs, and which its functions do, by absolute name.

What sources say is read when they are compiled (compiling.py); what they do besides, and all that native modules do, is
seen when they are imported (profile.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..codecs.wheel import extension_name
from ..model import Kind
from .tree import InstalledTree


def module_name(path: str) -> str:
    """``site/a/b.py``, ``site/a/b.abi3.so``, ``site/a/b/__init__.py`` → ``a.b``; "" for what is no module."""
    scheme, _, rest = path.partition("/")
    folder, _, name = rest.rpartition("/")
    stem = name.removesuffix(".py") if name.endswith(".py") else extension_name(name)
    if scheme != "site" or not stem or folder.endswith("__pycache__"):
        return ""
    parts = [*folder.split("/"), stem] if folder else [stem]
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else ""


def find_imports(
    tree: InstalledTree, recorded: Iterable[Mapping[str, Iterable[str]]], known: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Path of a module → names that it imports.

    ``recorded`` is what was seen of that. ``known`` are names of modules that there are: in ``from a import b``
    only those tell whether b is a module. A native module imports what a source beside it does: it was made of that.
    """
    found = _resolve(tree, tree.imports, known)
    for path in tree.files:
        source = f"{path.rpartition('/')[0]}/{extension_name(path.rpartition('/')[2])}.py"
        if source in found:
            found[path] = dict(found[source])
    for seen in recorded:
        for path, modules in seen.items():
            found.setdefault(path, {}).update(dict.fromkeys(modules))
    return {path: tuple(names) for path, names in found.items() if path in tree.files}


def find_later(tree: InstalledTree, known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Path of a module → names that its functions import besides. Those of tests and examples are left out."""
    found = _resolve(tree, tree.later, known)
    return {path: tuple(names) for path, names in found.items() if tree.files[path].kind is not Kind.IDLE}


def _resolve(
    tree: InstalledTree, imports: Mapping[str, Iterable[str]], known: Collection[str]
) -> dict[str, dict[str, None]]:
    """``imports`` as compiling.py writes them → those that are modules."""
    here = {name for path in tree.files if (name := module_name(path))}
    found: dict[str, dict[str, None]] = {}
    for path, names in imports.items():
        for name in names:
            module, _, attribute = name.partition(":")
            if not attribute:
                found.setdefault(path, {})[module] = None
            elif (full := f"{module}.{attribute}") in here or full in known:
                found.setdefault(path, {})[full] = None
    return found
