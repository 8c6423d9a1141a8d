"""Which known vulnerabilities a release has, by records of the OSV schema (https://ossf.github.io/osv-schema/).

The evaluation of ranges is the schema's ("Evaluation"), with versions compared by PEP 440, the order of the ecosystem
PyPI. One flaw often has several records, which name each other as aliases; it counts once, as pip-audit counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.version import InvalidVersion, Version

from ..codecs.names import normalize

LEVELS = ("none", "low", "medium", "high", "critical")
UNKNOWN = "unknown"
_WORDS = {"moderate": "medium"}
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One flaw; ``severity`` is of LEVELS or UNKNOWN, ``fixed`` has the versions that no longer have it."""

    id: str
    aliases: tuple[str, ...]
    severity: str
    summary: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id} ({self.severity})"


def rank(severity: str) -> int:
    """For comparing; what is unknown may be anything, so it is the highest."""
    return LEVELS.index(severity) if severity in LEVELS else len(LEVELS)


def find(records: Iterable[Record], project: str, version: str) -> tuple[Vulnerability, ...]:
    """Those of ``records`` that ``project`` (normalized) has at ``version``, the worst first."""
    met = [
        (record, affected)
        for record in records
        if not record.get("withdrawn")
        for affected in [_affected(record, project, version)]
        if affected is not None
    ]
    return join(_describe(record, affected) for record, affected in met)


def join(found: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    """Each flaw once, under the id of its worst record, the worst first."""
    joined: list[Vulnerability] = []
    for each in sorted(found, key=lambda each: (-_told(each.severity), each.id)):
        names = {each.id, *each.aliases}
        same = next((other for other in joined if names & {other.id, *other.aliases}), None)
        if same is None:
            joined.append(each)
        else:
            aliases = dict.fromkeys([*same.aliases, *sorted(names - {same.id})])
            fixed = tuple(dict.fromkeys([*same.fixed, *each.fixed]))
            joined[joined.index(same)] = Vulnerability(same.id, tuple(aliases), same.severity, same.summary, fixed)
    return tuple(sorted(joined, key=lambda each: (-rank(each.severity), each.id)))


def describe(record: Record, project: str) -> Vulnerability:
    """A record that somebody else has found to be about ``project``."""
    return _describe(record, next((a for a in _lists(record, "affected") if _is_about(a, project)), {}))


def _affected(record: Record, project: str, version: str) -> Record | None:
    """The entry of ``affected`` that has this version."""
    for affected in _lists(record, "affected"):
        if _is_about(affected, project) and (_is_listed(affected, version) or _is_in_ranges(affected, version)):
            return affected
    return None


def _is_about(affected: Record, project: str) -> bool:
    package = affected.get("package")
    if not isinstance(package, Mapping):
        return False
    return (
        str(package.get("ecosystem", "")).partition(":")[0] == "PyPI"
        and normalize(str(package.get("name", ""))) == project
    )


def _is_listed(affected: Record, version: str) -> bool:
    wanted = _version(version)
    versions = affected.get("versions") or ()
    return version in versions or (wanted is not None and any(_version(str(each)) == wanted for each in versions))


def _is_in_ranges(affected: Record, version: str) -> bool:
    wanted = _version(version)
    return wanted is not None and any(
        _is_in_range(_lists(each, "events"), wanted)
        for each in _lists(affected, "ranges")
        if each.get("type") == "ECOSYSTEM"
    )


def _is_in_range(events: Iterable[Record], version: Version) -> bool:
    """The schema's algorithm: go through the events in the order of their versions."""
    steps: list[tuple[Version, int, str]] = []
    limits: list[Version] = []
    for event in events:
        for kind, text in event.items():
            at = Version("0.dev0") if text == "0" else _version(str(text))
            if at is None:
                continue
            if kind == "limit":
                limits.append(at)
            elif kind in ("introduced", "fixed", "last_affected"):
                steps.append((at, kind == "introduced", kind))
    is_affected = False
    for at, _, kind in sorted(steps):
        if kind == "introduced" and version >= at:
            is_affected = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            is_affected = False
    return is_affected and (not limits or any(version < limit for limit in limits))


def _describe(record: Record, affected: Record) -> Vulnerability:
    events = [event for each in _lists(affected, "ranges") for event in _lists(each, "events")]
    return Vulnerability(
        id=str(record.get("id", "?")),
        aliases=tuple(map(str, record.get("aliases") or ())),
        severity=_severity(record, affected),
        summary=" ".join(str(record.get("summary") or record.get("details") or "").split())[:200],
        fixed=tuple(dict.fromkeys(str(event["fixed"]) for event in events if "fixed" in event)),
    )


def _severity(record: Record, affected: Record) -> str:
    """What a database says in a word, else the base score of its CVSS vector; UNKNOWN where it says neither."""
    for each in (affected, record):
        for name in ("database_specific", "ecosystem_specific"):
            specific = each.get(name)
            word = str(specific.get("severity", "")).lower() if isinstance(specific, Mapping) else ""
            if _WORDS.get(word, word) in LEVELS:
                return _WORDS.get(word, word)
    scores = [_score(str(each.get("score", ""))) for part in (affected, record) for each in _lists(part, "severity")]
    known = [score for score in scores if score is not None]
    return _level(max(known)) if known else UNKNOWN


def _score(vector: str) -> float | None:
    """The base score of a CVSS vector of any version, or of a number."""
    try:
        if not vector.startswith("CVSS:"):
            return float(vector)
        from cvss import CVSS3, CVSS4  # type: ignore[import-untyped]

        return float((CVSS4 if vector.startswith("CVSS:4") else CVSS3)(vector).base_score)
    except Exception:  # of the library, for a vector that is none; and where it is not installed
        return None


def _level(score: float) -> str:
    """Qualitative severity (CVSS v3.1 and v4.0, section "Qualitative Severity Rating Scale")."""
    return LEVELS[sum(score >= least for least in (0.1, 4.0, 7.0, 9.0))]


def _told(severity: str) -> int:
    """For choosing among records of one flaw: one that says how bad it is says more."""
    return LEVELS.index(severity) if severity in LEVELS else -1


def _version(text: str) -> Version | None:
    """Without a local part, which is of a build (PEP 440)."""
    try:
        return Version(text.partition("+")[0])
    except InvalidVersion:
        return None


def _lists(record: Record, name: str) -> list[Record]:
    return [each for each in record.get(name) or () if isinstance(each, Mapping)]
