"""What a built environment has from the start, and when it is used again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.environment import build
from cloudshelf.environment.build import build_environment
from cloudshelf.environment.index import MOST_WAITED, make_index, modules_of
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.environment.prune import prune_environments
from cloudshelf.environment.scripts import activate_scripts, rewritten, shebang
from cloudshelf.errors import CacheUnusable, UsageError
from cloudshelf.model import Kind, Lock, Profile

from ..importing.environments import EXTENSION, FAKE, SITE, Maker, Project, lock_of

PYTHON = describe_interpreter()
FILES = {
    "site/top/__init__.py": "",
    "site/top/deep/data.txt": "x",
    "site/single.py": "",
    f"site/native{EXTENSION}": "elf",
    "site/ns/part/__init__.py": "",
    "site/ns/other.py": "",
    "site/assets/x.txt": "",
    "data/share/top/page.html": "<p>",
    "headers/top/top.h": "int x;",
    "scripts/top": "#!python\nprint('hi')\n",
}
DEPENDS: dict[str, tuple[str, ...]] = {"top": ("between",), "between": ("below",), "below": (), "other": ("top",)}


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def index_of(*projects: Project) -> dict[str, object]:
    return make_index(lock_of(projects), [p.manifest() for p in projects], PYTHON)


NATIVE = f"site/top/fast{EXTENSION}"
OF_MANY = {
    "few": ([], MOST_WAITED, True),
    "very many, of Python code": ([], MOST_WAITED + 1, False),
    "very many, and a native module of its own may open them": ([NATIVE], MOST_WAITED + 1, True),
    "very many, and a program of its own may open them": (["site/top/bin/tool"], MOST_WAITED + 1, True),
    "very many, and native code that it calls may open them": (["site/below/engine.so"], MOST_WAITED + 1, True),
    "very many, and native code that knows nothing of it": (["site/other/engine.so"], MOST_WAITED + 1, False),
}


@pytest.mark.parametrize("case", OF_MANY)
def test_an_import_waits_for_data_unless_there_are_very_many_that_only_python_reads(case: str) -> None:
    natives, count, waited = OF_MANY[case]
    trees: dict[str, dict[str, str]] = {name: {f"site/{name}/__init__.py": ""} for name in DEPENDS}
    trees["top"] |= {f"site/top/data/{i}.json": "{}" for i in range(count)}
    kinds = {path: Kind.EXTENSION if path == NATIVE else Kind.LIBRARY for path in natives}
    for path in natives:
        trees[path.split("/")[1]][path] = "elf"
    projects = [Project(name, files, kinds=kinds) for name, files in trees.items()]
    lock = lock_of(projects)
    lock = lock._replace(pins=tuple(pin._replace(dependencies=DEPENDS[pin.project]) for pin in lock.pins))
    index: Any = make_index(lock, [project.manifest() for project in projects], PYTHON)
    data = [index["paths"][number] for number in index["projects"][0]["data"]]
    assert len([path for path in data if path.endswith(".json")]) == (count if waited else 0)


def test_modules_are_told_from_the_files() -> None:
    files = Project("top", FILES).manifest().files
    assert modules_of(files, PYTHON.suffixes) == ("assets", "native", "ns.other", "ns.part", "single", "top")


def test_a_module_and_a_folder_may_share_a_name() -> None:
    """As in cryptography (``_rust.abi3.so`` beside ``_rust/``) and protobuf; only a package wins."""
    files = {
        f"site/rust/_rust{EXTENSION}": "elf",
        "site/rust/_rust/x509.pyi": "",
        "site/rust/__init__.py": "",
        "site/both.py": "",
        "site/both/__init__.py": "",
        "site/hidden.py": "",
        "site/hidden/part.py": "",
        "site/ns/one.py": "",
        "site/ns/one/data.txt": "x",
    }
    for order in (files, dict(reversed(list(files.items())))):
        assert modules_of(Project("p", order).manifest().files, PYTHON.suffixes) == ("both", "hidden", "ns.one", "rust")


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(
    ("module", "inside", "modules"),
    [
        (f"site/x{EXTENSION}", "site/x/stub.pyi", ("x",)),
        ("site/x.py", "site/x/__init__.py", ("x",)),
        ("site/x.py", "site/x/y.py", ("x",)),
        (f"site/ns/x{EXTENSION}", "site/ns/x/y.pyi", ("ns.x",)),
        ("site/p/__init__.py", "site/p/__init__/y.txt", ("p",)),
    ],
)
def test_of_a_module_and_a_folder_of_one_name_the_order_is_nothing(
    module: str, inside: str, modules: tuple[str, ...], swap: bool
) -> None:
    paths = (inside, module) if swap else (module, inside)
    files = Project("p", dict.fromkeys(paths, "")).manifest().files
    assert modules_of(files, PYTHON.suffixes) == modules


def test_each_scheme_has_its_place() -> None:
    paths = index_of(Project("top", FILES))["paths"]
    assert isinstance(paths, list)
    for path in (f"{SITE}/top/deep/data.txt", "share/top/page.html", "bin/top"):
        assert path in paths
    assert f"include/site/python{PYTHON.minor}/top/top.h" in paths


@pytest.mark.parametrize(
    "path", ["data/pyvenv.cfg", "scripts/python3", "data/.cloudshelf/index", "site/00_cloudshelf.pth", "data/lib64"]
)
def test_what_is_the_environments_own_cannot_be_replaced(path: str) -> None:
    index = index_of(Project("evil", {path: "x"}))
    assert index["paths"][0] == ".cloudshelf/shadowed/0"  # type: ignore[index]
    assert index["conflicts"][0][1:] == (-1, 0)  # type: ignore[index]


def test_of_two_files_in_one_place_the_first_pin_wins_and_it_is_recorded() -> None:
    index = index_of(
        Project("a", {"site/x.py": "1", "site/y.py": "2"}), Project("b", {"site/x.py": "1", "site/y.py": "3"})
    )
    names = index["folders"][SITE]  # type: ignore[index]
    assert (names["x.py"], names["y.py"]) == (0, 1)
    assert index["conflicts"] == [(f"{SITE}/y.py", 1, 5)]


def test_a_file_where_another_pin_has_a_folder_is_shadowed() -> None:
    index = index_of(Project("a", {"site/x/y.py": "1"}), Project("b", {"site/x": "file"}))
    assert index["conflicts"] == [(f"{SITE}/x", -1, 3)]


def test_needed_libraries_are_found_transitively_own_ones_first() -> None:
    extension = f"site/m{EXTENSION}"
    needs = {extension: ["liba.so.1"], "site/m.libs/liba.so.1": ["libb.so.1", "libc.so.6"]}
    own = Project("m", {extension: "", "site/m.libs/liba.so.1": "1"}, needs=needs)
    other = Project("o", {"site/o/liba.so.1": "2", "site/o/libb.so.1": "3"})
    assert index_of(own, other)["needs"] == {0: (1, 5), 1: (5,)}


NATIVE = f"site/m/native{EXTENSION}"
LATE = f"site/m/late{EXTENSION}"
NATIVES = {
    "site/m/__init__.py": "import m.native",
    NATIVE: "1",
    LATE: "2",
    "site/m/libcore.so.1": "core",
    "site/m/liblate.so.1": "late",
    "site/m/liblate.so": "late",
    "site/m/libdeep.so.1": "deep",
    "site/m/plugin.so": "plugin",
    "site/m/libplugin.so.1": "of the plugin",
    "site/m/libboth.so.1": "of both",
}
NEEDS = {
    NATIVE: ["libcore.so.1"],
    LATE: ["liblate.so.1", "libboth.so.1"],
    "site/m/liblate.so.1": ["libdeep.so.1", "libcore.so.1"],
    "site/m/plugin.so": ["libplugin.so.1", "libboth.so.1"],
}
LIBRARIES = dict.fromkeys(("site/m/liblate.so", "site/m/plugin.so"), Kind.LIBRARY)  # the others' names tell it
COMPANIONS = ["libcore.so.1", "libdeep.so.1", "liblate.so", "liblate.so.1"]


def names_of(index: dict[str, Any], numbers: Iterable[int]) -> list[str]:
    return sorted(index["paths"][number].rpartition("/")[2] for number in numbers)


def natives(*profiles: Profile) -> dict[str, Any]:
    project = Project("m", NATIVES, LIBRARIES, needs=NEEDS)
    return make_index(lock_of([project]), [project.manifest()._replace(profiles=profiles)], PYTHON)


def recorded(*files: str, opened: tuple[str, ...] = ()) -> Profile:
    numbers = [[*NATIVES].index(path) for path in files]
    return Profile("m", tuple(numbers), tuple([*NATIVES].index(path) for path in opened), ())


def test_libraries_that_only_modules_link_come_with_those() -> None:
    """A plugin, and what it links, may be opened by C code, which nobody sees."""
    index = natives(recorded("site/m/__init__.py", NATIVE))
    assert names_of(index, index["companions"]) == COMPANIONS
    assert names_of(index, index["projects"][0]["data"]) == ["libboth.so.1", "libplugin.so.1", "plugin.so"]
    assert names_of(index, index["needs"][[*NATIVES].index(LATE)]) == sorted([*COMPANIONS, "libboth.so.1"])


def test_of_what_lay_beside_a_package_a_recording_keeps_what_its_modules_link() -> None:
    """A shelf from before there were companions: its recordings have all libraries of a package's folder."""
    files = [path for path in NATIVES if path != LATE]
    index = natives(recorded(*files))
    left_out = ["libdeep.so.1", "liblate.so", "liblate.so.1"]
    assert names_of(index, index["projects"][0]["profile"]) == sorted(
        name for path in files if (name := path.rpartition("/")[2]) not in left_out
    )
    index = natives(recorded(*files, opened=("site/m/liblate.so",)))
    assert "liblate.so" in names_of(index, index["projects"][0]["profile"]), "the program opens it by its path"


