"""Our rules as a resolvelib provider over a shelf's heads and releases: which versions may be taken, what each needs.

PEP 440 (specifiers, pre-releases), PEP 508 (markers, extras), PEP 592 (yanked), PEP 425 (tags).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import resolvelib
from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from resolvelib.resolvers import RequirementInformation

from ..errors import NoGrant, ProjectMissing
from ..model import Entry, Head, Loaded, Lock, Release, Wheel
from ..recall.matching import Listed, Part, find_block
from ..requirements.requirement import parse_requirement, words_of
from ..target import Target
from .fitting import pick_wheel
from .variants import Variants, is_variant, public


class Source(Protocol):
    """What resolving needs of a repository."""

    @property
    def url(self) -> str: ...
    def head(self, project: str) -> Head: ...
    def shelf_of(self, project: str) -> str: ...
    def versions(self, project: str) -> dict[str, Entry]: ...
    def release(self, project: str, version: str) -> Release: ...
    def prefetch(
        self,
        projects: Iterable[str],
        *,
        closure: bool = False,
        extras: Mapping[str, Collection[str]] | None = None,
        hints: Iterable[tuple[str, str, str]] = (),
    ) -> None: ...


@dataclass(frozen=True)
class Need:
    """A requirement of one project, or of one extra of it."""

    project: str
    extra: str
    specifier: SpecifierSet
    text: str
    parent: Candidate | None
    url: str | None = None

    @cached_property
    def exact(self) -> bool:
        """Pinned to one version: PEP 592 lets only such a requirement take a yanked one."""
        return any(s.operator in ("==", "===") and not s.version.endswith(".*") for s in self.specifier)


@dataclass(frozen=True)
class Candidate:
    """One version of a project, or of one extra of it; ``wheel`` None: the kernel provides it, there is no pin."""

    project: str
    extra: str
    version: Version
    text: str
    release: str = ""
    wheel: Wheel | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.project}{f'[{self.extra}]' if self.extra else ''} {self.text}"


CONSTRAINT = "the constraint"  # begins the source of a limit that a person set
Key = tuple[str, str]
Cause = RequirementInformation[Need, Candidate]


def normalize_loaded(loaded: Mapping[str, Loaded]) -> dict[str, Loaded]:
    """By normalized name; what has no version by PEP 440 cannot be compared, so it constrains nothing."""
    found: dict[str, Loaded] = {}
    for name, value in loaded.items():
        with suppress(InvalidVersion):
            Version(value.version)
            found[canonicalize_name(name)] = value
    return found


@dataclass(frozen=True, slots=True)
class Preferences:
    """What decides between versions that all requirements allow, and what limits them without asking for anything.

    ``preferred`` pins stay where they can. ``admitted`` has, by project, the sha256 of wheels that come first among
    those of a version; ``variants`` puts builds of a version in order.
    """

    preferred: Lock | None = None
    constraints: Sequence[str] = ()
    admitted: Mapping[str, Collection[str]] = field(default_factory=dict)
    variants: Variants = field(default_factory=Variants)
    blocks: Sequence[Listed] = ()  # nobody gets what they are about


class ShelfProvider(resolvelib.AbstractProvider[Need, Candidate, Key]):
    """Our rules; remembers what it left out and why, for the explanation."""

    def __init__(
        self, repository: Source, target: Target, loaded: Mapping[str, Loaded], preferences: Preferences
    ) -> None:
        self.variants = preferences.variants
        self.repository = repository
        self.target = target
        self.loaded = normalize_loaded(loaded)
        preferred = preferences.preferred
        self.preferred = {pin.project: pin for pin in preferred.pins} if preferred else {}
        self.admitted = preferences.admitted
        self._blocks = preferences.blocks
        self.blocked: dict[Part, Listed] = {}  # what would have been taken otherwise
        self.limits = self._read_limits(preferences.constraints)
        self.reasons: dict[str, Need] = {}  # the first that wanted each project
        self.missing: dict[str, ProjectMissing] = {}
        self.notes: dict[str, None] = {}
        self._versions: dict[str, list[tuple[Version, str, Entry]]] = {}
        self._wheels: dict[tuple[str, str], Wheel | None] = {}
        self._needs: dict[Candidate, list[Need]] = {}
        self._asked: dict[str, list[Need]] = {}  # what was last wanted of a project

    # what resolvelib asks

    def identify(self, requirement_or_candidate: Need | Candidate) -> Key:
        return requirement_or_candidate.project, requirement_or_candidate.extra

    def get_preference(  # what is settled soonest first: causes of trouble, then exact pins, then bounded ones
        self,
        identifier: Key,
        resolutions: Mapping[Key, Candidate],
        candidates: Mapping[Key, Iterator[Candidate]],
        information: Mapping[Key, Iterator[Cause]],
        backtrack_causes: Sequence[Cause],
    ) -> tuple[bool, bool, bool, bool, Key]:
        needs = [need for need, _ in information[identifier]]
        return (
            identifier[0] not in self.loaded,
            not any(identifier[0] in (n.project, p.project if p else "") for n, p in backtrack_causes),
            not any(need.exact for need in needs),
            not any(need.parent is None for need in needs),
            identifier,
        )

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[Need]],
        incompatibilities: Mapping[Key, Iterator[Candidate]],
    ) -> Any:
        project, extra = identifier
        needs = list(requirements[identifier])
        self._asked[project] = needs
        if extra:
            needs += list(requirements.get((project, ""), ()))
        bad = {candidate.text for candidate in incompatibilities[identifier]}
        if any(need.url for need in needs):
            return ()
        return lambda: (
            Candidate(project, extra, version, text, release, wheel)
            for version, text, release, wheel in self._matching(project, needs)
            if text not in bad
        )

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        return requirement.url is None and requirement.specifier.contains(candidate.version, prereleases=True)

    def get_dependencies(self, candidate: Candidate) -> list[Need]:
        if candidate not in self._needs:
            needs = list(self._read_dependencies(candidate))
            for need in needs:
                self.reasons.setdefault(need.project, need)
            # Mostly known by now; what no hint named may need others, and brings its own hint.
            self.repository.prefetch(dict.fromkeys(n.project for n in needs), closure=True, extras=extras_of(needs))
            self._needs[candidate] = needs
        return self._needs[candidate]

    # versions of a project

    def known(self, project: str) -> list[tuple[Version, str, Entry]]:
        """Every version on the shelf, newest first; none for a project that is not there."""
        if project not in self._versions:
            versions = self.repository.versions(project) if self._head(project) else {}
            rows = [(v, text, entry) for text, entry in versions.items() if (v := _version(text)) is not None]
            self._versions[project] = sorted(rows, key=lambda row: row[0], reverse=True)
        return self._versions[project]

    def wheel(self, project: str, text: str) -> Wheel | None:
        """The wheel of this version that fits, or None; None where it is blocked, too."""
        if (project, text) not in self._wheels:
            pin = self.preferred.get(project)
            release = self.repository.release(project, text)
            prefer = self.admitted.get(project) or ((pin.sha256,) if pin else ())
            wheel = pick_wheel(release, self.target, prefer=prefer)
            part = Part(project, text, wheel.sha256 if wheel else "")
            found = find_block(part, self._blocks)
            if found is not None:
                self.blocked[part] = found
            self._wheels[project, text] = None if found else wheel
        return self._wheels[project, text]

    def _matching(self, project: str, needs: Sequence[Need]) -> Iterator[tuple[Version, str, str, Wheel | None]]:
        """Versions that all ``needs`` allow, best first; releases are read as resolvelib asks for the next one."""
        allowed = SpecifierSet(",".join(str(need.specifier) for need in needs if str(need.specifier)))
        limit = SpecifierSet(",".join(text for text, _ in self.limits.get(project, ())))
        held = self.loaded.get(project)
        if held is not None:
            yield from self._held(project, held, allowed)
            return
        head = self._head(project)
        if head is None:
            return

        def admits(version: Version) -> bool:
            return allowed.contains(version, prereleases=True) and limit.contains(version, prereleases=True)

        exact = any(need.exact for need in needs)
        kept = self.preferred[project].version if project in self.preferred else None
        done: set[str] = set()
        found = False
        builds = self._builds_of_default(head)
        for text in dict.fromkeys((kept, *builds)):  # mostly the answer, and then no older index need be read
            entry = head.versions.get(text) if text is not None else None
            if text is None or entry is None or not (entry.yanked is None or exact or text == kept):
                continue
            version = _version(text)
            if version is not None and admits(version):
                done.add(text)
                wheel = self.wheel(project, text)
                if wheel is not None:
                    found = True
                    yield version, text, entry.release, wheel
        rows = [row for row in self.known(project) if row[1] not in done and admits(row[0])]
        rows = [row for row in rows if row[2].yanked is None or exact or row[1] == kept]
        if any(row[0].local for row in rows):
            rows.sort(key=lambda row: self.variants.rank(row[0]))
            rows.sort(key=lambda row: public(row[0]), reverse=True)
        rows.sort(key=lambda row: (row[1] != kept, row[1] not in builds))  # stable: then the newest
        wished = bool(allowed.prereleases)
        final = [row for row in rows if wished or not row[0].is_prerelease or row[1] in (kept, head.default)]
        for group in (final, [row for row in rows if row not in final]):
            if found and group is not final:
                return  # PEP 440: pre-releases only if nothing else satisfies
            for version, text, entry in group:
                wheel = self.wheel(project, text)
                if wheel is not None:
                    found = True
                    yield version, text, entry.release, wheel

    def _builds_of_default(self, head: Head) -> list[str]:
        """The default, and other builds of that version, in the order in which this machine takes them."""
        default = _version(head.default or "")
        if head.default is None or default is None:
            return []
        siblings = [text for text in head.versions if text.partition("+")[0] == head.default.partition("+")[0]]
        if len(siblings) < 2 and not is_variant(default):
            return [head.default]
        return [text for _, text in self.builds(head.project, default)]

    def builds(self, project: str, version: Version) -> list[tuple[Version, str]]:
        """The builds of ``version`` on the shelf, as this machine prefers them, then as the curator does."""
        default = self.repository.head(project).default
        found = [
            (each, text)
            for each, text, entry in self.known(project)
            if public(each) == public(version) and (entry.yanked is None or text == default)
        ]
        return sorted(found, key=lambda build: (self.variants.rank(build[0]), build[1] != default))

    def explain_build(self, candidate: Candidate) -> str | None:
        """A line that says which of several builds was taken and why; None when there was no choice."""
        kept = self.preferred.get(candidate.project)
        asked = (need.specifier for need in self._asked.get(candidate.project, ()))
        if any("+" in specifier.version for each in asked for specifier in each):
            return None
        if candidate.wheel is None or (kept is not None and kept.version == candidate.text):
            return None
        if not is_variant(candidate.version) and "+" not in candidate.text:
            return None
        others = [text for _, text in self.builds(candidate.project, candidate.version) if text != candidate.text]
        if not others:
            return None
        return (
            f"{candidate.project} {candidate.text} was taken among its builds, because "
            f"{self.variants.reason(candidate.version)}. Another: {candidate.project}=={others[0]}"
        )

    def _head(self, project: str) -> Head | None:
        try:
            return self.repository.head(project)
        except ProjectMissing as error:
            self.missing[project] = error
            return None
        except NoGrant as error:  # no older version is taken in its place: pins depend on no grants
            need = self.reasons.get(project)
            raise NoGrant(*error.args[:4], str(need.parent) if need and need.parent else "") from None

    def _held(
        self, project: str, held: Loaded, allowed: SpecifierSet
    ) -> Iterator[tuple[Version, str, str, Wheel | None]]:
        """A loaded distribution is what it is: pinned if the shelf has that version, else provided by the kernel."""
        version = Version(held.version)
        if not allowed.contains(version, prereleases=True) or not self._constraint(project).contains(version, True):
            return
        try:
            rows = self.known(project)
        except NoGrant:  # the kernel provides it all the same
            rows = []
        for row in rows:
            wheel = self.wheel(project, row[1]) if row[0] == version else None
            if wheel is not None:
                yield version, row[1], row[2].release, wheel
        yield version, held.version, "", None

    # requirements of a candidate

    def needs_of(self, requirement: Requirement, parent: Candidate | None) -> Iterator[Need]:
        """A requirement is one need of the project and one of each extra."""
        project = canonicalize_name(requirement.name)
        for extra in ("", *sorted(canonicalize_name(extra) for extra in requirement.extras)):
            yield Need(project, extra, requirement.specifier, words_of(requirement), parent, requirement.url)

    def _read_dependencies(self, candidate: Candidate) -> Iterator[Need]:
        project, extra, wheel = candidate.project, candidate.extra, candidate.wheel
        if extra:
            yield Need(project, "", SpecifierSet(f"=={candidate.version}"), f"{project}=={candidate.text}", candidate)
        if wheel is None and not extra:
            return  # what the kernel provides, it provides with all that it needs
        lines = wheel.requires_dist if wheel else self.loaded[project].requires
        if wheel and extra and extra not in [canonicalize_name(name) for name in wheel.extras]:
            self.notes[f"{project} {candidate.text} has no extra {extra!r}."] = None
        for line in lines:
            try:
                requirement = Requirement(line)
                wanted = self.applies(requirement, extra) and not (extra and self.applies(requirement, ""))
            except (InvalidRequirement, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
                self.notes[f"{project} {candidate.text} requires {line!r}, which is malformed; it was ignored."] = None
                continue
            if wanted:
                yield from self.needs_of(requirement, candidate)

    def applies(self, requirement: Requirement, extra: str) -> bool:
        """Whether the marker holds for the target, with ``extra`` asked for."""
        return requirement.marker is None or requirement.marker.evaluate(
            dict(self.target.environment) | {"extra": extra}
        )

    def _constraint(self, project: str) -> SpecifierSet:
        """What the constraints of a person allow; what is loaded limits others, and is as it is."""
        rows = self.limits.get(project, ())
        return SpecifierSet(",".join(text for text, source in rows if source.startswith(CONSTRAINT)))

    def _read_limits(self, constraints: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Specifiers from constraints, and from what the kernel has loaded: those must go on working too."""
        limits: dict[str, list[tuple[str, str]]] = {}
        for line in constraints:
            requirement = parse_requirement(line)
            if self.applies(requirement, ""):
                limits.setdefault(canonicalize_name(requirement.name), []).append(
                    (str(requirement.specifier), f"{CONSTRAINT} {line}")
                )
        for name, held in self.loaded.items():
            for line in held.requires if held.installed else ():
                try:
                    requirement = Requirement(line)
                    wanted = self.applies(requirement, "")
                except (InvalidRequirement, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
                    continue
                if wanted and str(requirement.specifier):
                    limits.setdefault(canonicalize_name(requirement.name), []).append(
                        (str(requirement.specifier), f"{name} {held.version}, loaded in this kernel by {held.by}")
                    )
        return limits


def extras_of(needs: Iterable[Need]) -> dict[str, set[str]]:
    """The extras that are wanted of each project."""
    found: dict[str, set[str]] = {}
    for need in needs:
        if need.extra:
            found.setdefault(need.project, set()).add(need.extra)
    return found


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
