"""One good input of every decoder, and how it is decoded: what fuzzing starts from."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zstandard

from cloudshelf.codecs import requirements_txt
from cloudshelf.codecs.access_log import parse_access
from cloudshelf.codecs.bundle import Bundle, Carried, Member, format_bundle, parse_bundle
from cloudshelf.codecs.catalog import (
    ProjectFacts,
    format_closure,
    format_listing,
    format_modules,
    parse_closure,
    parse_listing,
    parse_modules,
)
from cloudshelf.codecs.conda import parse_environment
from cloudshelf.codecs.elf import needed
from cloudshelf.codecs.envelope import add_signature, format_object, seal, signatures
from cloudshelf.codecs.head import format_head, format_index, parse_head, parse_index
from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.codecs.manifest import format_manifest, parse_manifest
from cloudshelf.codecs.named_lock import (
    LockHead,
    facts_of,
    format_lock_head,
    format_locks,
    parse_lock_head,
    parse_locks,
)
from cloudshelf.codecs.notebook import KEY, make_block, parse_block, parse_notebook, set_block
from cloudshelf.codecs.provenance import parse_provenance
from cloudshelf.codecs.pyproject import parse_pyproject, parse_script
from cloudshelf.codecs.recall import HEAD as RECALL
from cloudshelf.codecs.recall import Block, BlockList, format_block_list, parse_block_list
from cloudshelf.codecs.release import format_release, parse_release
from cloudshelf.codecs.shelf import ShelfState, format_shelf, parse_shelf
from cloudshelf.codecs.trust import Root, TrustedKey, format_root, parse_root
from cloudshelf.codecs.usage import Count, Report, format_report, parse_report
from cloudshelf.codecs.wheel import parse_entry_points, parse_metadata, parse_record, parse_wheel_name
from cloudshelf.errors import ObjectMissing
from cloudshelf.model import Entry, Link, Lock, Pin
from cloudshelf.repository import Repository
from tests.codecs.test_objects import HEAD, MANIFEST, RELEASE, A, B

Parse = Callable[[bytes], object]


@dataclass(frozen=True)
class Object:
    """An object of a shelf: canonical JSON in an envelope, compressed or not."""

    data: bytes
    parse: Parse
    packed: bool = False

    def payload(self) -> Any:
        data = zstandard.ZstdDecompressor().decompress(self.data) if self.packed else self.data
        return json.loads(data.partition(b"\n")[0])

    def sealed(self, line: bytes) -> bytes:
        """``line`` as this kind of object, its digest right: what a writer with evil intent would put there."""
        data = seal(line)
        return zstandard.ZstdCompressor(level=1).compress(data) if self.packed else data


class OnlyInfo:
    """A store with shelf.json alone."""

    url = "memory:"

    def __init__(self, data: bytes) -> None:
        self.data = data

    def get(self, key: str) -> bytes:
        if key != "shelf.json":
            raise ObjectMissing(key, self.url)
        return self.data


LOCK_HEAD = LockHead("team/x", 3, "w", A, "2026-11-23T00:00:00Z", "ann", "lock", B, 2, "cpython-311", ("six",))
LINKED = (Link(2, A, "2026-11-22T00:00:00Z"), Link(1, B, "2026-11-21T00:00:00Z"))
FACTS = ProjectFacts(
    "numpy", 7, "arrays", "2.1.0", "2.1.0", 2, ("numpy",), ("six",), (("numpy", "2.1.0", A),), {"x": (("six", "1", B),)}
)
BUNDLE = Bundle(
    "shelf",
    ("numpy",),
    (Carried("numpy", "2.1.0", {"2.1.0": Entry(A)}),),
    (Member("README.txt", 3, B), Member(f"projects/numpy/release/{A}", 3, A)),
)
REPORT = Report("2026-11-26", {("numpy", "2.1.0"): Count(1, 2, 3)})
PIN = Pin("six", "1.0", A, "six-1.0-py3-none-any.whl", B, 9, "https://x.example/six.whl", f"{A}.0", ">=3.8", (), ())
LOCK = Lock("s3://b/p", ("six",), "3.11.7", "cpython-311", (PIN,), "")

KEY_OF_ANN = TrustedKey(bytes(32), "ann", "2027-01-01T00:00:00Z")
ROOT = Root(
    *("0" * 16, 2, "w", A, "2026-11-23T00:00:00Z", "ann", "rotate", "2027-11-23T00:00:00Z", 1),
    administrators=(KEY_OF_ANN.id,),
    keys={KEY_OF_ANN.id: KEY_OF_ANN},
    roles={"projects": {"numpy": (KEY_OF_ANN.id,)}, "locks": {}, "recall": {}},
)
BLOCKS = BlockList(
    *(2, "w", A, "2026-11-23T00:00:00Z", "ann", "block numpy"),
    (Block("numpy", "<2", "", "a leak", "numpy>=2", "ann", "2026-11-23T00:00:00Z"),),
    "2026-11-23T00:00:00Z",
    LINKED[1:],
)
STATE = ShelfState(
    *({"contact": "us"}, {"id": "0" * 16, "name": "x"}, 2, "w", A, "2026-11-23T00:00:00Z", "ann", "settings: x"),
    *("2026-11-23T00:00:00Z", LINKED[1:]),
)

OBJECTS: dict[str, Object] = {
    "head": Object(format_head(HEAD), lambda d: parse_head(d, "numpy", "k")),
    "lock-head": Object(format_lock_head(LOCK_HEAD), lambda d: parse_lock_head(d, "team/x", "k")),
    "index": Object(format_index("numpy", HEAD.versions), lambda d: parse_index(d, "numpy", "k")),
    "release": Object(format_release(RELEASE), lambda d: parse_release(d, "numpy", "2.1.0", "k")),
    "manifest": Object(format_manifest(MANIFEST), lambda d: parse_manifest(d, "numpy", "k"), packed=True),
    "listing": Object(format_listing([FACTS]), lambda d: parse_listing(d, "k"), packed=True),
    "modules": Object(format_modules({"numpy": "numpy"}), lambda d: parse_modules(d, "k")),
    "closure": Object(format_closure(FACTS), lambda d: parse_closure(d, "numpy", "k", ("x",))),
    "locks": Object(format_locks([facts_of(LOCK_HEAD)]), parse_locks),
    "usage": Object(format_report(REPORT), lambda d: parse_report(d, "k")),
    "recall": Object(format_block_list(BLOCKS), lambda d: parse_block_list(d, RECALL)),
    "trust": Object(format_root(ROOT), lambda d: parse_root(d, "trust/_head")),
    "settings": Object(format_shelf(STATE), lambda d: parse_shelf(d, "shelf.json")),
    "bundle": Object(format_bundle(BUNDLE), parse_bundle),
    "shelf": Object(
        format_object("shelf", {"id": "0" * 16, "name": "x", "settings": {"request_url": "https://x.example"}}),
        lambda d: Repository(OnlyInfo(d)).info(),
    ),
}

NOTEBOOK = json.dumps(
    {
        "cells": [{"cell_type": "code", "source": ["%shelf use six\n"], "metadata": {}}],
        "metadata": {KEY: make_block(format_lock(LOCK), "s3://b/p", "name"), "kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    },
    indent=1,
)


def notebook(data: bytes) -> object:
    text, found = parse_notebook(data, "n.ipynb")
    block = parse_block(found, "n.ipynb", force=True)
    return block, set_block(text, make_block("a\n", "s3://b/p")), set_block(text, None)


def lines(data: bytes) -> object:
    try:
        text = requirements_txt.decode(data)
    except ValueError:  # as it says
        return None
    return requirements_txt.parse_lines(text, {"A": "b"})


def text_of(parse: Callable[[str], object]) -> Parse:
    """For decoders of text: whoever read the file has decoded it."""
    return lambda data: parse(data.decode("utf-8", "replace"))


PYPROJECT = b"""[project]
name = "x"
dependencies = ["six>=1"]
requires-python = ">=3.9"
[project.optional-dependencies]
more = ["x[other]", "numpy"]
other = ["pandas"]
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
"""
METADATA = (
    b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\nSummary: \xc3\xa9\nRequires-Dist: six; extra == 'a'\n\nText\n"
)
LOG = (
    b'o b [26/Nov/2026:00:00:38 +0000] 1.2.3.4 u 3E57 REST.GET.OBJECT p/projects/x/pack "GET /x HTTP/1.1" 206 - 2662 9'
)

STATEMENT = base64.b64encode(json.dumps({"subject": [{"name": "x", "digest": {"sha256": A}}]}).encode()).decode()
ATTESTATION = {
    "version": 1,
    "envelope": {"statement": STATEMENT, "signature": "AAAA"},
    "verification_material": {"certificate": "AAAA", "transparency_entries": [{}]},
}
PROVENANCE = {
    "version": 1,
    "attestation_bundles": [{"publisher": {"kind": "GitHub", "repository": "x/y"}, "attestations": [ATTESTATION]}],
}

TEXTS: dict[str, tuple[bytes, Parse]] = {
    "signatures": (add_signature(format_head(HEAD), A, bytes(64)), signatures),
    "attestation": (json.dumps(ATTESTATION).encode(), lambda d: parse_provenance(d, "k")),
    "provenance": (json.dumps(PROVENANCE).encode(), lambda d: parse_provenance(d, "k")),
    "lock": (format_lock(LOCK).encode(), text_of(lambda t: parse_lock(t, "l.toml"))),
    "notebook": (NOTEBOOK.encode(), notebook),
    "pyproject": (
        PYPROJECT,
        text_of(lambda t: parse_pyproject(t, "p.toml", extras=("more",), groups=("dev",))),
    ),
    "script": (b'# /// script\n# dependencies = ["six"]\n# ///\n', text_of(lambda t: parse_script(t, "s.py"))),
    "conda": (
        b"name: x\nchannels: [a]\ndependencies:\n- numpy=1.2\n- python>=3.9\n- pip:\n  - six\n",
        text_of(lambda t: parse_environment(t, "e.yml")),
    ),
    "requirements": (b"-i https://x.example\nsix==1 \\\n --hash=sha256:ab\n-e .\n${A}\n# x\n", lines),
    "metadata": (METADATA, lambda d: parse_metadata(d, "w")),
    "record": (b'a/b.py,sha256=abc,12\n"a,b",sha256=x,1\nx/RECORD,,\n', text_of(lambda t: parse_record(t, "w"))),
    "entry points": (
        b"[console_scripts]\nx = a.b:c\ny=d:e [z]\n",
        text_of(lambda t: parse_entry_points(t, "w")),
    ),
    "wheel name": (b"numpy-2.1.0-1-cp311-cp311-manylinux_2_28_x86_64.whl", text_of(parse_wheel_name)),
    "access log": (LOG, text_of(parse_access)),
    "elf": (b"\x7fELF\2\1\1" + b"\0" * 57, lambda d: needed(io.BytesIO(d))),
}