def test_where_no_import_was_recorded_all_libraries_come_first() -> None:
    index = natives()
    assert index["companions"] == []
    assert {*COMPANIONS} < {*names_of(index, index["projects"][0]["data"])}


def test_a_failed_profile_means_all_data_first() -> None:
    project = Project("p", {"site/p/__init__.py": "", "site/p/x.dat": "1"})
    manifest = project.manifest()
    failed = type(manifest.profiles[0])("p", (), (), (), "boom")
    broken = manifest._replace(profiles=(failed,))
    (facts,) = make_index(lock_of([project]), [broken], PYTHON)["projects"]
    assert facts["wait"] == facts["data"] == [1]


def test_manifests_that_are_not_the_locks_are_refused() -> None:
    with pytest.raises(UsageError):
        make_index(lock_of([Project("a", {})]), [Project("b", {}).manifest()], PYTHON)


def test_it_is_a_virtual_environment(make: Maker) -> None:
    made = make(Project("top", FILES))
    code = "import sys; print(sys.prefix, sys.base_prefix == sys.prefix, sys.executable)"
    assert made.says(code) == f"{made.path} False {made.path}/bin/python"
    activate = f". {made.path}/bin/activate && command -v python && echo $VIRTUAL_ENV && deactivate"
    assert made.command(["/bin/sh", "-c", activate]).stdout.split() == [f"{made.path}/bin/python", str(made.path)]


