"""What every object promises: it comes back as it went in, and anything else is one typed error that names it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cloudshelf.codecs.envelope import seal
from cloudshelf.codecs.head import format_head, format_index, parse_head, parse_index
from cloudshelf.codecs.manifest import format_manifest, parse_manifest
from cloudshelf.codecs.names import is_normalized, normalize, sha256
from cloudshelf.codecs.pack import compress_frame, decompress_frame
from cloudshelf.codecs.release import format_release, parse_release
from cloudshelf.errors import FormatUnknown, ObjectInvalid, ShelfError
from cloudshelf.model import Entry, File, Frame, Head, Kind, Manifest, Profile, Release, Tree, Wheel

A, B = "a" * 64, "b" * 64
HEAD = Head(
    "numpy",
    7,
    1,
    "w",
    A,
    "2026-11-23T00:00:00Z",
    "ann",
    "publish 2.1.0",
    "2.1.0",
    {"2.1.0": Entry(B), "2.0.0": Entry(A, "")},
    B,
)
RELEASE = Release(
    "numpy",
    "2.1.0",
    "arrays",
    "BSD",
    (
        Wheel(
            "numpy-2.1.0-py3-none-any.whl",
            A,
            9,
            "",
            ">=3.10",
            ("six; extra == 'x'",),
            ("x",),
            ("numpy",),
            ("f2py",),
            2,
            30,
            {"cpython-311": Tree(f"{A}.0", 5, 4)},
        ),
    ),
)
MANIFEST = Manifest(
    project="numpy",
    version="2.1.0",
    wheel="numpy-2.1.0-py3-none-any.whl",
    interpreter="cpython-311",
    files=(
        File("site/numpy/__init__.py", 10, 0o644, 1, A, Kind.SOURCE, 0, 0),
        File("site/numpy/core.so", 20, 0o755, 1, B, Kind.EXTENSION, 0, 10),
        File("site/numpy-2.1.0.dist-info/METADATA", 2, 0o644, 1, A, Kind.INLINE, -1, 0),
    ),
    frames=(Frame(f"{A}.0", 0, 9, 16, B), Frame(f"{A}.0", 9, 9, 14, B)),
    eager=2,
    inline={"site/numpy-2.1.0.dist-info/METADATA": b"hi"},
    needs={1: ("libm.so.6",)},
    profiles=(Profile("numpy", (0, 1), (0,), ("six",), "", ("six", "six.moves")),),
    imports={0: ("numpy.core", "six"), 1: ("six",)},
    later={1: ("numpy.f2py",)},
)


BAD_IMPORTS: list[object] = [
    [],
    {"0": [1]},
    {"0": [-1]},
    {"0": [True]},
    {"0": "0"},
    {"3": [0]},
    {"-1": [0]},
    {"x": [0]},
]


def raw(manifest: Manifest = MANIFEST) -> dict[str, Any]:
    return dict(json.loads(zstandard.ZstdDecompressor().decompress(format_manifest(manifest)).partition(b"\n")[0]))


def packed(payload: object) -> bytes:
    return zstandard.ZstdCompressor().compress(seal(json.dumps(payload).encode()))


def test_a_head_comes_back_as_it_went_in() -> None:
    assert parse_head(format_head(HEAD), "numpy", "k") == HEAD


def test_an_index_comes_back_as_it_went_in() -> None:
    assert parse_index(format_index("numpy", HEAD.versions), "numpy", "k") == HEAD.versions


def test_a_release_comes_back_as_it_went_in() -> None:
    assert parse_release(format_release(RELEASE), "numpy", "2.1.0", "k") == RELEASE


def test_a_manifest_comes_back_as_it_went_in() -> None:
    assert parse_manifest(format_manifest(MANIFEST), "numpy", "k") == MANIFEST


def test_a_manifest_of_before_there_were_imports_is_read() -> None:
    payload = raw()
    del payload["imports"], payload["later"]
    del payload["profiles"][0]["modules"]
    profile = MANIFEST.profiles[0]._replace(modules=())
    expected = MANIFEST._replace(imports={}, later={}, profiles=(profile,))
    assert parse_manifest(packed(payload), "numpy", "k") == expected


@pytest.mark.parametrize("field", ["imports", "later"])
@pytest.mark.parametrize(
    "imports", [[], {"names": ["a"]}, {"names": [1], "of": {}}, *({"names": ["a"], "of": of} for of in BAD_IMPORTS)]
)
def test_imports_that_cannot_be_right_are_refused(imports: object, field: str) -> None:
    with pytest.raises(ObjectInvalid):
        parse_manifest(packed(raw() | {field: imports}), "numpy", "k")


def test_signature_lines_after_a_head_are_not_part_of_it() -> None:
    assert parse_head(format_head(HEAD) + b'{"keyid":"k","sig":"s"}\n', "numpy", "k") == HEAD


def test_equal_values_make_equal_bytes() -> None:
    reordered = HEAD._replace(versions=dict(reversed(list(HEAD.versions.items()))))
    assert format_head(reordered) == format_head(HEAD)


@pytest.mark.parametrize("parse", [lambda d: parse_head(d, "pandas", "k"), lambda d: parse_head(d, "Numpy", "k")])
def test_a_head_under_another_projects_name_is_refused(parse) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ObjectInvalid, match="it is the head of 'numpy'"):
        parse(format_head(HEAD))


@pytest.mark.parametrize(
    "version", ["", " ", "1.0 ", "../1", "1\n2", "\x1b[31m1", "1;rm", "--yes", "$(id)", "1" * 300, "\u0661"]
)
def test_a_version_that_is_no_word_of_a_command_line_is_refused_and_named(version: str) -> None:
    data = format_head(HEAD._replace(versions={version: Entry(B)}))
    with pytest.raises(ObjectInvalid, match=r"its entry of version .* is malformed"):
        parse_head(data, "numpy", "k")
    with pytest.raises(ObjectInvalid, match=r"its entry of version .* is malformed"):
        parse_index(format_index("numpy", {version: Entry(B)}), "numpy", "k")


def test_a_release_of_another_version_is_refused() -> None:
    with pytest.raises(ObjectInvalid, match=r"it is the release numpy 2\.1\.0"):
        parse_release(format_release(RELEASE), "numpy", "2.0.0", "k")


def test_tomorrows_format_is_refused_with_a_clear_word() -> None:
    later = seal(format_head(HEAD).partition(b"\n")[0].replace(b'"format":1', b'"format":2'))
    with pytest.raises(FormatUnknown, match=r"has format 2; this cloudshelf reads up to 1\. Upgrade"):
        parse_head(later, "numpy", "projects/numpy/head")


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "site/../x",
        "/etc/passwd",
        "site//x",
        "site/./x",
        "site/",
        "site",
        "other/x",
        "site/a\0b",
        "site/x/../../y",
        "site//etc",
    ],
)
def test_a_path_that_leaves_its_scheme_is_refused(path: str) -> None:
    payload = raw()
    payload["files"]["path"][0] = path
    with pytest.raises(ObjectInvalid):
        parse_manifest(packed(payload), "numpy", "k")


@pytest.mark.parametrize(
    "column, row, value",
    [
        ("size", 0, 31),  # runs past its frames
        ("frame", 0, 3),  # no such frame
        ("offset", 1, 17),  # behind the end of its frame
        ("mode", 0, 0o4755),  # set-uid
        ("digest", 0, "zz"),
        ("size", 2, 3),  # inline bytes of another length
        ("path", 1, "site/numpy/__init__.py"),  # twice
        ("size", 0, -1),
        ("size", 0, True),
        ("size", 0, 1.5),
    ],
)
def test_a_manifest_row_that_cannot_be_right_is_refused(column: str, row: int, value: object) -> None:
    payload = raw()
    payload["files"][column][row] = value
    with pytest.raises(ObjectInvalid):
        parse_manifest(packed(payload), "numpy", "k")


def test_a_manifest_that_claims_gigabytes_is_refused_before_memory_is_spent() -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (1 << 28) + b"\0")
    with pytest.raises(ObjectInvalid, match="larger than a manifest can be"):
        parse_manifest(bomb, "numpy", "k")


OBJECTS = [
    pytest.param(format_head(HEAD), lambda d: parse_head(d, "numpy", "k"), id="head"),
    pytest.param(format_release(RELEASE), lambda d: parse_release(d, "numpy", "2.1.0", "k"), id="release"),
    pytest.param(format_manifest(MANIFEST), lambda d: parse_manifest(d, "numpy", "k"), id="manifest"),
]


@pytest.mark.parametrize("data, parse", OBJECTS)
def test_every_truncation_is_a_typed_error(data: bytes, parse) -> None:  # type: ignore[no-untyped-def]
    for length in range(len(data)):
        with pytest.raises(ObjectInvalid):
            parse(data[:length])


@pytest.mark.parametrize("data, parse", OBJECTS)
@given(st.data())
def test_damage_is_a_typed_error_or_harmless(data: bytes, parse, draw) -> None:  # type: ignore[no-untyped-def]
    """Digests catch every flip before parsing; the parser alone must still never fail in another way."""
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = bytearray(data)
    damaged[at] ^= draw.draw(st.integers(1, 255))
    with contextlib.suppress(ShelfError):
        parse(bytes(damaged))


@given(st.binary())
def test_random_bytes_are_a_typed_error(data: bytes) -> None:
    for parse in (lambda d: parse_head(d, "numpy", "k"), lambda d: parse_manifest(d, "numpy", "k")):
        with pytest.raises(ObjectInvalid):
            parse(data)


def test_every_flipped_byte_of_a_head_is_caught_though_no_digest_names_it() -> None:
    data = format_head(HEAD)
    for at in range(len(data) - 1):
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(ObjectInvalid):
            parse_head(bytes(damaged), "numpy", "projects/numpy/head")


def frame_of(content: bytes) -> tuple[bytes, Frame]:
    data = compress_frame(content)
    return data, Frame(f"{A}.0", 0, len(data), len(content), sha256(data))


@given(st.binary(max_size=2000))
def test_a_frame_comes_back_as_it_went_in(content: bytes) -> None:
    data, frame = frame_of(content)
    assert decompress_frame(data, frame, "numpy") == content


def test_every_flipped_byte_of_a_frame_is_caught_and_names_the_pack() -> None:
    data, frame = frame_of(b"print('hello')" * 20)
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(ObjectInvalid, match=f"projects/numpy/pack/{A}.0"):
            decompress_frame(bytes(damaged), frame, "numpy")


def test_a_frame_never_grows_beyond_what_was_declared() -> None:
    data, frame = frame_of(b"x" * 100_000)
    with pytest.raises(ObjectInvalid, match="another size"):
        decompress_frame(data, frame._replace(size=10), "numpy")


@given(st.text(alphabet="abcXYZ019-_.", min_size=1, max_size=20))
def test_a_normalized_name_can_be_a_key_or_is_refused(name: str) -> None:
    normalized = normalize(name)
    assert normalize(normalized) == normalized
    assert is_normalized(normalized) or normalized.startswith("-") or normalized.endswith("-")


@pytest.mark.parametrize("name", ["../numpy", "numpy/head", "", "Numpy", "a--b", "-a", "a\n"])
def test_no_name_escapes_its_project(name: str) -> None:
    assert not is_normalized(name)
