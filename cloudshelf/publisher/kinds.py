"""What a file of an installed tree is: decides when it is fetched (docs/architecture.md, "what is there, when").

IDLE only means "fetched when touched, or by fill": a ``.py`` in a tests folder stays importable.
"""

from __future__ import annotations

import re

from ..codecs.wheel import extension_name
from ..model import Kind

INLINE_LIMIT = 256 << 10  # larger text goes into a pack
# Read by importlib.metadata on every start, hence in the manifest whatever their size.
_ALWAYS_INLINE = frozenset({"METADATA", "WHEEL", "INSTALLER", "entry_points.txt", "top_level.txt"})
_TESTS = frozenset({"test", "tests"})
_IDLE_SUFFIXES = (".pyi", ".h", ".hh", ".hpp", ".hxx", ".cuh", ".inl", ".a", ".lib", ".la", ".pxd", ".pyx", ".pdb")
_TEST_PROGRAM = re.compile(r"test_[^.]*|[^.]*(_test|Test)")  # torch has a dozen beside its programs
_IDLE_DATA = ("data/include/", "data/share/man/", "data/share/doc/", "data/share/info/")


def kind_of(path: str, size: int, *, elf: bool = False, module: bool = False) -> Kind:
    """The kind of the file at ``path`` (with its scheme).

    ``elf`` says whether it is an ELF file, ``module`` whether it has the initialization function of an extension.
    """
    is_test = elf and not module and path.startswith("site/") and _TEST_PROGRAM.fullmatch(path.rpartition("/")[2])
    if is_test or is_idle(path, size):
        return Kind.IDLE
    return natural_kind(path, size, elf=elf, module=module)


def natural_kind(path: str, size: int, *, elf: bool = False, module: bool = False) -> Kind:
    """The kind of a file that an import did touch, wherever it lies."""
    filename = path.rpartition("/")[2]
    if _is_inline(path, size) and not elf:
        return Kind.INLINE
    if path.startswith("site/"):
        if path.endswith(".py"):
            return Kind.SOURCE
        if path.endswith(".pyc") and "/__pycache__/" in path:
            return Kind.BYTECODE
        if elf and module and extension_name(filename):
            return Kind.EXTENSION
    return Kind.LIBRARY if elf else Kind.DATA


def is_idle(path: str, size: int) -> bool:
    """Tests, headers, static libraries, stubs, manuals, RECORD, and licences too long to be inline."""
    if _is_inline(path, size):
        return False
    scheme, _, rest = path.partition("/")
    folders = rest.split("/")[:-1]
    return (
        scheme == "headers"
        or path.endswith(_IDLE_SUFFIXES)
        or path.startswith(_IDLE_DATA)
        or (scheme == "site" and bool(folders) and folders[0].endswith(".dist-info"))
        or (scheme == "site" and not _TESTS.isdisjoint(folders))
    )


def _is_inline(path: str, size: int) -> bool:
    scheme, _, rest = path.partition("/")
    folder, slash, name = rest.partition("/")
    if scheme == "site" and slash and folder.endswith(".dist-info"):
        return name in _ALWAYS_INLINE or (name != "RECORD" and size <= INLINE_LIMIT)
    if scheme == "site" and not slash and rest.endswith(".pth"):
        return size <= INLINE_LIMIT
    return scheme == "scripts" and size <= INLINE_LIMIT
