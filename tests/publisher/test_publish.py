"""What a publish promises: whole or not at all, once, the same bytes every time, and nobody else's names."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.chains.commit import Change, change_head
from cloudshelf.codecs.catalog import projects_keys
from cloudshelf.errors import (
    CatalogOutdated,
    ModuleOwned,
    PublishFailed,
    RequirementInvalid,
    ShelfMissing,
    UsageError,
    WheelInvalid,
)
from cloudshelf.model import Kind, Manifest
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.publisher.shelved import restore_tree
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore

from .conftest import Publish, new_shelf
from .wheels import build_wheel

TAG = sys.implementation.cache_tag


def manifest_of(store: CountingStore, project: str = "demo", version: str = "1.0", tag: str = TAG) -> Manifest:
    repository = Repository(store)
    (wheel,) = repository.release(project, version).wheels
    return repository.manifest(project, wheel.trees[tag].manifest)


def keys(store: CountingStore) -> set[str]:
    return {stored.key for stored in store.list("")}


def test_what_is_published_comes_back_as_it_was(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    content = {
        "demo/__init__.py": b"from . import a\n",
        "demo/a.py": b"x = 1\n",
        "demo/b.bin": bytes(range(256)) * 40_000,
    }
    content["demo/empty.txt"] = b""
    put(build_wheel(tmp_path, files=content))
    restore_tree(shelf, manifest_of(shelf), tmp_path / "back")
    assert {name: (tmp_path / "back/site" / name).read_bytes() for name in content} == content


def test_publishing_again_uploads_nothing(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    assert [row.action for row in put(wheel).projects] == ["published"]
    objects = keys(shelf)
    before = shelf.counts
    report = put(wheel)
    assert [row.action for row in report.projects] == ["present"]
    assert report.uploaded == 0
    assert set(shelf.counts.since(before).requests) == {"get"}
    assert shelf.counts.since(before).sent == 0
    assert keys(shelf) - objects == set()


def test_equal_wheels_make_equal_objects(tmp_path: Path) -> None:
    source = "".join(f"def f{n}(a, *, b={{1, 2, 'x{n}'}}):\n    return a in {{'p', 'q', 'r'}}\n" for n in range(200))
    content = {f"demo/m{n}.py": source.encode() for n in range(20)} | {"demo/__init__.py": b"from . import m1\n"}
    wheel = build_wheel(tmp_path, files=content)
    stores = [new_shelf(tmp_path / name) for name in ("one", "two")]
    for store in stores:
        publish(PublishRequest(wheels=(str(wheel),), no_deps=True), store)
    one, two = ({key for key in keys(store) if "/history/" not in key} for store in stores)
    assert one == two
    assert any("/pack/" in key for key in one)


def test_the_first_version_is_the_default_until_somebody_moves_it(
    shelf: CountingStore, put: Publish, tmp_path: Path
) -> None:
    def default() -> str | None:
        return Repository(shelf).head("demo").default

    wheels = {version: build_wheel(tmp_path, version=version) for version in ("1.0", "2.0", "3.0")}
    put(wheels["1.0"])
    assert [row.default for row in put(wheels["2.0"]).projects] == [False]
    assert default() == "1.0"
    assert [row.default for row in put(wheels["3.0"], default=True).projects] == [True]
    assert default() == "3.0"
    put(wheels["2.0"], default=True)  # present already: nothing is uploaded, and the default moves
    assert default() == "2.0"
    assert Repository(shelf).versions("demo").keys() == {"1.0", "2.0", "3.0"}


def test_wheels_of_several_platforms_live_side_by_side(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    here, there = build_wheel(tmp_path), build_wheel(tmp_path, tag="cp311-cp311-manylinux_2_28_riscv64")
    put(here)
    put(there)
    wheels = {wheel.filename: wheel for wheel in Repository(shelf).release("demo", "1.0").wheels}
    assert wheels[here.name].trees.keys() == {TAG}
    assert wheels[there.name].trees.keys() == {""}  # nobody here can compile or import it


def test_other_bytes_under_a_published_name_are_refused(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    put(build_wheel(tmp_path))
    objects = keys(shelf)
    with pytest.raises(PublishFailed, match="what was published never changes"):
        put(build_wheel(tmp_path, files={"demo/__init__.py": b"evil = 1\n"}))
    assert keys(shelf) == objects


def test_a_refused_wheel_leaves_nothing_even_of_the_good_ones(
    shelf: CountingStore, put: Publish, tmp_path: Path
) -> None:
    objects = keys(shelf)
    with pytest.raises(WheelInvalid):
        put(build_wheel(tmp_path, name="good"), build_wheel(tmp_path, name="bad", record="bad/__init__.py,,\n"))
    assert keys(shelf) == objects


def test_a_module_that_another_project_owns_is_refused_unless_allowed(
    shelf: CountingStore, put: Publish, tmp_path: Path
) -> None:
    put(build_wheel(tmp_path))
    thief = build_wheel(tmp_path, name="thief", files={"demo/__init__.py": b""})
    objects = keys(shelf)
    with pytest.raises(ModuleOwned, match="thief brings the module demo, which belongs to demo"):
        put(thief)
    assert keys(shelf) == objects
    put(thief, allow_modules=("demo",))
    assert Repository(shelf).project_of("demo") == "demo"


def test_two_projects_of_one_publish_cannot_bring_the_same_module(put: Publish, tmp_path: Path) -> None:
    twins = [build_wheel(tmp_path, name=name, files={"same.py": b""}) for name in ("aa", "bb")]
    with pytest.raises(ModuleOwned, match="bb brings the module same, which belongs to aa"):
        put(*twins)


def test_shadowing_the_standard_library_is_refused_unless_allowed(put: Publish, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files={"json/__init__.py": b""})
    with pytest.raises(ModuleOwned, match="the module json, which belongs to Python's standard library"):
        put(wheel)
    assert [row.action for row in put(wheel, allow_modules=("json",)).projects] == ["published"]


def test_parts_of_a_namespace_are_owned_one_by_one(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    for part in ("one", "two"):
        put(build_wheel(tmp_path, name=part, files={f"space/{part}/__init__.py": b""}))
    assert [Repository(shelf).project_of(f"space.{part}") for part in ("one", "two")] == ["one", "two"]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    before = shelf.counts
    report = put(build_wheel(tmp_path), dry_run=True)
    assert [row.action for row in report.projects] == ["would publish"]
    assert set(shelf.counts.since(before).requests) == {"get"}


def test_an_import_that_fails_is_told_and_is_no_error(shelf: CountingStore, put: Publish, tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"import no_such_thing\n", "demo/data.txt": b"1"}
    (row,) = put(build_wheel(tmp_path, files=files)).projects
    assert row.action == "published"
    assert row.profile_error == "demo: ModuleNotFoundError: No module named 'no_such_thing'"
    assert manifest_of(shelf).profiles[0].error


def test_a_dependency_that_is_on_the_shelf_is_there_for_the_profile(
    shelf: CountingStore, put: Publish, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    put(build_wheel(links, name="below", files={"below/__init__.py": b"y = 3\n"}))
    build_wheel(links, files={"demo/__init__.py": b"import below\nassert below.y == 3\n"}, requires=["below"])
    index = IndexOptions(find_links=(str(links),), no_index=True)
    report = publish(PublishRequest(requirements=("demo",), index=index), shelf)
    assert [(row.project, row.action) for row in report.projects] == [("below", "present"), ("demo", "published")]
    (profile,) = manifest_of(shelf).profiles
    assert (profile.error, profile.projects) == ("", ("below",))


def test_requirements_bring_their_dependencies_first(shelf: CountingStore, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    build_wheel(links, name="below", version="1.5", files={"below/__init__.py": b""})
    build_wheel(links, name="unasked")
    build_wheel(links, requires=["below>=1"])
    (tmp_path / "r.txt").write_text("demo\n")
    index = IndexOptions(find_links=(str(links),), no_index=True)
    request = PublishRequest(requirement_files=(str(tmp_path / "r.txt"),), index=index, default=True)
    report = publish(request, shelf)
    assert [row.project for row in report.projects] == ["below", "demo"]
    assert json.loads(json.dumps(dataclasses.asdict(report)))["projects"][1]["default"] is True
    listed = {facts.project: facts.modules for facts in Repository(shelf).listing()}
    assert listed == {"below": ("below",), "demo": ("demo",)}


def test_a_source_archive_is_built_once(shelf: CountingStore, tmp_path: Path) -> None:
    source = tmp_path / "built"
    (source / "backend").mkdir(parents=True)
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "back"\nbackend-path = ["backend"]\n'
        '[project]\nname = "demo"\nversion = "1.0"\n'
    )
    wheel = build_wheel(tmp_path)
    (source / "backend/back.py").write_text(
        "import shutil\n"
        "def build_wheel(folder, *_, **__):\n"
        f"    return shutil.copy({str(wheel)!r}, folder).rpartition('/')[2]\n"
    )
    request = PublishRequest(requirements=(str(source),), index=IndexOptions(no_index=True))
    assert [row.action for row in publish(request, shelf).projects] == ["published"]
    assert Repository(shelf).release("demo", "1.0").wheels[0].filename == wheel.name
    assert [row.action for row in publish(request, shelf).projects] == ["present"]


def test_a_damaged_catalog_does_not_hide_that_all_was_published(
    put: Publish, shelf: CountingStore, tmp_path: Path
) -> None:
    put(build_wheel(tmp_path, "first", files={"first.py": b""}))
    for key in projects_keys():
        Path(shelf.url.removeprefix("file://"), key).write_bytes(b"damaged")
    with pytest.raises(CatalogOutdated, match=r"Published: second 1\.0\. .*cloudshelf verify --repair"):
        put(build_wheel(tmp_path, "second", files={"second.py": b""}))
    assert Repository(shelf).head("second").default == "1.0"


def test_an_unknown_requirement_says_so_in_pips_words(shelf: CountingStore, tmp_path: Path) -> None:
    index = IndexOptions(find_links=(str(tmp_path),), no_index=True)
    with pytest.raises(
        PublishFailed, match=r"nothing-like-it could not be published: .*Could not find a version that satisfies"
    ):
        publish(PublishRequest(requirements=("nothing-like-it",), index=index), shelf)


@pytest.mark.parametrize("text", ["--index-url=http://evil", "a b c", "=1", ""])
def test_what_is_no_requirement_never_reaches_pip(shelf: CountingStore, text: str) -> None:
    with pytest.raises(RequirementInvalid):
        publish(PublishRequest(requirements=(text,)), shelf)


def test_nothing_to_publish_and_no_shelf_are_told(shelf: CountingStore) -> None:
    with pytest.raises(UsageError):
        publish(PublishRequest(), shelf)
    with pytest.raises(ShelfMissing):
        publish(PublishRequest(requirements=("x",)), MemoryStore())


class Killed(BaseException):
    """As SIGKILL: no ``except Exception`` sees it."""


class DyingStore(CountingStore):
    """Dies before or after write number ``at``."""

    def __init__(self, store: CountingStore, at: int, *, after: bool) -> None:
        super().__init__(store)
        self.left, self.after = at, after

    def put_new(self, key: str, data: bytes) -> None:
        self._write(lambda: super(DyingStore, self).put_new(key, data))

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        return str(self._write(lambda: super(DyingStore, self).replace(key, data, etag=etag)))

    def _write(self, act) -> object:  # type: ignore[no-untyped-def]
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.after):
            raise Killed
        done = act()
        if self.left == 0:
            raise Killed
        return done


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_write_leaves_the_old_state_or_the_new_and_a_rerun_succeeds(tmp_path: Path, after: bool) -> None:
    old = build_wheel(tmp_path, version="1.0")
    new = build_wheel(tmp_path, version="2.0", files={"demo/__init__.py": b"x = 2\n"})
    request = PublishRequest(wheels=(str(new),), no_deps=True)
    for at in range(1, 30):
        store = new_shelf(tmp_path / f"shelf-{at}")
        publish(PublishRequest(wheels=(str(old),), no_deps=True), store)
        try:
            publish(request, DyingStore(store, at, after=after))
        except Killed:
            versions = set(Repository(store).versions("demo"))
            assert versions in ({"1.0"}, {"1.0", "2.0"})
            for version in versions:
                restore_tree(store, manifest_of(store, version=version), tmp_path / f"back-{at}-{version}")
            publish(request, store)
            assert set(Repository(store).versions("demo")) == {"1.0", "2.0"}
            assert {facts.versions for facts in Repository(store).listing()} == {2}
        else:
            assert at > 4  # pack, manifest, release, history and head were all tried
            return
    raise AssertionError("no publish survived")


class CollectedStore(CountingStore):
    """A collector begins a new epoch while the first pack is on its way."""

    moved = False

    def put_new(self, key: str, data: bytes) -> None:
        super().put_new(key, data)
        if "/pack/" in key and not self.moved:
            self.moved = True
            change_head(self, "demo", lambda head: Change(epoch=1), by="collector", action="collect")


def test_what_was_uploaded_under_an_old_epoch_is_uploaded_again(
    shelf: CountingStore, put: Publish, tmp_path: Path
) -> None:
    put(build_wheel(tmp_path))
    new = build_wheel(tmp_path, version="2.0", files={"demo/__init__.py": b"x = 2\n"})
    publish(PublishRequest(wheels=(str(new),), no_deps=True), CollectedStore(shelf))
    manifest = manifest_of(shelf, version="2.0")
    assert {frame.pack.rpartition(".")[2] for frame in manifest.frames} == {"1"}
    restore_tree(shelf, manifest, tmp_path / "back")


def test_numpy_is_as_pip_installs_it(
    shelf: CountingStore, put: Publish, tmp_path: Path, real_wheels: dict[str, Path]
) -> None:
    put(real_wheels["numpy"])
    manifest = manifest_of(shelf, "numpy", re.split("-", real_wheels["numpy"].name)[1])
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--target",
        str(tmp_path / "pip"),
    ]
    subprocess.run([*command, str(real_wheels["numpy"])], check=True, capture_output=True)
    busy = manifest._replace(
        files=tuple(f._replace(kind=Kind.DATA) if f.kind is Kind.IDLE else f for f in manifest.files),
    )
    restore_tree(shelf, busy, tmp_path / "ours")
    own = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "top_level.txt")

    def contents(root: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
            and not path.name.endswith(own)
            and "__pycache__" not in path.parts
            and path.parent.name != "bin"
        }

    assert contents(tmp_path / "ours/site") == contents(tmp_path / "pip")
    (profile,) = manifest.profiles
    paths = [file.path for file in manifest.files]
    recorded = [paths[number] for number in profile.order]
    assert profile.error == ""
    assert next(path for path in recorded if path.endswith(".py")) == "site/numpy/__init__.py"
    generator = next(i for i, path in enumerate(paths) if "random/_generator." in path)  # native: no source says it
    assert "numpy.random._pcg64" in manifest.imports[generator]
    assert "numpy.lib._index_tricks_impl" in manifest.imports[paths.index("site/numpy/lib/__init__.py")]
    libraries = [path for path in recorded if path.startswith("site/numpy.libs/")]
    user = next(path for path in recorded if "_multiarray_umath" in path and path.endswith(".so"))
    assert libraries and recorded.index(libraries[0]) < recorded.index(user)


def test_six_has_its_module_and_its_version(shelf: CountingStore, put: Publish, real_wheels: dict[str, Path]) -> None:
    put(real_wheels["six"])
    (facts,) = Repository(shelf).listing()
    assert (facts.project, facts.modules) == ("six", ("six",))
