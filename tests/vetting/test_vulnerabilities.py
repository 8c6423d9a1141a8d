"""Which records of OSV are about a version, and how bad they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudshelf.vetting.vulnerabilities import LEVELS, UNKNOWN, find, rank

Events = list[dict[str, str]]


def record(id: str = "PYSEC-1", *, name: str = "Demo_Kit", ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": ecosystem, "name": name}}
    for field in ("versions", "ranges", "severity_of_affected"):
        if field in more:
            affected[field.removesuffix("_of_affected")] = more.pop(field)
    return {"id": id, "summary": "it leaks", "affected": [affected]} | more


def ranged(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return record(ranges=[{"type": kind, "events": list(events)}])


def has(found: dict[str, Any], version: str) -> bool:
    return bool(find([found], "demo-kit", version))


RANGES: dict[str, tuple[Events, list[str], list[str]]] = {
    "all": ([{"introduced": "0"}], ["0", "0.0.dev1", "99"], []),
    "up to a fix": (
        [{"introduced": "0"}, {"fixed": "2.0"}],
        ["1.9", "2.0rc1", "2.0.dev3"],
        ["2.0", "2.0.0", "2.0.post1"],
    ),
    "up to the last": ([{"introduced": "0"}, {"last_affected": "2.0"}], ["2.0", "2.0.0"], ["2.0.post1", "2.0.1"]),
    "from one on": ([{"introduced": "1.5"}], ["1.5", "1.5.0", "2"], ["1.4.9", "1.5rc1"]),
    "two branches, in any order": (
        [{"fixed": "2.3"}, {"introduced": "2.0"}, {"fixed": "1.4"}, {"introduced": "1.0"}],
        ["1.0", "1.3", "2.0", "2.2"],
        ["0.9", "1.4", "1.9", "2.3", "3"],
    ),
    "fixed, and brought back": (
        [{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.0.1"}],
        ["0.9", "1.0.1", "7"],
        ["1.0"],
    ),
    "within a limit": ([{"introduced": "0"}, {"limit": "2.0"}], ["1.9"], ["2.0", "3"]),
    "no limit": ([{"introduced": "0"}, {"limit": "*"}], ["1.9", "9"], []),
    "an epoch": ([{"introduced": "1!0"}], ["1!0.1"], ["99"]),
    "what is no version is passed over": ([{"introduced": "abc"}, {"introduced": "2"}], ["2"], ["1"]),
    "nothing introduced": ([{"fixed": "2"}], [], ["1", "2"]),
}


@pytest.mark.parametrize("name", RANGES)
def test_a_range_is_read_as_the_schema_says(name: str) -> None:
    events, affected, others = RANGES[name]
    found = ranged(*events)
    assert [v for v in affected if not has(found, v)] == []
    assert [v for v in others if has(found, v)] == []


@pytest.mark.parametrize("version", ["2.1", "2.1+cpu", "2.1.0"])
def test_a_build_is_affected_as_its_version_is(version: str) -> None:
    assert has(ranged({"introduced": "2.1"}, {"fixed": "2.2"}), version)
    assert has(record(versions=["2.1"]), version)


@pytest.mark.parametrize(
    "found",
    [
        ranged({"introduced": "0"}, kind="GIT"),
        ranged({"introduced": "0"}, kind="SEMVER"),
        record(ecosystem="npm", versions=["1"]),
        record(name="demo-kit-more", versions=["1"]),
        record(versions=["1"], withdrawn="2026-01-01T00:00:00Z"),
        record(versions=["2"]),
        {"id": "X"},
        {"id": "X", "affected": ["text", {"package": "text"}, {"ranges": "text", "package": {}}]},
    ],
)
def test_what_is_not_about_it_is_not_found(found: dict[str, Any]) -> None:
    assert not has(found, "1")


def test_one_flaw_with_several_records_counts_once_as_the_worst_of_them() -> None:
    rows = [
        record("PYSEC-1", versions=["1"], aliases=["CVE-1"]),
        record("GHSA-1", versions=["1"], aliases=["CVE-1"], database_specific={"severity": "HIGH"}),
        record("CVE-2", versions=["1"], database_specific={"severity": "LOW"}),
    ]
    found = find(rows, "demo-kit", "1")
    assert [(each.id, each.severity) for each in found] == [("GHSA-1", "high"), ("CVE-2", "low")]
    assert found[0].aliases == ("CVE-1", "PYSEC-1")


SEVERITIES = [
    ({"database_specific": {"severity": "MODERATE"}}, "medium"),
    ({"database_specific": {"severity": "critical"}}, "critical"),
    ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}, "critical"),
    ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N"}]}, "low"),
    (
        {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"}]},
        "high",
    ),
    (
        {"severity_of_affected": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}]},
        "medium",
    ),
    ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/nonsense"}]}, UNKNOWN),
    ({"severity": [{"type": "other", "score": "very"}]}, UNKNOWN),
    ({}, UNKNOWN),
]


@pytest.mark.parametrize(("fields", "expected"), SEVERITIES)
def test_a_severity_is_what_a_database_says_or_its_vector_comes_to(fields: dict[str, Any], expected: str) -> None:
    (found,) = find([record(versions=["1"], **fields)], "demo-kit", "1")
    assert found.severity == expected


def test_what_is_unknown_may_be_anything_and_so_is_the_highest() -> None:
    assert [rank(level) for level in (*LEVELS, UNKNOWN)] == sorted(rank(level) for level in (*LEVELS, UNKNOWN))
    assert rank(UNKNOWN) > rank("critical")


VERSIONS = st.integers(0, 12).map(lambda number: f"1.{number}")


@given(st.lists(st.tuples(st.sampled_from(["introduced", "fixed"]), VERSIONS), max_size=6), VERSIONS)
def test_what_a_range_says_of_a_version_is_what_its_last_event_before_it_says(
    events: list[tuple[str, str]], version: str
) -> None:
    """Against the other way to read it: the last event not after the version decides, a fix before what follows."""
    number = int(version[2:])
    before = sorted((int(at[2:]), kind == "introduced") for kind, at in events if int(at[2:]) <= number)
    assert has(ranged(*({kind: at} for kind, at in events)), version) is bool(before and before[-1][1])
