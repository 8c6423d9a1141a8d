"""The installed tree of a version: the entries of a folder, and a file."""

from __future__ import annotations

from typing import NamedTuple

from cloudshelf.content import read_content
from cloudshelf.model import File

from .. import wire
from ..folders import Entry, Tree
from ..media import content_type
from ..shelves import OpenShelf
from ..work import Job


class Found(NamedTuple):
    """A file, before a byte of it is read."""

    shelf: OpenShelf
    tree: Tree
    file: File


def list_files(
    job: Job, shelf: OpenShelf, project: str, version: str, path: str, offset: int, limit: int
) -> wire.Files:
    """A page of the folder ``path`` (``""``: where browsing begins): folders first, by name."""
    tree = _tree(shelf, project, version)
    folder = path or tree.top
    entries = tree.entries(folder)
    rows = [_row(each) for each in entries[offset : offset + limit]]
    return wire.Files(path=folder, total=len(entries), offset=offset, entries=rows)


def show_entry(job: Job, shelf: OpenShelf, project: str, version: str, path: str) -> wire.Entry:
    """What is at ``path``. Raises PathMissing."""
    return _row(_tree(shelf, project, version).entry(path))


def find_file(job: Job, shelf: OpenShelf, project: str, version: str, path: str) -> Found:
    """Where a file is. Raises PathMissing."""
    tree = _tree(shelf, project, version)
    return Found(shelf, tree, tree.file(path))


def read_file(job: Job, found: Found, start: int, stop: int) -> bytes:
    """Bytes ``start`` to ``stop`` of it, verified."""
    return read_content(found.shelf.store, found.tree.manifest, found.file, start, stop, job.pause)


def _row(entry: Entry) -> wire.Entry:
    return wire.Entry(
        name=entry.name,
        path=entry.path,
        type="directory" if entry.folder else "file",
        size=entry.size,
        mimetype=None if entry.folder else content_type(entry.path).partition(";")[0],
    )


def _tree(shelf: OpenShelf, project: str, version: str) -> Tree:
    opened = shelf.open()
    found = opened.find_version(project, version)
    return shelf.tree(opened, opened.repository.release(project, found))
