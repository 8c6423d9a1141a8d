"""Whatever bytes a decoder is given: a value, or an error of ours that names the object, within the declared memory."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudshelf.codecs.names import sha256
from cloudshelf.codecs.pack import compress_frame, decompress_frame
from cloudshelf.errors import FormatUnknown, ObjectInvalid, ShelfError
from cloudshelf.model import Frame
from tests.stress import Checks, amount

from .samples import OBJECTS, TEXTS, Object

# What is put in the place of a value: of every type, at the edges of what numbers and texts can be.
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 1 << 31, 1 << 53, 1 << 63, 1 << 64, 10**40]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "..", "../x", "a/../b", "\0", "\ud800", "\u0661", "a" * 64, "x" * 300, "1.0", "site/x"]),
    st.lists(st.none() | st.integers() | st.text(max_size=2), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers() | st.none(), max_size=3),
)
FUZZ = settings(
    max_examples=amount(8, 800),
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def decoded(parse: Callable[[bytes], object], data: bytes) -> None:
    """A value or an error of ours; what it says can be printed."""
    try:
        parse(data)
    except ShelfError as error:
        str(error).encode("utf-8", "backslashreplace")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in ``value``."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def changed(value: Any, path: tuple[Any, ...], junk: Any) -> Iterator[Any]:
    """``value`` with junk at ``path``; without what is there; with it twice; with its key another."""
    if not path:
        yield junk
        return
    *way, last = path
    for kind in ("put", "drop", "more"):
        result = copy.deepcopy(value)
        parent = result
        for key in way:
            parent = parent[key]
        if kind == "put":
            parent[last] = junk
        elif kind == "drop":
            del parent[last]
        elif isinstance(parent, list):
            parent.insert(last, parent[last])
        else:
            parent[junk if isinstance(junk, str) else str(junk)] = parent.pop(last)
        yield result


@pytest.mark.stress
@pytest.mark.parametrize("name", OBJECTS)
@FUZZ
@given(junk=JUNK)
def test_an_object_with_another_value_anywhere_is_a_typed_error_or_good(name: str, checks: Checks, junk: Any) -> None:
    """As somebody who may write would put it there: canonical, with the right digest."""
    found: Object = OBJECTS[name]
    payload = found.payload()
    for path in places(payload):
        for value in changed(payload, path, junk):
            line = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
            decoded(found.parse, found.sealed(line))
            checks.add()


@pytest.mark.stress
@pytest.mark.parametrize("name", [*OBJECTS, *TEXTS])
@FUZZ
@given(seed=st.integers(0, 1 << 32), noise=st.binary(max_size=30))
def test_bytes_that_were_cut_changed_or_doubled_are_a_typed_error_or_good(
    name: str, checks: Checks, seed: int, noise: bytes
) -> None:
    good, parse = (OBJECTS[name].data, OBJECTS[name].parse) if name in OBJECTS else TEXTS[name]
    chance = random.Random(seed)
    decoded(parse, noise)
    for _ in range(10):
        data = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            start, stop = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
            stop = min(stop, start + 40)
            piece = chance.choice((b"", noise, bytes(data[start:stop]) * 2, chance.randbytes(2), b"\n", b'"', b"["))
            data[start:stop] = piece
            data = data or bytearray(good)
        decoded(parse, bytes(data))
        if name in OBJECTS:
            line, _, _ = bytes(data).partition(b"\n")
            decoded(parse, OBJECTS[name].sealed(line))
        checks.add(2 if name in OBJECTS else 1)


@pytest.mark.stress
@FUZZ
@given(content=st.binary(max_size=300), seed=st.integers(0, 1 << 32), size=st.integers(0, 1 << 40))
def test_a_frame_is_its_content_or_a_typed_error_that_names_the_pack(
    checks: Checks, content: bytes, seed: int, size: int
) -> None:
    data = bytearray(compress_frame(content))
    chance = random.Random(seed)
    for _ in range(chance.randint(0, 3)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    for said in (size, len(content)):
        frame = Frame(f"{'a' * 64}.0", 0, len(data), said, sha256(bytes(data)))  # the digest of what is there
        try:
            assert len(decompress_frame(bytes(data), frame, "numpy")) == said
        except ObjectInvalid as error:
            assert error.key == f"projects/numpy/pack/{'a' * 64}.0"
        checks.add()


# Memory: each input below is small, and claims or would become something very large

BOMBS = """
import json, resource, sys, zstandard
from cloudshelf.errors import ShelfError
from cloudshelf.model import Frame
from cloudshelf.codecs.names import sha256
from cloudshelf.codecs.pack import decompress_frame
from tests.reading.samples import OBJECTS, TEXTS

