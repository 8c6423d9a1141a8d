"""The installed tree of a version: the entries of a folder, and a file."""

from __future__ import annotations

from typing import NamedTuple

from cloudshelf.content import read_content
from cloudshelf.model import File

from .. import wire
from ..folders import Tree
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
    """A page of the folder ``path``: folders first, by name."""
    entries = _tree(shelf, project, version).entries(path)
    rows = [
        wire.Entry(
            name=each.name,
            path=each.path,
            type="directory" if each.folder else "file",
            size=each.size,
            mimetype=None if each.folder else content_type(each.path).partition(";")[0],
        )
        for each in entries[offset : offset + limit]
    ]
    return wire.Files(path=path, total=len(entries), offset=offset, entries=rows)


def find_file(job: Job, shelf: OpenShelf, project: str, version: str, path: str) -> Found:
    """Where a file is. Raises PathMissing."""
    tree = _tree(shelf, project, version)
    return Found(shelf, tree, tree.file(path))


def read_file(job: Job, found: Found, start: int, stop: int) -> bytes:
    """Bytes ``start`` to ``stop`` of it, verified."""
    return read_content(found.shelf.store, found.tree.manifest, found.file, start, stop, job.pause)


def _tree(shelf: OpenShelf, project: str, version: str) -> Tree:
    opened = shelf.open()
    found = opened.find_version(project, version)
    return shelf.tree(opened, opened.repository.release(project, found))
