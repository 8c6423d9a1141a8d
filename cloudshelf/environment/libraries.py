"""The native files of an environment: what each needs, and which come only with the modules that link them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from ..linking import by_name, find_companions, reachable
from ..model import Kind, Manifest, Profile

_NATIVE = (Kind.LIBRARY, Kind.EXTENSION)


def links_of(manifests: Sequence[Manifest], starts: Sequence[int]) -> dict[int, list[int]]:
    """For each native file the files of the lock that it names, by number.

    Those of the same project come first, because a wheel finds its own bundled libraries through $ORIGIN. What the lock
    does not have, the system has.
    """
    named = [by_name(_natives(manifest, start)) for manifest, start in zip(manifests, starts, strict=False)]
    everywhere: dict[str, list[int]] = defaultdict(list)
    for names in named:
        for name, found in names.items():
            everywhere[name] += found
    links: dict[int, list[int]] = {}
    for manifest, start, names in zip(manifests, starts, named, strict=False):
        for i, wanted in manifest.needs.items():
            links[start + i] = [n for name in wanted for n in names.get(name) or everywhere.get(name) or []]
    return links


def _natives(manifest: Manifest, start: int) -> dict[int, tuple[str, str]]:
    return {
        start + i: (file.path, file.digest)
        for i, file in enumerate(manifest.files)
        if file.kind in _NATIVE or i in manifest.needs
    }


def needs_of(links: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """The same, transitively; without those that need nothing."""
    found = {number: tuple(n for n in reachable([number], links) if n != number) for number in links}
    return {number: needs for number, needs in found.items() if needs}


def companions_of(manifest: Manifest, start: int, links: Mapping[int, Sequence[int]]) -> set[int]:
    """The libraries of a project that come with the modules that link them; none where its import was not recorded,
    so that it is not known which modules it loads."""
    if not manifest.needs or not manifest.profiles or any(profile.error for profile in manifest.profiles):
        return set()
    kinds = {start + i: file.kind for i, file in enumerate(manifest.files) if file.kind in _NATIVE}
    own = {number: [n for n in links[number] if n in kinds] for number in kinds if number in links}
    libraries = [number for number, kind in kinds.items() if kind is Kind.LIBRARY]
    return find_companions(libraries, kinds.keys() - set(libraries), own)


def without_companions(
    manifest: Manifest, start: int, links: Mapping[int, Sequence[int]], companions: Collection[int]
) -> Manifest:
    """With what recorded imports opened, but of the companions only those that they opened themselves or that their
    modules link: what was published before there were companions has all that lay beside a package.
    """
    if not companions:
        return manifest
    return manifest._replace(profiles=tuple(_lean(p, manifest, start, links, companions) for p in manifest.profiles))


def _lean(
    profile: Profile, manifest: Manifest, start: int, links: Mapping[int, Sequence[int]], companions: Collection[int]
) -> Profile:
    modules = [start + i for i in profile.order if manifest.files[i].kind is Kind.EXTENSION]
    linked = reachable(modules, links)
    kept = {*linked, *(start + i for i in profile.opened)}
    return profile._replace(order=tuple(i for i in profile.order if start + i in kept or start + i not in companions))