def line(name, **more):
    return json.dumps(OBJECTS[name].payload() | more).encode()

def deep(depth):
    return b'[' * depth + b']' * depth

def packed(content, **options):
    return zstandard.ZstdCompressor(**options).compress(content)

zeros = packed(bytes(1 << 29))
streamed = zstandard.ZstdCompressor().compressobj()
unsized = b''.join(streamed.compress(bytes(1 << 20)) for _ in range(300)) + streamed.flush()
wide = bytes.fromhex('28b52ffd') + b'\\xe0' + (1 << 60).to_bytes(8, 'little') + b'\\1\\0\\0'  # a frame of 2**60 bytes
values = b'{"x":[' + b'[],' * (1 << 24) + b'[]]}'
depths = [10, 900, 990, 5_000, 1_000_000]
inputs = [
    *((name, each.sealed(b'{"x":%b}' % deep(d))) for name, each in OBJECTS.items() for d in depths),
    *((name, deep(d)) for name in TEXTS for d in depths),
    *((name, zeros) for name in OBJECTS), *((name, unsized) for name in OBJECTS), *((name, wide) for name in OBJECTS),
    *((name, OBJECTS[name].sealed(values)) for name in ('head', 'manifest', 'listing')),
    ('lock', b'a = ' + deep(50_000)), ('pyproject', b'a = ' + deep(50_000)), ('lock', b'x.' * 100_000 + b'y = 1'),
    ('conda', b'a: ' + deep(50_000)), ('conda', b'a: &a [x]\\nb: &b [*a,*a]\\n' * 3000), ('script', b'#' * 10_000_000),
    *(('notebook', b'{"nbformat":4,"cells":[],"metadata":{"cloudshelf":{"format":1,"shelf":{"url":"x","y":'
       + deep(d) + b'},"lock":[]}}}') for d in depths),
    ('head', OBJECTS['head'].sealed(b'{"seq":' + b'9' * 5_000_000 + b'}')), ('metadata', b'Name: ' + b'x' * 10_000_000),
    ('record', b'"' * 10_000_000), ('wheel name', b'x-1-' * 100_000), ('access log', b'"' + b'\\\\' * 1_000_000),
    ('entry points', b'[console_scripts]\\n' + b'x = a:' + b'b' * 5_000_000), ('requirements', b'x \\\\\\n' * 100_000),
]
limit = 1_700_000_000 + int(open('/proc/self/statm').read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
failed = []
for name, data in inputs:
    parse = OBJECTS[name].parse if name in OBJECTS else TEXTS[name][1]
    try:
        parse(data)
    except ShelfError:
        pass
    except BaseException as error:
        failed.append(f'{name} {data[:20]!r}… of {len(data)}: {type(error).__name__}')
for size in (1 << 26, 1 << 40, 1 << 62):
    for data in (zeros, unsized, wide):
        try:
            decompress_frame(data, Frame('a' * 64 + '.0', 0, len(data), size, sha256(data)), 'numpy')
        except ShelfError:
            pass
        except BaseException as error:
            failed.append(f'frame {size}: {type(error).__name__}')
print(json.dumps([len(inputs), failed]))
"""


def test_no_input_makes_a_decoder_take_more_memory_than_was_declared() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOMBS], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    count, failed = json.loads(done.stdout)
    assert failed == [] and count > 100


@pytest.mark.parametrize("name", OBJECTS)
def test_what_a_later_cloudshelf_wrote_is_told_from_damage(name: str) -> None:
    found = OBJECTS[name]
    later = found.sealed(json.dumps(found.payload() | {"format": 2}).encode())
    with pytest.raises(FormatUnknown):
        found.parse(later)