def test_the_prompt_of_an_activated_shell_names_it_once(make: Maker) -> None:
    """Python 3.13 moved the parentheses from what fills the template to the template."""
    made = make(Project("top", FILES))
    activate = f'PS1=\'$ \'; . {made.path}/bin/activate && echo "[$PS1]" && deactivate && echo "[$PS1]"'
    assert made.command(["/bin/sh", "-c", activate]).stdout.splitlines() == ["[(cloudshelf) $ ]", "[$ ]"]


def test_there_is_an_activate_for_every_shell_that_venv_has_one_for(make: Maker) -> None:
    """Where venv keeps its templates changed in Python 3.13; not the one of PowerShell, as on Linux before that."""
    made = make(Project("top", FILES))
    templates = (Path(venv.__file__).parent / "scripts").rglob("activate*")
    assert {p.name for p in (made.path / "bin").glob("activate*")} == {
        p.name for p in templates if p.suffix in ("", ".csh", ".fish")
    }


def test_a_template_is_filled_in_as_venv_itself_fills_it_in(tmp_path: Path) -> None:
    """With the fix of CVE-2024-9287 (in every series from November 2024 on), venv asks which template it is."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--prompt=cloudshelf", tmp_path / "v"], check=True)
    for name, text in activate_scripts(tmp_path / "v").items():
        assert text == (tmp_path / "v" / "bin" / name).read_text()


def test_folders_metadata_and_scripts_are_there_from_the_start(make: Maker) -> None:
    made = make(Project("top", FILES))
    assert (made.site / "top" / "deep").is_dir()
    assert (made.site / "top-1.0.dist-info" / "METADATA").read_text().startswith("Metadata-Version")
    assert (made.site / "top-1.0.dist-info" / "top_level.txt").read_text().split() == [
        "assets",
        "native",
        "ns",
        "single",
        "top",
    ]
    assert (made.path / "bin" / "top").read_bytes().startswith(shebang(f"{made.path}/bin/python"))
    assert not (made.site / "top" / "deep" / "data.txt").exists()
    assert made.is_there("top/__init__.py")  # an empty file needs no fetcher


def test_equal_locks_share_an_environment_and_others_do_not(make: Maker) -> None:
    top = Project("top", FILES)
    assert make(top).path == make(top).path
    assert make(top).path != make(Project("top", FILES | {"site/single.py": "new"})).path


def test_a_damaged_environment_is_built_again(make: Maker) -> None:
    made = make(Project("top", FILES))
    (made.own / "index").unlink()
    assert make(Project("top", FILES)).path == made.path
    assert (made.own / "index").exists()


def test_of_two_builders_at_once_one_wins_and_both_have_it(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    top = Project("top", FILES)
    real = Path.rename

    def late(self: Path, target: Path) -> Path:
        if "-" in self.name and Path(target).parent.name == "environments":
            monkeypatch.setattr(Path, "rename", real)
            make(top)  # another one is done just before us
        return real(self, target)

    monkeypatch.setattr(Path, "rename", late)
    made = make(top)
    assert [p.name for p in made.path.parent.iterdir()] == [made.path.name]


@pytest.mark.parametrize("damaged", [False, True])
def test_a_builder_leaves_what_another_has_just_finished(
    make: Maker, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    """Between two looks at the place: before the first of them, or after it when what was there before was damaged."""
    top = Project("top", FILES)
    if damaged:
        (make(top).own / "index").unlink()
    real, looks = build.is_sound, [0]

    def late(path: Path) -> bool:
        found = real(path)
        looks[0] += 1
        if looks[0] == 1 + damaged:
            monkeypatch.setattr(build, "is_sound", real)
            (make(top).path / "used").touch()
        return found

    monkeypatch.setattr(build, "is_sound", late)
    made = make(top)
    assert (made.path / "used").exists()
    assert [p.name for p in made.path.parent.iterdir()] == [made.path.name]


def test_nothing_is_left_behind_when_building_fails(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cloudshelf.environment.build.marshal.dumps", lambda _: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(CacheUnusable, match="No space"):
        make(Project("top", FILES))
    assert list((make.cache / "environments").iterdir()) == []


def test_an_environment_whose_fetcher_is_gone_gets_a_new_one(make: Maker) -> None:
    made = make(Project("top", FILES), fetcher=["/nowhere/python", "x"])
    make(Project("top", FILES))
    assert FAKE[1] in (made.own / "config").read_text()


def test_links_inside_are_made_and_links_that_leave_are_not(make: Maker) -> None:
    links = {"site/top/alias.txt": "deep/data.txt", "site/top/out": "../../../../../etc/passwd", "site/top/abs": "/etc"}
    made = make(Project("top", FILES, links=links))
    assert (made.site / "top" / "alias.txt").readlink() == Path("deep/data.txt")
    assert not os.path.lexists(made.site / "top" / "out")
    assert not os.path.lexists(made.site / "top" / "abs")


def test_long_and_spaced_paths_start_through_the_shell(tmp_path: Path) -> None:
    python = tmp_path / "with space" / ("x" * 120) / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    script = tmp_path / "script"
    script.write_bytes(rewritten(b"#!python\nimport sys\nprint(sys.argv[1:])\n", str(python)))
    script.chmod(0o755)
    assert subprocess.run([script, "a b"], capture_output=True, text=True, check=True).stdout == "['a b']\n"


def test_only_scripts_for_python_are_rewritten() -> None:
    assert rewritten(b"#!/bin/sh\necho\n", "/p") == b"#!/bin/sh\necho\n"
    assert rewritten(b"#!python -s\nx\n", "/p") == b"#!/p -s\nx\n"
    assert shebang("/p") == b"#!/p\n"


def test_an_interpreter_is_described_by_its_base(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    described = describe_interpreter(str(tmp_path / "v" / "bin" / "python"))
    assert described == PYTHON
    assert described.executable == os.path.realpath(described.executable)
    assert described.site == SITE


def test_what_is_no_python_is_told() -> None:
    with pytest.raises(UsageError, match="not a Python"):
        describe_interpreter("/bin/false")


def test_environments_are_pruned_by_age(make: Maker) -> None:
    made = make(Project("top", FILES))
    assert prune_environments(make.cache, unused_for=3600) == []
    (engine,) = (make.cache / "engine").iterdir()
    turn = make.cache / "builders" / made.path.name
    turn.parent.mkdir()
    turn.touch()
    assert prune_environments(make.cache) == [made.path]
    assert engine.exists() and not turn.exists()  # somebody may be building an environment that will name it
    os.utime(engine, (0, 0))
    prune_environments(make.cache)
    assert not engine.exists()


def test_what_a_killed_builder_left_is_removed(make: Maker) -> None:
    made = make(Project("top", FILES))
    left = made.path.parent / ".unfinished-999999999-0-x"
    shutil.copytree(made.own, left)
    prune_environments(make.cache, unused_for=3600)
    assert not left.exists()


def test_a_cache_is_for_us_alone(make: Maker) -> None:
    make(Project("top", FILES))
    assert make.cache.stat().st_mode & 0o777 == 0o700


def test_a_cache_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(CacheUnusable):
        build_environment(Lock("", (), "3.11.7", "", ()), [], cache=tmp_path / "link", interpreter=PYTHON, fetcher=[])
