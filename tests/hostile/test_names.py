"""A name that is another's, Python's, or looks like another is refused; a curator's word allows it, and is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.errors import ModuleOwned, NameAlike, PublishFailed
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from tests.publisher.conftest import new_shelf
from tests.publisher.wheels import build_wheel

Put = Callable[..., PublishReport]


@pytest.fixture
def shelf(tmp_path: Path) -> CountingStore:
    """A shelf with "demo" (a package, and the module "demo_helper") and two parts of the namespace "space"."""
    store = new_shelf(tmp_path / "shelf")
    demo = build_wheel(tmp_path, files={"demo/__init__.py": b"", "demo/core/x.py": b"", "demo_helper.py": b""})
    part = build_wheel(tmp_path, "part", files={"space/part/__init__.py": b"", "space/single.py": b""})
    for wheel in (demo, part):
        put(store, wheel)
    return store


def put(store: CountingStore, *wheels: Path, **options: object) -> PublishReport:
    request = PublishRequest(wheels=tuple(map(str, wheels)), no_deps=True, by="ann", **options)  # type: ignore[arg-type]
    return publish(request, store)


def refused(store: CountingStore, error: type[Exception], says: str, *wheels: Path) -> None:
    before = store.counts
    with pytest.raises(error, match=re.escape(says)):
        put(store, *wheels)
    assert set(store.counts.since(before).requests) == {"get"} and store.counts.since(before).sent == 0


CLAIMS = [
    ("its package", "demo/__init__.py", "demo", "demo"),
    ("its module", "demo_helper.py", "demo_helper", "demo"),
    ("a module in its package", "demo/evil.py", "demo", "demo"),
    ("a module deep in its package", "demo/core/evil.py", "demo", "demo"),
    ("data in its package", "demo/cacert.pem", "demo", "demo"),
    ("data by way of .data", "thief-1.0.data/purelib/demo/cacert.pem", "demo", "demo"),
    ("a package in the place of its namespace", "space/__init__.py", "space.part", "part"),
    ("a module in the place of its namespace", "space.py", "space.part", "part"),
    ("a part of its namespace", "space/part/__init__.py", "space.part", "part"),
    ("a module where it has one in a namespace", "space/single.py", "space.single", "part"),
]


@pytest.mark.parametrize(("path", "module", "owner"), [c[1:] for c in CLAIMS], ids=[c[0] for c in CLAIMS])
def test_what_is_anothers_is_refused_until_a_curator_allows_it_and_the_history_has_that(
    shelf: CountingStore, tmp_path: Path, path: str, module: str, owner: str
) -> None:
    thief = build_wheel(tmp_path, "thief", files={path: b"", "thief/__init__.py": b""})
    refused(shelf, ModuleOwned, f"thief brings the module {module}, which belongs to {owner}", thief)
    (row,) = put(shelf, thief, allow_modules=(module,)).projects
    assert row.remarks == (f"allowed the module {module}",)
    assert Repository(shelf).head("thief").action == f"publish 1.0; allowed the module {module}"
    assert Repository(shelf).project_of(module) == owner


def test_a_new_part_of_a_namespace_is_nobodys(shelf: CountingStore, tmp_path: Path) -> None:
    (row,) = put(shelf, build_wheel(tmp_path, "more", files={"space/more/__init__.py": b""})).projects
    assert (row.action, row.remarks) == ("published", ())


def test_the_next_version_of_the_owner_needs_no_word(shelf: CountingStore, tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"", "demo/core/y.py": b"", "demo/new.txt": b""}
    (row,) = put(shelf, build_wheel(tmp_path, version="2.0", files=files)).projects
    assert (row.action, row.remarks) == ("published", ())


def test_tests_and_docs_beside_a_package_are_nobodys(shelf: CountingStore, tmp_path: Path) -> None:
    for name in ("aa", "bb"):
        files = {f"{name}/__init__.py": b"", "tests/__init__.py": b"", "docs/conf.py": b""}
        (row,) = put(shelf, build_wheel(tmp_path, name, files=files)).projects
        assert row.action == "published"


@pytest.mark.parametrize("path", ["json/__init__.py", "ssl.py", "sitecustomize.py", "usercustomize/__init__.py"])
def test_what_python_imports_itself_is_refused_until_a_curator_allows_it(
    shelf: CountingStore, tmp_path: Path, path: str
) -> None:
    module = re.split(r"[/.]", path)[0]
    wheel = build_wheel(tmp_path, "extra", files={path: b"", "extra/__init__.py": b""})
    refused(shelf, ModuleOwned, f"the module {module}, which belongs to Python's standard library", wheel)
    assert put(shelf, wheel, allow_modules=(module,)).projects[0].remarks == (f"allowed the module {module}",)


def test_of_two_in_one_publish_the_first_has_the_module(shelf: CountingStore, tmp_path: Path) -> None:
    first = build_wheel(tmp_path, "aa", files={"same/__init__.py": b""})
    second = build_wheel(tmp_path, "bb", files={"same/inner.txt": b"", "bb.py": b""})
    refused(shelf, ModuleOwned, "bb brings the module same, which belongs to aa", first, second)


@pytest.mark.parametrize("name", ["de_mo", "dem0", "d_e_m_o"])
def test_a_new_project_that_looks_like_another_is_refused_until_a_curator_allows_it(
    shelf: CountingStore, tmp_path: Path, name: str
) -> None:
    project = name.replace("_", "-")
    wheel = build_wheel(tmp_path, name, files={"other/__init__.py": b""})
    refused(shelf, NameAlike, f"{project} would be new on this shelf, and people would take it for demo", wheel)
    (row,) = put(shelf, wheel, allow_names=(project,)).projects
    assert row.remarks == ("allowed the name",)
    assert Repository(shelf).head(project).action == "publish 1.0; allowed the name"
    again = build_wheel(tmp_path, name, version="2.0", files={"other/__init__.py": b""})
    assert put(shelf, again).projects[0].remarks == ()  # it is there now


def test_two_new_projects_that_look_alike_are_refused_together(shelf: CountingStore, tmp_path: Path) -> None:
    twins = [build_wheel(tmp_path, name, files={f"{name}.py": b""}) for name in ("toollib", "tool1ib")]
    refused(shelf, NameAlike, "tool1ib would be new on this shelf, and people would take it for toollib", *twins)


@pytest.mark.parametrize("name", ["Demo", "DEMO"])
def test_a_name_that_normalizes_alike_is_the_same_project_and_its_bytes_never_change(
    shelf: CountingStore, tmp_path: Path, name: str
) -> None:
    """PEP 503: there is no second project, and no second wheel of one version under another spelling."""
    other = build_wheel(tmp_path, name, files={"demo/__init__.py": b"evil = 1\n"})
    refused(shelf, PublishFailed, "what was published never changes", other)


def test_one_version_under_two_names_is_refused(shelf: CountingStore, tmp_path: Path) -> None:
    other = build_wheel(tmp_path, version="1.0.0", files={"demo/__init__.py": b"evil = 1\n"})
    refused(shelf, PublishFailed, "1.0 is on the shelf, and 1.0.0 is the same version", other)


def test_a_known_project_costs_no_look_at_other_names(shelf: CountingStore, tmp_path: Path) -> None:
    """The names of a shelf are read for a project that is new on it, and for no other."""
    seen: list[str] = []

    class Seeing(CountingStore):
        def get(self, key: str) -> bytes:
            seen.append(key)
            return super().get(key)

    refused_wheel = build_wheel(tmp_path, version="2.0", files={"part/__init__.py": b"", "space/part/x.py": b""})
    with pytest.raises(ModuleOwned):
        put(Seeing(shelf), refused_wheel)
    assert not [key for key in seen if key.startswith("catalog/projects/")]
