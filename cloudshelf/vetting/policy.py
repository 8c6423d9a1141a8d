"""A policy: what may be published. A TOML file, whose keys docs/administrators.md lists.

What is not known does not pass: a rule about an age, a licence or vulnerabilities asks for the fact.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from ..codecs.names import normalize
from ..errors import UsageError
from .facts import Facts
from .licences import is_allowed
from .vulnerabilities import LEVELS, rank

SOURCES = ("index", "local", "url")


@dataclass(frozen=True, slots=True)
class Policy:
    """Each rule holds where it says something; ``name`` is the file, for messages."""

    name: str
    licenses_allowed: tuple[str, ...] = ()
    licenses_denied: tuple[str, ...] = ()
    min_age_days: int = 0
    max_severity: str = ""  # of LEVELS: the worst that may be
    denied: tuple[str, ...] = ()  # requirements: leftpad, "torch<2.1"
    sources: tuple[str, ...] = ()
    require_provenance: bool = False

    def reasons(self, facts: Facts) -> list[str]:
        """Every rule that ``facts`` break, a sentence each."""
        what = f"{facts.project} {facts.version}"
        found = [f"{what} is denied ({text})." for text in self.denied if _is_meant(text, facts)]
        if (self.licenses_allowed or self.licenses_denied) and not is_allowed(
            facts.license, self.licenses_allowed, self.licenses_denied
        ):
            found.append(f"{what} has the licence {facts.license!r}." if facts.license else f"{what} names no licence.")
        if self.min_age_days and (facts.age is None or facts.age < self.min_age_days):
            age = "nobody says how old it is" if facts.age is None else f"it is {facts.age} days old"
            found.append(f"{what} has to be {self.min_age_days} days old, and {age}.")
        if self.max_severity and facts.vulnerabilities is None:
            found.append(f"{what}: its vulnerabilities could not be looked up.")
        for each in facts.vulnerabilities or () if self.max_severity else ():
            if rank(each.severity) > rank(self.max_severity):
                fixed = f", fixed in {', '.join(each.fixed)}" if each.fixed else ""
                found.append(f"{what} has {each}{fixed}: {each.summary}".rstrip(": ") + ".")
        if self.sources and facts.source not in self.sources:
            found.append(f"{what} comes from {_SOURCES[facts.source]}, and only {', '.join(self.sources)} is allowed.")
        if self.require_provenance and not facts.provenance:
            found.append(f"{what} has no attestation of where it was built (PEP 740).")
        return found


_SOURCES = {"index": "an index", "local": "a file", "url": "a URL"}


def parse_policy(text: str, name: str) -> Policy:
    """Raises UsageError for what is no TOML, for a rule that there is not, and for a value that it cannot have."""
    try:
        rules = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"The policy {name} is not TOML: {error}.") from None
    known = [each.name for each in fields(Policy) if each.name != "name"]
    for rule, value in rules.items():
        if rule not in known:
            raise UsageError(f"The policy {name} has {rule}, which is no rule; there are: {', '.join(known)}.")
        _check(rule, value, name)
    values: dict[str, Any] = {rule: tuple(v) if isinstance(v, list) else v for rule, v in rules.items()}
    return Policy(name, **values)


def _check(rule: str, value: Any, name: str) -> None:
    wrong = UsageError(f"In the policy {name}, {rule} cannot be {value!r}{_HINTS.get(rule, '')}.")
    if rule in ("licenses_allowed", "licenses_denied", "denied", "sources"):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise wrong
        if (rule == "sources" and not set(value) <= set(SOURCES)) or (rule == "denied" and not all(map(_parse, value))):
            raise wrong
    elif rule == "min_age_days":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise wrong
    elif rule == "max_severity":
        if value not in LEVELS:
            raise wrong
    elif not isinstance(value, bool):
        raise wrong


_HINTS = {
    "licenses_allowed": ", but a list of texts",
    "licenses_denied": ", but a list of texts",
    "denied": ', but a list of requirements such as "torch<2.1"',
    "sources": f", but a list of {', '.join(SOURCES)}",
    "min_age_days": ", but a whole number of days",
    "max_severity": f", but one of {', '.join(LEVELS)}",
    "require_provenance": ", but true or false",
}


def _parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _is_meant(text: str, facts: Facts) -> bool:
    requirement = _parse(text)
    return (
        requirement is not None
        and normalize(requirement.name) == facts.project
        and requirement.specifier.contains(facts.version, prereleases=True)
    )


def all_reasons(policy: Policy | None, facts: Sequence[Facts]) -> list[str]:
    """Of every release, every rule that it breaks."""
    return [reason for each in facts for reason in policy.reasons(each)] if policy else []
