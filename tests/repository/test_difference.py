"""What differs between two locks: every project once, with its kind and who wants it."""

from __future__ import annotations

from cloudshelf.difference import Change, Difference, compare_locks
from cloudshelf.model import Lock, Pin

A, B, C = "a" * 64, "b" * 64, "c" * 64


def pin(project: str, version: str, *needs: str, sha256: str = A, manifest: str = f"{C}.0") -> Pin:
    return Pin(project, version, B, f"{project}-{version}-py3-none-any.whl", sha256, 1, "", manifest, "", needs)


def lock(*pins: Pin, asked: tuple[str, ...] = ("pandas",)) -> Lock:
    return Lock("s3://bucket/shelf", asked, "3.11.7", "cpython-311", pins)


BEFORE = lock(pin("numpy", "1.0"), pin("pandas", "1.0", "numpy", "six"), pin("six", "1.0"), pin("tzdata", "1.0"))


def test_equal_locks_do_not_differ() -> None:
    assert compare_locks(BEFORE, BEFORE) == Difference((), 4, (), ())


def test_added_removed_and_changed_say_who_wants_them() -> None:
    after = lock(
        pin("numpy", "2.0"), pin("pandas", "2.0", "extra", "numpy"), pin("extra", "1"), pin("tzdata", "1.0"), asked=()
    )
    found = compare_locks(BEFORE, after._replace(requirements=("pandas>=2",)))
    assert found.changes == (
        Change("extra", None, "1", "added", ("pandas",)),
        Change("numpy", "1.0", "2.0", "version", ("pandas",)),
        Change("pandas", "1.0", "2.0", "version", ("asked for: pandas>=2",)),
        Change("six", "1.0", None, "removed", ("pandas",)),  # who wanted it before
    )
    assert found.same == 1
    assert found.asked == (("pandas", "pandas", "pandas>=2"),)


def test_the_same_version_as_other_bytes_is_a_difference() -> None:
    rebuilt = [p._replace(sha256=B) if p.project == "six" else p for p in BEFORE.pins]
    compiled = [p._replace(manifest=f"{A}.0") if p.project == "six" else p for p in BEFORE.pins]
    for pins in (rebuilt, compiled):
        found = compare_locks(BEFORE, BEFORE._replace(pins=tuple(pins)))
        assert found.changes == (Change("six", "1.0", "1.0", "files", ("pandas",)),)
        assert found.same == 3


def test_another_tools_lock_of_the_same_wheels_does_not_differ() -> None:
    foreign = BEFORE._replace(shelf="", tag="", pins=tuple(p._replace(manifest="", release="") for p in BEFORE.pins))
    assert compare_locks(foreign, BEFORE) == compare_locks(BEFORE, foreign) == Difference((), 4, (), ())


def test_what_the_kernel_has_of_its_own_is_not_removed() -> None:
    after = BEFORE._replace(pins=BEFORE.pins[:3])
    assert compare_locks(BEFORE, after, provided={"tzdata": "1.0"}).changes == ()
    assert compare_locks(BEFORE, after, provided={"tzdata": "1.1"}).changes == (
        Change("tzdata", "1.0", "1.1", "version", ("this kernel, which has it",)),
    )


def test_shelf_interpreter_and_moment_are_told_too() -> None:
    after = BEFORE._replace(shelf="s3://bucket/other", tag="cpython-312", as_of="2026-11-01T23:59:59Z")
    assert compare_locks(BEFORE, after).context == (
        ("shelf", "s3://bucket/shelf", "s3://bucket/other"),
        ("interpreter", "cpython-311", "cpython-312"),
        ("as of", "", "2026-11-01T23:59:59Z"),
    )
