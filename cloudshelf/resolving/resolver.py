"""Requirements → lock: resolvelib with the rules of provider.py; what nobody can meet is told by explanation.py."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import resolvelib
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from resolvelib.resolvers import Resolution as Search

from ..codecs.names import named_project
from ..errors import AlreadyLoaded, InstalledDirectly, ProjectMissing, Unsatisfiable
from ..model import Loaded, Lock, Pin
from ..recall.matching import Listed, blocked_error
from ..requirements.requirement import parse_requirement
from ..target import Target
from .explanation import explain
from .fitting import pick_tree
from .provider import Candidate, Cause, Key, Need, Preferences, ShelfProvider, Source, extras_of, normalize_loaded
from .variants import Variants

ROUNDS = 20_000


class Edge(NamedTuple):
    """``parent`` (None: the person who asked) wants ``child``, in these words."""

    parent: str | None
    child: str
    text: str


class Resolution(NamedTuple):
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
    admitted: Mapping[str, Collection[str]] | None = None,
    variants: Variants | None = None,
    blocks: Sequence[Listed] = (),
) -> Resolution:
    """The best set of pins that meets all of ``requirements`` for ``target``.

    What ``preferred`` pins stays where it still satisfies; else the curator's default, else the newest. ``constraints``
    limit versions without asking for a project; of several wheels of a version, those with a sha256 that ``admitted``
    has for the project come first; ``variants`` puts builds for different accelerators in order (default: as this
    machine's drivers say). What ``blocks`` are about is not taken. Raises RequirementInvalid, ProjectMissing (asked for
    by name), AlreadyLoaded, InstalledDirectly, Blocked (nothing else would do), Unsatisfiable, and what the repository
    raises.
    """
    asked = [parse_requirement(text) for text in requirements]
    preferences = Preferences(preferred, constraints, admitted or {}, variants or Variants(), blocks)
    try:
        return _attempt(asked, repository, target, loaded or {}, preferences)
    except Unsatisfiable:
        if loaded:
            _blame_kernel(asked, repository, target, loaded, preferences)
        raise


def _attempt(
    asked: Sequence[Requirement],
    repository: Source,
    target: Target,
    loaded: Mapping[str, Loaded],
    preferences: Preferences,
) -> Resolution:
    preferred = preferences.preferred
    provider = ShelfProvider(repository, target, loaded, preferences)
    wanted = [r for r in asked if provider.applies(r, "")]
    roots = [need for requirement in wanted for need in provider.needs_of(requirement, None)]
    for need in roots:
        provider.reasons.setdefault(need.project, need)
    kept = [(pin.project, pin.version, pin.release) for pin in preferred.pins if pin.release] if preferred else []
    pinned = {row[0] for row in kept}
    fresh = [need.project for need in roots if need.project not in pinned]
    repository.prefetch(fresh, closure=True, extras=extras_of(roots), hints=kept)
    search: Search[Need, Candidate, Key] = Search(provider, resolvelib.BaseReporter())
    try:
        state = search.resolve(roots, max_rounds=ROUNDS)
    except resolvelib.ResolutionImpossible as error:
        _raise_blocked(provider, list(error.causes))
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


def _raise_blocked(provider: ShelfProvider, causes: Sequence[Cause]) -> None:
    """Where only a blocked version would have done, that is what is wrong."""
    for need, _ in causes:
        found = [
            (part, listed)
            for part, listed in provider.blocked.items()
            if part.project == need.project and need.specifier.contains(part.version, prereleases=True)
        ]
        if found:
            raise blocked_error(found) from None


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
        if note := provider.explain_build(candidate):
            provider.notes[note] = None
        pins.append(_pin(candidate, extras, tuple(sorted({n.project for n in needs})), provider))
    names = {pin.project for pin in pins}
    for part, (block, _) in provider.blocked.items():
        taken = next((pin.version for pin in pins if pin.project == part.project), None)
        then = "what is loaded of it stays until this kernel restarts" if part.project in provided else ""
        then = then or (f"{taken} was taken" if taken else "")
        if then:
            provider.notes[f"{part.project} {part.version} is blocked ({block.reason}); {then}."] = None
    lock = Lock(
        shelf=provider.repository.url,
        requirements=tuple(dict.fromkeys(str(requirement) for requirement in asked)),
        python=provider.target.python,
        tag=provider.target.cache_tag,
        pins=tuple(_replace_dependencies(pin, names) for pin in pins),
    )
    return Resolution(lock, tuple(edges), provided, tuple(provider.notes))


def _pin(candidate: Candidate, extras: tuple[str, ...], dependencies: tuple[str, ...], provider: ShelfProvider) -> Pin:
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
        manifest=pick_tree(wheel, provider.target).manifest,
        requires_python=_clean_specifier(wheel.requires_python),
        dependencies=dependencies,
        extras=extras,
        shelf=provider.repository.shelf_of(candidate.project),
    )


def _clean_specifier(text: str) -> str:
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return ""


def _replace_dependencies(pin: Pin, names: set[str]) -> Pin:
    return pin._replace(dependencies=tuple(name for name in pin.dependencies if name in names))


def _blame_kernel(
    asked: Sequence[Requirement],
    repository: Source,
    target: Target,
    loaded: Mapping[str, Loaded],
    preferences: Preferences,
) -> None:
    """Raises AlreadyLoaded or InstalledDirectly, naming what stands in the way, when another kernel could have it."""
    try:
        fresh = _attempt(asked, repository, target, {}, preferences)
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
                if not other.imported:
                    line = shlex.join(["%shelf", "use", "--shadow", edge.text])
                    raise InstalledDirectly(pin.project, other.version, wanted, line)
                raise AlreadyLoaded(pin.project, other.version, wanted, other.by, line)
        for limit in preferences.constraints:
            if named_project(limit) == pin.project and not _admits(limit, other.version):
                raise AlreadyLoaded(pin.project, other.version, f"{pin.version} ({limit})", other.by, line)


def _admits(requirement: str, version: str) -> bool:
    return Requirement(requirement).specifier.contains(version, prereleases=True)
