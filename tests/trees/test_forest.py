"""Where the trees of a lock are seen from: names in, names out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from cloudshelf.codecs.names import sha256
from cloudshelf.codecs.tree import TREE_FILE, TreeFacts, format_tree
from cloudshelf.environment.forest import Forest, plant
from cloudshelf.model import File, Kind, Manifest

SITE = "lib/python3.11/site-packages"


def tree(project: str, *paths: str, links: Mapping[str, str] | None = None, bins: Sequence[str] = ()) -> Manifest:
    inside = f"data/opt/{project}"
    files = tuple(File(f"{inside}/{path}", 0, 0o644, 0, sha256(b""), Kind.DATA, -1, 0) for path in paths)
    inline = {f"site/{project}-1.dist-info/{TREE_FILE}": format_tree(TreeFacts(bins=tuple(bins)))}
    return Manifest(
        project=project,
        version="1",
        wheel=f"{project}-1-py3-none-any.whl",
        interpreter="",
        files=files,
        frames=(),
        eager=0,
        inline=inline,
        needs={},
        profiles=(),
        links={f"{inside}/{path}": target for path, target in (links or {}).items()},
    )


def grow(*trees: Manifest, taken: Mapping[str, Mapping[str, int]] | None = None) -> Forest:
    folders = {"": {}, "bin": {}, "lib": {"python3.11": -1}, "lib/python3.11": {}, SITE: {}, **(taken or {})}
    return plant(trees, folders, ("bin/python", "bin/activate"), SITE)


ONE = {
    "a program": (("bin/x",), {"bin/x": "../opt/one/bin/x"}),
    "a library": (("lib/libx.so",), {"lib/libx.so": "../opt/one/lib/libx.so"}),
    "lib64 is lib": (("lib64/libx.so",), {"lib/libx.so": "../opt/one/lib64/libx.so"}),
    "a folder of its own": (("include/x/a.h", "include/x/b/c.h"), {"include/x": "../opt/one/include/x"}),
    "pkg-config's folder is real": (
        ("lib/pkgconfig/x.pc",),
        {"lib/pkgconfig/x.pc": "../../opt/one/lib/pkgconfig/x.pc"},
    ),
    "share": (("share/man/x.1", "share/x"), {"share/man": "../opt/one/share/man", "share/x": "../opt/one/share/x"}),
    "data is seen from nowhere else": (("data.csv", "docs/x"), {}),
    "Python's folder is never a tree's": (("lib/python3.11/site-packages/os.py", "lib/python3.11/x.py"), {}),
    "another Python's is": (("lib/python3.8/x.py",), {"lib/python3.8": "../opt/one/lib/python3.8"}),
}


@pytest.mark.parametrize(("paths", "links"), ONE.values(), ids=ONE.keys())
def test_a_tree_is_seen_where_tools_look(paths: Sequence[str], links: Mapping[str, str]) -> None:
    assert grow(tree("one", *paths)).links == links


def test_a_folder_that_two_trees_have_is_merged() -> None:
    forest = grow(tree("one", "include/shared/a.h"), tree("two", "include/shared/b.h", "include/own/c.h"))
    assert forest.links == {
        "include/shared/a.h": "../../opt/one/include/shared/a.h",
        "include/shared/b.h": "../../opt/two/include/shared/b.h",
        "include/own": "../opt/two/include/own",
    }


def test_the_first_pin_has_a_name_and_who_lost_it_is_said() -> None:
    forest = grow(tree("one", "bin/x"), tree("two", "bin/x", "bin/y"))
    assert forest.links == {"bin/x": "../opt/one/bin/x", "bin/y": "../opt/two/bin/y"}
    assert forest.hidden == [("bin/x", "two")]


TAKEN = ["bin/python", "bin/activate", "bin/pip"]


@pytest.mark.parametrize("place", TAKEN)
def test_what_the_environment_or_a_wheel_has_is_never_replaced(place: str) -> None:
    forest = grow(tree("one", place), taken={"bin": {"pip": 7}})
    assert forest == Forest({}, [(place, "one")])


def test_a_folder_that_a_wheel_has_is_merged_into() -> None:
    forest = grow(tree("one", "share/doc/a", "share/doc/b"), taken={"share": {"doc": -1}, "share/doc": {"a": 3}})
    assert forest == Forest({"share/doc/b": "../../opt/one/share/doc/b"}, [("share/doc/a", "one")])


def test_a_command_that_lies_elsewhere_is_seen_in_bin() -> None:
    forest = grow(tree("one", "libexec/deep/run", "bin/x", bins=["bin/x", "libexec/deep/run", "not/there"]))
    assert forest.links == {"bin/x": "../opt/one/bin/x", "bin/run": "../opt/one/libexec/deep/run"}


def test_links_of_a_tree_are_seen_too() -> None:
    forest = grow(tree("one", "lib/libx.so.1", links={"lib/libx.so": "libx.so.1", "lib64": "lib"}))
    assert forest.links == {"lib/libx.so.1": "../opt/one/lib/libx.so.1", "lib/libx.so": "../opt/one/lib/libx.so"}


def test_a_wheel_has_no_forest() -> None:
    wheel = tree("one", "bin/x")
    assert plant([wheel._replace(inline={})], {"": {}}, (), SITE).links == {}
