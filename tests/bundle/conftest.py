"""Two shelves with an air gap between them; a bundle is what is carried across."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.bundle.export import Written, shelf_content, write_bundle
from cloudshelf.bundle.file import BundleFile
from cloudshelf.bundle.load import LoadReport, load_bundle
from cloudshelf.bundle.selection import carry, find_objects
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.bundle import Bundle
from cloudshelf.repository import Repository
from cloudshelf.stores.local import LocalStore
from cloudshelf.stores.protocols import Store
from tests.repository.shelves import Interfering, publish


@pytest.fixture
def outside(tmp_path: Path) -> LocalStore:
    """one 1.0 and 2.0; two 1.0, which needs one."""
    store = LocalStore(tmp_path / "outside")
    init_shelf(store, "outside")
    publish(store, "one", "1.0")
    publish(store, "one", "2.0")
    publish(store, "two", "1.0", requires=["one>=1"])
    return store


@pytest.fixture
def inside() -> Interfering:
    store = Interfering()
    init_shelf(store, "inside")
    return store


@pytest.fixture
def bundle(outside: LocalStore, tmp_path: Path) -> Path:
    """Everything of ``outside``."""
    path = tmp_path / "all.tar"
    write(outside, path, {"one": ["1.0", "2.0"], "two": ["1.0"]})
    return path


def write(store: Store, path: Path, chosen: dict[str, list[str]]) -> Written:
    repository = Repository(store)
    projects = tuple(carry(repository, project, versions) for project, versions in chosen.items())
    members = tuple(member for each in projects for member in find_objects(store, each))
    content = shelf_content(dict.fromkeys(chosen, store), path.parent, {})
    return write_bundle(path, Bundle("outside", (), projects, members), content, lambda *_: None)


def load(path: Path, store: Store, *, dry_run: bool = False) -> LoadReport:
    with BundleFile(path) as file:
        return load_bundle(file, store, by="bob", dry_run=dry_run, progress=lambda *_: None)


def actions(report: LoadReport) -> dict[str, str]:
    return {f"{row.project} {row.version}": row.action for row in report.versions}
