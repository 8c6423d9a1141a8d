"""Requirements → lock: our rules as a resolvelib provider over a shelf's heads and releases.

PEP 440 (specifiers, pre-releases), PEP 508 (markers, extras), PEP 592 (yanked), PEP 425 (tags). What nobody can meet
is explained by explanation.py.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import resolvelib
from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from resolvelib.resolvers import RequirementInformation
from resolvelib.resolvers import Resolution as Search

from .codecs.names import is_normalized
from .errors import AlreadyLoaded, ProjectMissing, RequirementInvalid, Unsatisfiable
from .explanation import explain
from .fitting import pick_tree, pick_wheel
from .model import Entry, Head, Lock, Pin, Release, Wheel
from .target import Target

ROUNDS = 20_000


class Source(Protocol):
    """What resolving needs of a repository."""

    @property
    def url(self) -> str: ...
    def head(self, project: str) -> Head: ...
    def versions(self, project: str) -> dict[str, Entry]: ...
    def release(self, project: str, version: str) -> Release: ...
    def prefetch(
        self, projects: Iterable[str], *, closure: bool = False, hints: Iterable[tuple[str, str, str]] = ()
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A distribution that the kernel has imported: it can only be this version there.

    ``by`` names who brought it (for messages), ``installed`` whether the kernel's own site-packages has it (else it
    came from a shelf), ``requires`` its Requires-Dist lines.
    """

    version: str
    by: str
    installed: bool = True
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """``parent`` (None: the person who asked) wants ``child``, in these words."""

    parent: str | None
    child: str
    text: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The lock, why each pin is in it, and what the kernel provides so that it needs no pin."""

    lock: Lock
    edges: tuple[Edge, ...]
    provided: Mapping[str, str]
    notes: tuple[str, ...] = ()


def resolve(
    requirements: Sequence[str],
    repository: Source,
    target: Target,
    *,
    loaded: Mapping[str, Loaded] | None = None,
    preferred: Lock | None = None,
    constraints: Sequence[str] = (),
) -> Resolution:
    """The best set of pins that meets all of ``requirements`` for ``target``.

    What ``preferred`` pins stays where it still satisfies; else the curator's default, else the newest. ``constraints``
    limit versions without asking for a project. Raises RequirementInvalid, ProjectMissing (asked for by name),
    AlreadyLoaded, Unsatisfiable, and what the repository raises.
    """
    asked = [parse_requirement(text) for text in requirements]
    try:
        return _attempt(asked, repository, target, loaded or {}, preferred, constraints)
    except Unsatisfiable:
        if loaded:
            _blame_kernel(asked, repository, target, loaded, preferred, constraints)
        raise


def parse_requirement(text: str) -> Requirement:
    """One requirement that a shelf can answer. Raises RequirementInvalid."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise RequirementInvalid(text, str(error).splitlines()[0].rstrip(".")) from None
    if requirement.url is not None:
        raise RequirementInvalid(text, "a shelf has no wheels from a URL; publish that wheel, then ask for it by name")
    if not is_normalized(canonicalize_name(requirement.name)):
        raise RequirementInvalid(text, "that is not a project's name")
    return requirement


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


