"""What was first published from a file is never taken from an index, whatever that offers under its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.catalog import rebuild_catalog
from cloudshelf.errors import InternalName, PublishFailed, UsageError
from cloudshelf.internal import check_internal, is_internal, read_internal
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.repository import Repository
from cloudshelf.shelf_settings import change_settings
from cloudshelf.stores.counting import CountingStore

from .conftest import Publish
from .indexes import Index, build_sdist, serving
from .wheels import build_wheel


@pytest.fixture(autouse=True)
def only_this_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without this machine's configuration."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Public: tool 1.0 needs ours; ours 99.0 is somebody else's, and so is ours 1.0."""
    with serving(tmp_path / "index") as index:
        build_wheel(index.folder, "tool", "1.0", requires=["ours>=1"])
        build_wheel(index.folder, "ours", "99.0", {"ours/__init__.py": b"evil = True\n"})
        build_wheel(index.folder, "ours", "1.0", {"ours/__init__.py": b"evil = True\n"})
        yield index


@pytest.fixture
def own(tmp_path: Path, put: Publish) -> Path:
    """The folder of our wheels; ours 1.0 is on the shelf."""
    folder = tmp_path / "dist"
    folder.mkdir()
    put(build_wheel(folder, "ours", "1.0", {"ours/__init__.py": b"evil = False\n"}))
    return folder


def ask(
    shelf: CountingStore, index: Index, *requirements: str, find_links: tuple[str, ...] = (), **options: object
) -> PublishReport:
    options["index"] = IndexOptions(index_url=index.url, find_links=find_links)
    return publish(PublishRequest(requirements=requirements, **options), shelf)  # type: ignore[arg-type]


def rows(report: PublishReport) -> dict[str, tuple[str, str]]:
    return {row.project: (row.version, row.action) for row in report.projects}


@pytest.mark.parametrize("requirement", ["ours", "Ours>=2", "ours==99.0"])
def test_a_higher_version_of_an_internal_name_is_refused_before_the_index_is_asked(
    requirement: str, shelf: CountingStore, index: Index, own: Path
) -> None:
    with pytest.raises(InternalName, match="ours is internal on this shelf, and is not taken from an index"):
        ask(shelf, index, requirement)
    assert not index.asked
    assert list(Repository(shelf).versions("ours")) == ["1.0"]


