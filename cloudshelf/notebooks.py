"""Notebook files that carry a lock: finding them, reading them, putting a lock in. Standard library only.

What a block looks like is in ``codecs/notebook.py``; whether an editor has a file open, in ``open_notebooks.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .codecs.notebook import Block, code_cells, make_block, parse_block, parse_notebook, set_block
from .errors import ShelfError, UsageError

NOTEBOOK = "CLOUDSHELF_NOTEBOOK"  # the notebook of `cloudshelf run --notebook`, for the kernels that it starts


class Notebook(NamedTuple):
    """A notebook file as it was read."""

    path: Path
    data: bytes
    text: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """What messages call it: from the working folder where it lies below that."""
        try:
            return str(self.path.relative_to(Path.cwd()))
        except ValueError:
            return str(self.path)

    def block(self, *, force: bool = False) -> Block:
        """The lock it carries. Raises UsageError when it has none, or one that was edited (not with ``force``)."""
        found = parse_block(self.content, shlex.quote(self.name), force=force)
        if found is None:
            name = shlex.quote(self.name)
            raise UsageError(f"{self.name} carries no lock. This puts one in: cloudshelf lock --notebook {name} pandas")
        return found

    def refuse_edited(self) -> None:
        """Raises UsageError when it carries a lock that somebody edited."""
        parse_block(self.content, shlex.quote(self.name))


def read_notebook(path: str | os.PathLike[str]) -> Notebook:
    """Raises UsageError for what cannot be read or is no notebook."""
    file = Path(path).expanduser().absolute()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"The notebook {os.fspath(path)} cannot be read: {error.strerror}.") from None
    return Notebook(file, data, *parse_notebook(data, os.fspath(path)))


def find_notebook(asked: str | bool, folder: Path | None = None) -> Notebook:
    """The notebook that ``--notebook`` names: a file, the digest of a lock, or nothing (True): the only one there is.

    Raises UsageError when there is none, or when several could be meant.
    """
    folder = Path.cwd() if folder is None else folder
    if isinstance(asked, str) and (not is_digest(asked) or (folder / asked).exists()):
        return read_notebook(asked)
    if isinstance(asked, str):
        return only_one(carriers(folder.glob("*.ipynb"), digest=asked), f"No notebook in {folder} has the lock {asked}")
    found = sorted(folder.glob("*.ipynb"))
    if len(found) == 1:
        return read_notebook(found[0])
    what = f"{folder} has {_names(found)}" if found else f"there is none in {folder}"
    raise UsageError(f"Which notebook? Name it: --notebook FILE.ipynb; {what}.")


def is_digest(word: str) -> bool:
    """Whether a word is a digest of a lock, or its first eight digits or more; no notebook's name ends so."""
    return re.fullmatch(r"[0-9a-f]{8,64}", word) is not None


def carriers(paths: Iterable[Path], *, digest: str = "", cell: str | None = None) -> list[Notebook]:
    """Those of ``paths`` that carry a lock, with this digest, and with this source in one of their cells.

    What is no notebook is none of them; a lock that was edited is one, so that somebody hears of it.
    """
    found = []
    for path in paths:
        try:
            notebook = read_notebook(path)
            block = parse_block(notebook.content, notebook.name, force=True)
        except (ShelfError, OSError):
            continue
        if block is None or not block.digest.startswith(digest):
            continue
        if cell is None or any(source.strip() == cell.strip() for source in code_cells(notebook.content)):
            found.append(notebook)
    return found


def only_one(found: Iterable[Notebook], otherwise: str) -> Notebook:
    """The one that is meant: several with the same lock are as good as one. Raises UsageError with ``otherwise``."""
    blocks: dict[str, Notebook] = {}
    for notebook in found:
        blocks.setdefault(notebook.block(force=True).digest, notebook)
    if not blocks:
        raise UsageError(f"{otherwise}.")
    if len(blocks) > 1:
        choice = ", ".join(f"{each.name} ({digest[:12]})" for digest, each in sorted(blocks.items()))
        raise UsageError(
            f"Several notebooks could be meant, with different locks: {choice}. "
            "Name one, by its file or its digest: sync --notebook FILE.ipynb"
        )
    return next(iter(blocks.values()))


def write_lock(notebook: Notebook, lock: str, shelf: Mapping[str, str], *, force: bool = False) -> Block:
    """Put ``lock`` (text) into the notebook's file, whole or not at all; nothing else in it changes.

    Raises UsageError when the present block was edited (not with ``force``), when somebody saved the file meanwhile,
    and when it cannot be written.
    """
    if not force:
        notebook.refuse_edited()
    block = make_block(lock, shelf.get("url", ""), shelf.get("name", ""))
    data = set_block(notebook.text, block).encode("utf-8")
    content = parse_notebook(data, notebook.name)[1]
    written = parse_block(content, notebook.name)
    assert written is not None
    if data != notebook.data:
        _replace(notebook, data)
    return written


def _replace(notebook: Notebook, data: bytes) -> None:
    """Through a symbolic link, with the mode that the file had."""
    target = notebook.path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.touch(mode=0o600)
        shutil.copymode(target, temporary)
        temporary.write_bytes(data)
        if target.read_bytes() != notebook.data:
            raise UsageError(f"{notebook.name} was saved by somebody meanwhile. Nothing was written; run it again.")
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"{notebook.name} cannot be written: {error.strerror}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def _names(paths: Iterable[Path]) -> str:
    names = [path.name for path in paths]
    return ", ".join(names if len(names) <= 5 else [*names[:5], "…"])
