"""Counts from traces, and what an import requires."""

from __future__ import annotations

from typing import Any

from benchmarks.counts import _count_calls, longest_chain
from benchmarks.required import required_files
from benchmarks.shelf_facts import packed_size
from cloudshelf.model import File, Frame, Kind, Manifest, Profile


def exchange(start: float, end: float) -> dict[str, Any]:
    return {"start": start, "pieces": [(end, 1)]}


def test_requests_at_the_same_time_are_one_round_trip() -> None:
    assert longest_chain([exchange(0, 1), exchange(0.1, 1.1), exchange(0.9, 2)], until=9) == 1
    assert longest_chain([exchange(0, 1), exchange(0.1, 5), exchange(1, 2), exchange(2.5, 3)], until=9) == 3


def test_what_is_answered_after_the_end_does_not_count() -> None:
    assert longest_chain([exchange(0, 1), exchange(1, 8)], until=2) == 1


def test_calls_are_counted_by_their_results() -> None:
    log = """\
openat(AT_FDCWD, "/a", O_RDONLY|O_CLOEXEC) = 3
openat(AT_FDCWD, "/b", O_RDONLY) = -1 ENOENT (No such file or directory)
newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=9}, AT_EMPTY_PATH) = 0
readlink("/c", "x", 4096) = 1
execve("/usr/bin/python", ["python"], 0x7ffe /* 3 vars */) = 0
"""
    assert _count_calls(log) == {"opened": 1, "not found": 1, "stat": 2}


FILES = (  # (path, kind, frame)
    ("site/pkg/__init__.py", Kind.SOURCE, 0),
    ("site/pkg/__pycache__/__init__.cpython-311.pyc", Kind.BYTECODE, 0),
    ("site/pkg/table.csv", Kind.DATA, 1),
    ("site/pkg/late.py", Kind.SOURCE, 2),
    ("site/pkg/pkg.pyi", Kind.IDLE, 3),
    ("site/pkg/sub/deep.py", Kind.SOURCE, 4),
    ("site/pkg.libs/libx.so", Kind.LIBRARY, 5),
    ("site/pkg/sub/recorded.py", Kind.SOURCE, 6),
)


def manifest() -> Manifest:
    return Manifest(
        project="pkg",
        version="1",
        wheel="",
        interpreter="cpython-311",
        files=tuple(File(path, 10, 0o644, 0, "", kind, frame, 0) for path, kind, frame in FILES),
        frames=tuple(Frame("p", 0, 10**n, 20, "") for n in range(len(FILES))),
        eager=0,
        inline={},
        needs={},
        profiles=(Profile("pkg", (0, 7), (), ()),),
    )


def required(*opened: str) -> set[str]:
    return {FILES[number][0].rpartition("/")[2] for number in required_files(manifest(), opened)}


def test_an_import_requires_its_profile_its_data_and_the_files_beside_its_packages() -> None:
    found = required("pkg/__pycache__/__init__.cpython-311.pyc")
    assert found == {
        "__init__.py",
        "__init__.cpython-311.pyc",
        "table.csv",
        "late.py",
        "libx.so",
        "recorded.py",
    }


def test_a_project_of_which_no_code_runs_requires_what_is_opened() -> None:
    assert required("pkg/table.csv") == {"table.csv"}
    assert required("other/__init__.py") == set()


def test_frames_that_hold_several_files_count_once() -> None:
    assert packed_size(manifest(), [0, 1, 2]) == 1 + 10
