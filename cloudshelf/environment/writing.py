"""Disk errors in the words of ``cloudshelf.errors``, and names for what is not finished."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..cache.owner import is_gone
from ..importing.paths import unusable

UNFINISHED = ".unfinished-"
_numbers = itertools.count()


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raises DiskFull or CacheUnusable, naming ``path``, for an OSError of the block."""
    try:
        yield
    except OSError as error:
        raise unusable(str(path), error) from error


def temporary_sibling(path: Path) -> Path:
    """A folder that is not there yet beside ``path``; its name says whose it is."""
    return path.parent / f"{UNFINISHED}{os.getpid()}-{next(_numbers)}-{path.name[:16]}"


def remove_unfinished(folder: Path) -> int:
    """Remove what processes that are gone left behind in ``folder``; how many."""
    removed = 0
    with contextlib.suppress(FileNotFoundError):
        for path in list(folder.iterdir()):
            owner = path.name.removeprefix(UNFINISHED).partition("-")[0]
            if path.name.startswith(UNFINISHED) and is_gone(owner):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                removed += 1
    return removed