class ShelfProvider(resolvelib.AbstractProvider[Need, Candidate, Key]):
    """Our rules; remembers what it left out and why, for the explanation."""

    def __init__(
        self,
        repository: Source,
        target: Target,
        loaded: Mapping[str, Loaded],
        preferred: Lock | None,
        constraints: Sequence[str],
    ) -> None:
        self.repository = repository
        self.target = target
        self.loaded = normalize_loaded(loaded)
        self.preferred = {pin.project: pin for pin in preferred.pins} if preferred else {}
        self.limits = self._read_limits(constraints)
        self.reasons: dict[str, Need] = {}  # the first that wanted each project
        self.missing: dict[str, ProjectMissing] = {}
        self.notes: dict[str, None] = {}
        self._versions: dict[str, list[tuple[Version, str, Entry]]] = {}
        self._wheels: dict[tuple[str, str], Wheel | None] = {}
        self._needs: dict[Candidate, list[Need]] = {}

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
            self.repository.prefetch(dict.fromkeys(need.project for need in needs))
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
        """The wheel of this version that fits, or None."""
        if (project, text) not in self._wheels:
            pin = self.preferred.get(project)
            release = self.repository.release(project, text)
            self._wheels[project, text] = pick_wheel(release, self.target, prefer=pin.sha256 if pin else "")
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
        for text in dict.fromkeys((kept, head.default)):  # mostly the answer, and then no older index need be read
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
        rows.sort(key=lambda row: (row[1] != kept, row[1] != head.default))  # stable: then the newest
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

    def _head(self, project: str) -> Head | None:
        try:
            return self.repository.head(project)
        except ProjectMissing as error:
            self.missing[project] = error
            return None

    def _held(
        self, project: str, held: Loaded, allowed: SpecifierSet
    ) -> Iterator[tuple[Version, str, str, Wheel | None]]:
        """A loaded distribution is what it is: pinned if the shelf has that version, else provided by the kernel."""
        version = Version(held.version)
        if not allowed.contains(version, prereleases=True):
            return
        for row in self.known(project):
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

    def _read_limits(self, constraints: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Specifiers from constraints, and from what the kernel has loaded: those must go on working too."""
        limits: dict[str, list[tuple[str, str]]] = {}
        for line in constraints:
            requirement = parse_requirement(line)
            if self.applies(requirement, ""):
                limits.setdefault(canonicalize_name(requirement.name), []).append(
                    (str(requirement.specifier), f"the constraint {line}")
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


def words_of(requirement: Requirement) -> str:
    """The requirement without its marker, as a person would write it."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    where = f" @ {requirement.url}" if requirement.url else str(requirement.specifier)
    return f"{canonicalize_name(requirement.name)}{extras}{where}"


def _attempt(
    asked: Sequence[Requirement],
    repository: Source,
    target: Target,
    loaded: Mapping[str, Loaded],
    preferred: Lock | None,
    constraints: Sequence[str],
) -> Resolution:
    provider = ShelfProvider(repository, target, loaded, preferred, constraints)
    wanted = [r for r in asked if provider.applies(r, "")]
    roots = [need for requirement in wanted for need in provider.needs_of(requirement, None)]
    for need in roots:
        provider.reasons.setdefault(need.project, need)
    kept = [(pin.project, pin.version, pin.release) for pin in preferred.pins if pin.release] if preferred else []
    pinned = {row[0] for row in kept}
    repository.prefetch([n.project for n in roots if n.project not in pinned], closure=True, hints=kept)
    search: Search[Need, Candidate, Key] = Search(provider, resolvelib.BaseReporter())
    try:
        state = search.resolve(roots, max_rounds=ROUNDS)
    except resolvelib.ResolutionImpossible as error:
        _raise_missing(provider, list(error.causes))
        raise Unsatisfiable(explain(provider, list(error.causes))) from None
    except resolvelib.ResolutionTooDeep:
        raise Unsatisfiable(
            "No answer was found in reasonable time. Narrow it down, for example with exact pins (numpy==2.1.3)."
        ) from None
    return _build_resolution(provider, asked, _reachable(provider, state.mapping, roots), roots)


def _reachable(
    provider: ShelfProvider, mapping: Mapping[Key, Candidate], roots: Sequence[Need]
) -> dict[Key, Candidate]:
    """What ``roots`` lead to. Backtracking leaves candidates behind that nobody needs any more.

    ``resolvelib.Resolver`` drops them by walking from each to the root, and never ends where some of them need each
    other (resolvelib 1.2.1, ``_has_route_to_root``); hence this walks the other way.
    """
    found: dict[Key, Candidate] = {}
    waiting = [provider.identify(need) for need in roots]
    while waiting:
        key = waiting.pop()
        if key not in found and key in mapping:
            found[key] = mapping[key]
            waiting += [provider.identify(need) for need in provider.get_dependencies(mapping[key])]
    return found


def _raise_missing(provider: ShelfProvider, causes: Sequence[Cause]) -> None:
    """A name that a person asked for and the shelf does not have is its own error."""
    for need, parent in causes:
        if parent is None and need.project in provider.missing and need.project not in provider.loaded:
            raise provider.missing[need.project] from None


def _build_resolution(
    provider: ShelfProvider, asked: Sequence[Requirement], mapping: dict[Key, Candidate], roots: Sequence[Need]
) -> Resolution:
    pins: list[Pin] = []
    edges = {Edge(None, need.project, need.text): None for need in roots}
    provided: dict[str, str] = {}
    for (project, extra), candidate in sorted(mapping.items()):
        if candidate.wheel is None:
            provided[project] = candidate.text
            continue
        if extra:
            continue
        extras = tuple(sorted(e for p, e in mapping if p == project and e))
        needs = [
            n for e in ("", *extras) for n in provider.get_dependencies(mapping[project, e]) if n.project != project
        ]
        edges |= {Edge(project, need.project, need.text): None for need in needs}
        pins.append(_pin(candidate, extras, tuple(sorted({n.project for n in needs})), provider.target))
    names = {pin.project for pin in pins}
    lock = Lock(
        shelf=provider.repository.url,
        requirements=tuple(dict.fromkeys(str(requirement) for requirement in asked)),
        python=provider.target.python,
        tag=provider.target.cache_tag,
        pins=tuple(_replace_dependencies(pin, names) for pin in pins),
    )
    return Resolution(lock, tuple(edges), provided, tuple(provider.notes))


def _pin(candidate: Candidate, extras: tuple[str, ...], dependencies: tuple[str, ...], target: Target) -> Pin:
    wheel = candidate.wheel
    assert wheel is not None
    return Pin(
        project=candidate.project,
        version=candidate.text,
        release=candidate.release,
        wheel=wheel.filename,
        sha256=wheel.sha256,
        size=wheel.size,
        origin=wheel.origin,
        manifest=pick_tree(wheel, target).manifest,
        requires_python=_clean_specifier(wheel.requires_python),
        dependencies=dependencies,
        extras=extras,
    )


def _clean_specifier(text: str) -> str:
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return ""


def _replace_dependencies(pin: Pin, names: set[str]) -> Pin:
    return replace(pin, dependencies=tuple(name for name in pin.dependencies if name in names))


def _blame_kernel(
    asked: Sequence[Requirement],
    repository: Source,
    target: Target,
    loaded: Mapping[str, Loaded],
    preferred: Lock | None,
    constraints: Sequence[str],
) -> None:
    """Raises AlreadyLoaded when a fresh kernel could have what this one cannot, naming what stands in the way."""
    try:
        fresh = _attempt(asked, repository, target, {}, preferred, constraints)
    except (Unsatisfiable, ProjectMissing):
        return
    line = shlex.join(["%shelf", "use", "--restart", *map(str, asked)])
    held = normalize_loaded(loaded)
    for pin in fresh.lock.pins:
        other = held.get(pin.project)
        if other is None or Version(other.version) == Version(pin.version):
            continue
        for edge in fresh.edges:
            if edge.child == pin.project and not _admits(edge.text, other.version):
                wanted = pin.version if edge.parent is None else f"{pin.version} ({edge.parent} wants {edge.text})"
                raise AlreadyLoaded(pin.project, other.version, wanted, other.by, line)


def _admits(requirement: str, version: str) -> bool:
    return Requirement(requirement).specifier.contains(version, prereleases=True)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
