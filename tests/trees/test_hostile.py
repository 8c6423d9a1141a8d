"""What no publisher writes: facts and links of a tree that somebody put on the shelf by hand."""

from __future__ import annotations

import json

import pytest

from cloudshelf.codecs.manifest import format_manifest, parse_manifest
from cloudshelf.codecs.tree import parse_tree
from cloudshelf.errors import FormatUnknown, ObjectInvalid
from cloudshelf.importing.links import follow

from .test_forest import tree

FACTS = {
    "no JSON": b"{",
    "no object": b"[]",
    "no format": b"{}",
    "a path out": json.dumps({"format": 1, "bin": ["../x"]}).encode(),
    "an absolute path": json.dumps({"format": 1, "folders": ["/x"]}).encode(),
    "a path that is a number": json.dumps({"format": 1, "bin": [1]}).encode(),
    "PATH": json.dumps({"format": 1, "env": {"PATH": "/evil"}}).encode(),
    "a preload": json.dumps({"format": 1, "env": {"LD_PRELOAD": "/evil.so"}}).encode(),
    "a variable that is a list": json.dumps({"format": 1, "env": {"A": []}}).encode(),
    "a variable with a NUL": json.dumps({"format": 1, "env": {"A": "\0"}}).encode(),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("data", FACTS.values(), ids=FACTS.keys())
def test_facts_that_no_publisher_writes_are_refused(data: bytes) -> None:
    with pytest.raises(ObjectInvalid):
        parse_tree(data, "cloudshelf-tree.json")


def test_facts_of_a_later_format_ask_for_a_newer_cloudshelf() -> None:
    with pytest.raises(FormatUnknown):
        parse_tree(b'{"format": 2}', "cloudshelf-tree.json")


LINKS = {
    "a file behind a link": (("l/x",), {"l": "d"}),
    "a link behind a link": (("x",), {"l": "d", "l/m": "x"}),
    "a file that is a link": (("l",), {"l": "d"}),
    "an empty target": (("x",), {"l": ""}),
    "a NUL": (("x",), {"l": "a\0b"}),
}


@pytest.mark.parametrize(("paths", "links"), LINKS.values(), ids=LINKS.keys())
def test_a_manifest_whose_files_lie_behind_links_is_refused(paths: tuple[str, ...], links: dict[str, str]) -> None:
    with pytest.raises(ObjectInvalid):
        parse_manifest(format_manifest(tree("one", *paths, links=links)), "one", "manifest")


FOLLOWED = {
    "no link": ("a/b", {}, "a/b"),
    "a link": ("a/l", {"a/l": "b"}, "a/b"),
    "up": ("a/l", {"a/l": "../c"}, "c"),
    "out": ("a/l", {"a/l": "../../c"}, None),
    "absolute": ("l", {"l": "/etc"}, None),
    "up behind a link": ("l/../x", {"l": "a/b/c"}, "a/b/x"),
    "out behind a link": ("l", {"l": "m/../x", "m": "."}, None),
    "round": ("l", {"l": "m", "m": "l"}, ""),
    "a chain": ("a", {"a": "b", "b": "c", "c": "d"}, "d"),
}


@pytest.mark.parametrize(("path", "links", "end"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_links_are_followed_as_linux_does(path: str, links: dict[str, str], end: str | None) -> None:
    assert follow(path, links.get) == end