def test_a_requirements_file_that_asks_for_it_is_refused(
    shelf: CountingStore, index: Index, own: Path, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("tool\nours\n")
    with pytest.raises(InternalName):
        ask(shelf, index, requirement_files=(str(tmp_path / "requirements.txt"),))


def test_who_needs_it_gets_the_shelfs(shelf: CountingStore, index: Index, own: Path) -> None:
    assert rows(ask(shelf, index, "tool")) == {"ours": ("1.0", "present"), "tool": ("1.0", "published")}
    assert list(Repository(shelf).versions("ours")) == ["1.0"]


def test_of_several_versions_on_the_shelf_it_is_one_that_fits(
    shelf: CountingStore, index: Index, own: Path, put: Publish
) -> None:
    put(build_wheel(own, "ours", "0.9"))
    put(build_wheel(own, "ours", "2.0"))
    build_wheel(index.folder, "old", "1.0", requires=["ours<1"])
    build_wheel(index.folder, "new", "1.0", requires=["ours>=1.5"])
    assert rows(ask(shelf, index, "old"))["ours"] == ("0.9", "present")
    assert rows(ask(shelf, index, "new"))["ours"] == ("2.0", "present")
    with pytest.raises(PublishFailed, match="conflict"):
        ask(shelf, index, "old", "new")


def test_what_an_internal_project_needs_comes_along_and_may_be_internal_too(
    shelf: CountingStore, index: Index, own: Path, put: Publish
) -> None:
    build_wheel(index.folder, "helper", "3.0")
    build_wheel(index.folder, "inner", "9.0")
    put(build_wheel(own, "inner", "1.0", requires=["helper"]))
    put(build_wheel(own, "ours", "1.1", requires=["inner"]), default=True)
    found = rows(ask(shelf, index, "tool"))
    assert found["inner"] == ("1.0", "present") and found["ours"] == ("1.1", "present")
    assert found["helper"] == ("3.0", "published")


def test_no_source_archive_of_an_internal_name_is_executed(
    shelf: CountingStore, index: Index, own: Path, tmp_path: Path
) -> None:
    """To learn what a source archive needs, pip would run its setup.py."""
    trace = tmp_path / "executed"
    for path in index.folder.glob("ours-*"):
        path.unlink()
    build_sdist(index.folder, "ours", "99.0", f"open({str(trace)!r}, 'w').close()\n")
    assert rows(ask(shelf, index, "tool")) == {"ours": ("1.0", "present"), "tool": ("1.0", "published")}
    assert not trace.exists()


def test_who_says_so_gets_it_from_the_index(shelf: CountingStore, index: Index, own: Path) -> None:
    assert rows(ask(shelf, index, "ours", allow_public=("Ours",))) == {"ours": ("99.0", "published")}
    with pytest.raises(InternalName):  # that was about this once
        ask(shelf, index, "ours")


def test_a_file_of_ours_beside_the_index_is_taken(shelf: CountingStore, index: Index, own: Path) -> None:
    wheel = build_wheel(own, "ours", "1.1")
    assert rows(ask(shelf, index, str(wheel))) == {"ours": ("1.1", "published")}
    build_wheel(own, "ours", "100.0")
    assert rows(ask(shelf, index, "ours", find_links=(str(own),))) == {"ours": ("100.0", "published")}


def test_a_file_of_the_index_that_a_curator_names_by_its_url_is_taken(
    shelf: CountingStore, index: Index, own: Path
) -> None:
    url = f"{index.url.removesuffix('simple/')}files/ours-99.0-py3-none-any.whl"
    assert rows(ask(shelf, index, f"ours @ {url}")) == {"ours": ("99.0", "published")}


def test_what_first_came_from_an_index_goes_on_to(shelf: CountingStore, index: Index, put: Publish, own: Path) -> None:
    build_wheel(index.folder, "open", "1.0")
    ask(shelf, index, "open")
    put(build_wheel(own, "open", "1.1"))
    build_wheel(index.folder, "open", "2.0")
    assert not is_internal(Repository(shelf), "open")
    assert rows(ask(shelf, index, "open")) == {"open": ("2.0", "published")}


def test_without_the_catalogs_list_nothing_is_taken_all_the_same(shelf: CountingStore, index: Index, own: Path) -> None:
    assert read_internal(shelf) == {"ours"}
    shelf.delete("catalog/internal")
    with pytest.raises(InternalName):
        ask(shelf, index, "ours")
    assert rows(ask(shelf, index, "tool"))["ours"] == ("1.0", "present")
    shelf.delete("catalog/internal")
    rebuild_catalog(shelf)
    assert read_internal(shelf) == {"ours"}


@pytest.mark.parametrize("setting", ["acme-*", "Acme_Tools", "x,acme.t*"])
def test_a_shelfs_setting_names_what_is_internal_before_it_is_published(
    setting: str, shelf: CountingStore, index: Index
) -> None:
    change_settings(shelf, {"internal": check_internal(setting)})
    build_wheel(index.folder, "acme_tools", "9.0")
    build_wheel(index.folder, "uses", "1.0", requires=["acme-tools"])
    for requirement in ("acme.tools", "uses"):
        with pytest.raises(InternalName, match="acme-tools is internal"):
            ask(shelf, index, requirement)
    assert rows(ask(shelf, index, "tool", no_deps=True)) == {"tool": ("1.0", "published")}


@pytest.mark.parametrize("setting", ["", "*", "a b", "../x", "acme-*-x"])
def test_a_setting_that_names_nothing_is_refused(setting: str) -> None:
    with pytest.raises(UsageError, match="no names"):
        check_internal(setting)
