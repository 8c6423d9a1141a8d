"""What an import will ask for, told to the kernel before anybody asks: names, names that are not there, and contents.

A program waits for every answer, some 0.1 ms where a processor has to be woken for it; what the kernel has it gives at
once. Only what is in the cache is told: nothing is fetched for it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from .session import Session

MOST = 128 << 20  # bytes of contents; the kernel drops them when it needs the memory
_PACKAGE = "__init__.py"


def foresee(session: Session, directory: str, view: str, expected: Iterable[str]) -> None:
    """Tell of the files ``expected``, paths in the folder ``view`` of the mount on ``directory``, in their order.

    Names are asked for through the mount itself, by another process: one that is killed while it waits for its own
    answer can never end, for the kernel has it wait on.
    """
    paths = list(dict.fromkeys(expected))
    try:
        asking = os.fork()
    except OSError:  # the system allows no more processes: who imports asks for himself
        return
    if not asking:
        try:
            session.leave()
            _ask(f"{directory}/{view}", _folders(paths))
        finally:
            os._exit(0)
    os.waitpid(asking, 0)
    told = 0
    for path in paths:
        told += session.store(f"/{view}/{path}", MOST - told)


def _ask(root: str, folders: Iterable[str]) -> None:
    for folder in folders:
        place = Path(root, folder)
        with contextlib.suppress(OSError):
            if place / _PACKAGE in list(place.iterdir()):
                _look_for_natives(place)


def _folders(paths: Iterable[str]) -> Iterable[str]:
    """Those of the files, and those around them, which finders of modules list; each once, the outer ones first."""
    folders: dict[str, None] = {}
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths):
        parts = folder.split("/")
        folders.update(dict.fromkeys("/".join(parts[:length]) for length in range(len(parts) + 1)))
    return folders


def _look_for_natives(package: Path) -> None:
    """As the import system does in each package, without listing it: none of them is there, mostly."""
    for suffix in EXTENSION_SUFFIXES:
        with contextlib.suppress(OSError):
            (package / f"__init__{suffix}").stat()
