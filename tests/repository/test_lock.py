"""A lock is a value: it comes back as it went in, other tools read it, and damage is named by line or field."""

from __future__ import annotations

import tomllib

import pytest
from packaging.pylock import Pylock

from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.errors import UsageError
from cloudshelf.model import Lock, Pin

A, B, C = "a" * 64, "b" * 64, "c" * 64
NUMPY = Pin(
    "numpy",
    "2.1.0",
    A,
    "numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    B,
    100,
    "https://wheels.example/numpy-2.1.0.whl",
    f"{C}.3",
    ">=3.10",
)
PANDAS = Pin(
    "pandas",
    "2.2.3",
    B,
    "pandas-2.2.3-py3-none-any.whl",
    C,
    50,
    "",
    f"{A}.0",
    "",
    ("numpy",),
    ("performance",),
)
LOCK = Lock("s3://bucket/prefix", ("pandas[performance]>=2",), "3.11.7", "cpython-311", (NUMPY, PANDAS))

FOREIGN = f"""
lock-version = "1.0"
created-by = "another"
[[packages]]
name = "six"
version = "1.16.0"
[[packages.wheels]]
url = "https://wheels.example/six-1.16.0-py2.py3-none-any.whl"
size = 11
hashes = {{sha256 = "{A}"}}
"""


def test_a_lock_comes_back_as_it_went_in() -> None:
    assert parse_lock(format_lock(LOCK), "pylock.toml") == LOCK


def test_equal_locks_make_equal_text() -> None:
    assert format_lock(LOCK._replace(pins=(PANDAS, NUMPY))) == format_lock(LOCK)


def test_an_empty_lock_comes_back() -> None:
    empty = LOCK._replace(pins=(), requirements=())
    assert parse_lock(format_lock(empty), "pylock.toml") == empty


def test_other_tools_see_names_wheels_sizes_and_hashes() -> None:
    [numpy, pandas] = Pylock.from_dict(tomllib.loads(format_lock(LOCK))).packages
    assert numpy.wheels is not None
    assert pandas.wheels is not None
    [wheel] = numpy.wheels
    assert (wheel.name, wheel.url, wheel.size, wheel.hashes) == (NUMPY.wheel, NUMPY.origin, 100, {"sha256": B})
    assert pandas.wheels[0].path == PANDAS.wheel


def test_a_foreign_lock_can_be_read_and_has_no_shelf() -> None:
    lock = parse_lock(FOREIGN, "pylock.toml", environment=None, tags=["py3-none-any"])
    [pin] = lock.pins
    assert (lock.shelf, pin.project, pin.version, pin.sha256, pin.release) == ("", "six", "1.16.0", A, "")


def test_a_foreign_lock_without_a_wheel_for_us_says_so() -> None:
    with pytest.raises(UsageError, match=r"pylock\.toml is for other interpreters"):
        parse_lock(FOREIGN, "pylock.toml", tags=["cp311-cp311-manylinux_2_17_x86_64"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('lock-version = "1.0"', "lock-version = ", r"line 1"),
        ('lock-version = "1.0"', 'lock-version = "2.0"', "version 2.0"),
        (f'release = "{A}"', 'release = "../../etc"', r"packages\[0\] \(numpy\)\.tool\.cloudshelf\.release"),
        (f'manifest = "{C}.3"', 'manifest = "x"', r"tool\.cloudshelf\.manifest is not a manifest"),
        (f'sha256 = "{B}"', 'sha256 = "zz"', "has no sha256"),
        ('name = "numpy"', 'name = "../numpy"', "pylock"),
        ("requirements = [", "requirement = [", r"tool\.cloudshelf\.requirements"),
        ('python = "3.11.7"', "python = 3", r"tool\.cloudshelf\.python"),
    ],
)
def test_a_damaged_lock_is_refused_naming_the_line_or_field(old: str, new: str, said: str) -> None:
    text = format_lock(LOCK)
    assert old in text
    with pytest.raises(UsageError, match=said):
        parse_lock(text.replace(old, new, 1), "pylock.toml")
