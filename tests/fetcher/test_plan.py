"""What comes along with what an import needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.fetcher.environments import Environment
from cloudshelf.fetcher.plan import imported, plan_begin, plan_expected, plan_late, plan_later, plan_need

from .shelves import SITE, Project, Shelf, noise

TAG = "cpython-311"


def project(name: str, modules: dict[str, list[str]], **more: Any) -> Project:
    """A project whose sources, by path, import ``modules``; each has its bytecode."""
    files = {}
    for path in modules:
        folder, _, file = path.rpartition("/")
        files[path] = path.encode()
        if file.endswith(".py"):
            files[f"{folder}/__pycache__/{file.removesuffix('.py')}.{TAG}.pyc"] = b"code of " + path.encode()
    return Project(name, files, imports={path: names for path, names in modules.items() if names}, **more)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    top = project(
        "top",
        {
            "top/__init__.py": [],
            "top/deep/__init__.py": ["top.deep.one", "top.deep.circle", "os.path"],
            "top/deep/one.py": ["top.deep.native", "top.deep.Name", "other.part"],
            "top/deep/circle.py": ["top.deep", "top.deep.circle"],
            "top/deep/native.abi3.so": ["top.hidden"],
            "top/hidden.py": [],
            "top/alone.py": ["absent.module"],
        },
        profile=[0, 1],
    )
    other = project(
        "other",
        {"other/__init__.py": ["other.never"], "other/never.py": [], "other/part.py": ["top.alone"]},
        profile=[0, 1],
    )
    user = project(
        "user", {"user/__init__.py": ["top.deep"]}, profile=[0, 1], uses=[1], pulls=["other.part", "gone.away"]
    )
    return Shelf(tmp_path).environment(top, other, user)


def number(environment: Environment, path: str) -> int:
    return environment.paths.index(f"{SITE}/{path}")


def sources(environment: Environment, numbers: list[int]) -> list[str]:
    """Their paths; each source has its bytecode behind it."""
    paths = [environment.paths[n].removeprefix(f"{SITE}/") for n in numbers]
    for path in [path for path in paths if path.endswith(".py")]:
        folder, _, name = path.rpartition("/")
        assert paths[paths.index(path) + 1] == f"{folder}/__pycache__/{name.removesuffix('.py')}.{TAG}.pyc"
    return [path for path in paths if not path.endswith(".pyc")]


def test_a_needed_module_brings_all_that_it_will_import(environment: Environment) -> None:
    found = plan_need(environment, [number(environment, "top/deep/__init__.py")])
    assert sorted(sources(environment, found)) == [
        "other/__init__.py",
        "other/part.py",
        "top/__init__.py",
        "top/alone.py",
        "top/deep/__init__.py",
        "top/deep/circle.py",
        "top/deep/native.abi3.so",
        "top/deep/one.py",
        "top/hidden.py",
    ], "other.never is not among it: the recorded import of other did not open it"


def test_a_source_that_is_asked_for_without_its_bytecode_is_not_imported(environment: Environment) -> None:
    source = number(environment, "top/deep/__init__.py")
    native, data = number(environment, "top/deep/native.abi3.so"), len(environment)
    assert imported(environment, [source, native, data, -1]) == [native]
    assert imported(environment, [source, source + 1]) == [source, source + 1]
    environment.presence[source + 1] = 1
    assert imported(environment, [source]) == [source], "the bytecode is in place: something reads the source beside it"


def test_a_module_is_followed_once(environment: Environment) -> None:
    assert plan_need(environment, [number(environment, "top/hidden.py")])
    assert plan_need(environment, [number(environment, "top/hidden.py")]) == []


def test_bytecode_counts_as_its_module(environment: Environment) -> None:
    """Its source may be there already: they need not be in one frame."""
    found = plan_need(environment, [number(environment, f"top/deep/__pycache__/one.{TAG}.pyc")])
    assert "top/hidden.py" in sources(environment, found)


def test_data_brings_nothing_else(tmp_path: Path) -> None:
    files = {"top/table.csv": b"1", "top/table.py": b"2"}
    assert plan_need(Shelf(tmp_path).environment(Project("top", files, kinds="ds")), [0]) == []


def test_a_native_module_goes_before_a_source_of_its_name(tmp_path: Path) -> None:
    """As Cython and mypyc leave them."""
    fast = project(
        "top",
        {
            "top/__init__.py": ["top.both"],
            "top/both.cpython-311-x86_64-linux-gnu.so": ["top.below"],
            "top/both.py": ["top.never"],
            "top/never.py": [],
            "top/below.py": [],
        },
    )
    environment = Shelf(tmp_path).environment(fast)
    assert sources(environment, plan_need(environment, [0])) == [
        "top/__init__.py",
        "top/both.cpython-311-x86_64-linux-gnu.so",
        "top/below.py",
    ]


def test_an_import_that_begins_brings_what_it_pulls_out_of_other_projects(environment: Environment) -> None:
    stages = [sources(environment, stage) for stage in plan_begin(environment, 2)]
    assert stages == [["user/__init__.py"], ["other/__init__.py", "other/part.py"], ["user/__init__.py"]]
    assert plan_need(environment, [number(environment, "user/__init__.py")]) == [], "it is followed already"


def test_what_modules_of_one_project_share_is_planned_once(tmp_path: Path) -> None:
    """As for ``from a.b import c`` and ``from a.d import e``: four names."""
    files = {"user/__init__.py": [], "user/a.py": [], "user/b.py": ["user.deep"], "user/deep.py": []}
    user = project("user", files, profile=[0, 1])
    other = project("other", {"other/__init__.py": []}, profile=[0, 1])
    environment = Shelf(tmp_path).environment(replace(user, uses=[1]), other)
    stages = plan_expected(environment, ["json", "user.a", "user.a.name", "user.b", "user.b.name"])
    named = [sources(environment, stage) for stage in stages]
    assert named[:-2] == [["user/__init__.py"], ["other/__init__.py"], ["user/__init__.py"]]
    assert named[-2:] == [["user/a.py"], ["user/b.py", "user/deep.py"]]


def test_what_functions_import_follows_with_all_that_needs_and_is_still_asked_for_when_needed(tmp_path: Path) -> None:
    user = project(
        "user",
        {"user/__init__.py": [], "user/engine.py": ["user.deep"], "user/deep.py": [], "user/never.py": []},
        profile=[0, 1],
        later={"user/__init__.py": ["user.engine", "other", "absent"], "user/engine.py": ["user.never"]},
    )
    other = project("other", {"other/__init__.py": [], "other/never.py": []}, profile=[0, 1])
    user.files["user/__init__.py"] = noise(3000, 0)
    environment = Shelf(tmp_path).environment(replace(user, group=1), replace(other, group=1))
    (begun,) = plan_begin(environment, 0)
    later = plan_later(environment, begun)
    assert sources(environment, later) == ["user/engine.py", "user/deep.py", "other/__init__.py"]
    needed = plan_need(environment, [number(environment, "user/engine.py")])
    assert "user/deep.py" in sources(environment, needed), "an import that comes to it waits once"


def test_of_what_functions_import_comes_at_most_a_third_of_the_imports_own_bytes(tmp_path: Path) -> None:
    sizes = {"__init__": 9000, "large": 9000, "half": 1400, "small": 1000, "more": 1000}
    files = {f"user/{name}.py": noise(size, size) for name, size in sizes.items()}
    later = {"user/__init__.py": ["user.large", "user.half", "user.small", "user.more"]}
    user = Project("user", files, profile=[0], eager=1, group=1, later=later)
    environment = Shelf(tmp_path).environment(user)
    (begun,) = plan_begin(environment, 0)
    assert [environment.paths[n].rpartition("/")[2] for n in plan_later(environment, begun)] == ["half.py", "small.py"]


def test_a_module_that_no_recorded_import_opened_brings_what_its_functions_import(tmp_path: Path) -> None:
    user = project(
        "user",
        {
            "user/__init__.py": [],
            "user/recorded.py": ["user.part"],
            "user/part.py": [],
            "user/late.py": ["user.part"],
            "user/used.py": [],
        },
        profile=[0, 1, 2, 3, 4, 5],
        later={"user/recorded.py": ["user.used"], "user/late.py": ["user.used"]},
        group=1,
    )
    user.files["user/late.py"] = noise(9000, 0)

    def late(name: str) -> set[str]:
        environment = Shelf(tmp_path).environment(user, name=name)
        return set(sources(environment, plan_late(environment, [number(environment, f"user/{name}.py")])))

    own = {"user/__init__.py", "user/recorded.py", "user/part.py"}
    assert late("recorded") == own
    assert late("late") == own | {"user/late.py", "user/used.py"}


def test_what_came_because_a_function_may_import_it_brings_no_more_of_the_kind(tmp_path: Path) -> None:
    """Else it would depend on who is faster: what is in its place when it is imported is not asked for."""
    user = project(
        "user",
        {
            "user/__init__.py": [],
            "user/late.py": [],
            "user/used.py": ["user.part"],
            "user/part.py": [],
            "user/far.py": [],
        },
        profile=[0, 1],
        later={"user/late.py": ["user.used"], "user/used.py": ["user.far"]},
        group=1,
    )
    user.files |= {"user/late.py": noise(90_000, 0), "user/used.py": noise(9000, 1)}
    environment = Shelf(tmp_path).environment(user)
    numbers = {name: number(environment, f"user/{name}.py") for name in ("late", "used", "far")}
    assert {numbers["used"]} < set(plan_late(environment, [numbers["late"]]))
    follows = sources(environment, plan_late(environment, [numbers["used"]]))
    assert follows == ["user/used.py", "user/part.py"], "what its body imports follows all the same"
    assert numbers["far"] in plan_later(environment, [numbers["used"]])


def test_of_several_top_level_modules_only_the_one_that_is_imported_brings_its_recorded_files(tmp_path: Path) -> None:
    two = project(
        "two",
        {"attr/__init__.py": [], "attr/own.py": [], "attrs/__init__.py": ["attr"], "attrs/own.py": []},
        profile=range(8),
        recorded={"attr": [0, 1, 2, 3], "attrs": [0, 1, 4, 5, 6, 7]},
    )
    user = project("user", {"user/__init__.py": []}, profile=[0, 1], uses=[0], pulls=["attrs"])

    def begun(project: int, module: str) -> list[str]:
        environment = Shelf(tmp_path).environment(two, user, name=f"{project}{module}")
        return sorted({f for stage in plan_begin(environment, project, module) for f in sources(environment, stage)})

    everything = ["attr/__init__.py", "attr/own.py", "attrs/__init__.py", "attrs/own.py"]
    assert begun(0, "attr") == begun(0, "attr.nothing") == ["attr/__init__.py", "attr/own.py"]
    assert begun(0, "attrs") == ["attr/__init__.py", "attrs/__init__.py", "attrs/own.py"]
    assert begun(0, "") == everything, "nobody said which"
    assert begun(1, "user") == ["attr/__init__.py", "attrs/__init__.py", "attrs/own.py", "user/__init__.py"]
    environment = Shelf(tmp_path).environment(two)
    plan_begin(environment, 0, "attr")
    second = plan_need(environment, [number(environment, "attrs/__init__.py")])
    assert "attrs/own.py" in sources(environment, second), "the other one, when it is imported after all"
