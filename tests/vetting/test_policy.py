"""What a policy lets through, and what it says of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudshelf.errors import UsageError
from cloudshelf.vetting.facts import Facts, days_since
from cloudshelf.vetting.licences import is_allowed
from cloudshelf.vetting.policy import parse_policy
from cloudshelf.vetting.vulnerabilities import Vulnerability

GOOD = Facts("demo", "1.0", "MIT", "2020-01-01T00:00:00Z", 2000, 10, (), "index", True)


def flaw(severity: str) -> Vulnerability:
    return Vulnerability("GHSA-1", (), severity, "it leaks", ("1.1",))


# licence, allowed, denied, expected
LICENCES = [
    ("MIT", ["MIT"], [], True),
    ("mit", ["MIT"], [], True),
    ("Apache-2.0", ["MIT"], [], False),
    ("MIT OR GPL-3.0-only", ["MIT"], [], True),
    ("MIT AND GPL-3.0-only", ["MIT"], [], False),
    ("MIT AND (GPL-3.0-only OR BSD-3-Clause)", ["MIT", "BSD-3-Clause"], [], True),
    ("MIT OR GPL-3.0-only AND ISC", ["GPL-3.0-only", "ISC"], [], True),
    ("(MIT OR GPL-3.0-only) AND ISC", ["GPL-3.0-only"], [], False),
    ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only"], [], True),
    ("GPL-3.0-only", [], ["GPL-3.0-only"], False),
    ("MIT OR GPL-3.0-only", [], ["GPL-3.0-only"], True),
    ("MIT AND GPL-3.0-only", [], ["GPL-3.0-only"], False),
    ("MIT License", ["MIT"], [], True),
    ("Apache Software License", ["Apache-2.0"], [], True),
    ("BSD License", ["BSD-3-Clause"], [], False),
    ("BSD License", ["BSD License"], [], True),
    ("MIT License; BSD License", ["MIT"], [], False),
    ("MIT License; BSD License", ["MIT", "BSD License"], [], True),
    ("", ["MIT"], [], False),
    ("", [], ["GPL-3.0-only"], False),
    ("MIT AND", ["MIT"], [], False),
    ("MIT)", ["MIT"], [], False),
    ("(" * 400, ["MIT"], [], False),
    ("the licence of this house", [], ["GPL-3.0-only"], True),
]


@pytest.mark.parametrize(("licence", "allowed", "denied", "expected"), LICENCES)
def test_a_licence_is_allowed_where_one_can_choose_only_what_is(
    licence: str, allowed: list[str], denied: list[str], expected: bool
) -> None:
    assert is_allowed(licence, allowed, denied) is expected


RULES = {
    'licenses_allowed = ["MIT"]': [(replace(GOOD, license="GPL-3.0-only"), "has the licence 'GPL-3.0-only'")],
    'licenses_denied = ["AGPL-3.0-only"]': [
        (replace(GOOD, license="AGPL-3.0-only"), "has the licence"),
        (replace(GOOD, license=""), "names no licence"),
    ],
    "min_age_days = 7": [
        (replace(GOOD, age=6), "has to be 7 days old, and it is 6 days old"),
        (replace(GOOD, age=None), "nobody says how old it is"),
    ],
    'max_severity = "medium"': [
        (replace(GOOD, vulnerabilities=(flaw("high"),)), "has GHSA-1 (high), fixed in 1.1: it leaks"),
        (replace(GOOD, vulnerabilities=(flaw("unknown"),)), "GHSA-1 (unknown)"),
        (replace(GOOD, vulnerabilities=None), "could not be looked up"),
    ],
    'max_severity = "none"': [(replace(GOOD, vulnerabilities=(flaw("low"),)), "GHSA-1 (low)")],
    'denied = ["leftpad", "Demo<2"]': [(GOOD, "is denied (Demo<2)")],
    'sources = ["index"]': [
        (replace(GOOD, source="local"), "comes from a file"),
        (replace(GOOD, source="url"), "comes from a URL"),
    ],
    "require_provenance = true": [(replace(GOOD, provenance=False), "no attestation")],
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_refuses_what_breaks_it_and_what_nobody_knows(rule: str) -> None:
    policy = parse_policy(rule, "policy.toml")
    for facts, reason in RULES[rule]:
        (said,) = policy.reasons(facts)
        assert said.startswith("demo 1.0") and reason in said and said.endswith(".")
    if 'denied = ["left' not in rule:
        assert policy.reasons(GOOD) == []


def test_a_severity_that_is_allowed_passes() -> None:
    policy = parse_policy('max_severity = "medium"', "policy.toml")
    assert policy.reasons(replace(GOOD, vulnerabilities=(flaw("medium"), flaw("low")))) == []


def test_every_rule_that_is_broken_is_said() -> None:
    policy = parse_policy("\n".join(rule for rule in RULES if rule != 'max_severity = "none"'), "policy.toml")
    worst = replace(
        GOOD, license="AGPL-3.0-only", age=1, vulnerabilities=(flaw("high"),), source="local", provenance=False
    )
    assert len(policy.reasons(worst)) == 6


def test_an_empty_policy_refuses_nothing() -> None:
    assert parse_policy("", "p").reasons(Facts("a", "1", "", "", None, None, None, "local", False)) == []


@pytest.mark.parametrize(
    "text",
    [
        "min_age = 7",
        "min_age_days = -1",
        "min_age_days = true",
        'min_age_days = "7"',
        'max_severity = "awful"',
        'sources = ["pypi"]',
        'denied = ["a b c"]',
        'licenses_allowed = "MIT"',
        "licenses_allowed = [1]",
        'require_provenance = "yes"',
        "this is no TOML",
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"policy ours\.toml"):
        parse_policy(text, "ours.toml")


@pytest.mark.parametrize("moment", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123456+00:00", "2020-01-01"])
def test_an_age_is_counted_in_days(moment: str) -> None:
    days = days_since(moment)
    assert days is not None and days > 2000


@pytest.mark.parametrize("moment", ["", "yesterday", "2020-13-01"])
def test_what_is_no_time_has_no_age(moment: str) -> None:
    assert days_since(moment) is None


def test_a_release_of_tomorrow_is_new() -> None:
    assert days_since("2999-01-01T00:00:00Z") == 0
