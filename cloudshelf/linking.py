"""What native files need of one another, and which libraries come with the modules that link them."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")
Links = Mapping[K, Collection[K]]  # native file → the native files that it names (NEEDED, System V gABI)


def by_name(natives: Mapping[K, tuple[str, str]]) -> dict[str, list[K]]:
    """File name → those of ``natives`` (their paths and digests) that have it, each with all of the same content.

    ELF names are those of files, without folders. A wheel has no links: the name that a compiler looks for belongs to
    a second file of the same content, which comes with the first.
    """
    same: dict[str, list[K]] = defaultdict(list)
    named: dict[str, list[K]] = defaultdict(list)
    for key, (path, digest) in natives.items():
        same[digest].append(key)
        named[posixpath.basename(path)].append(key)
    return {
        name: list(dict.fromkeys(twin for key in keys for twin in (key, *same[natives[key][1]])))
        for name, keys in named.items()
    }


def reachable(first: Iterable[K], links: Links[K]) -> dict[K, None]:
    """What ``first`` link, directly or through others, as the keys of a dictionary, which keep their order."""
    found: dict[K, None] = {}
    waiting = [each for start in first for each in links.get(start, ())]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = None
            waiting.extend(links.get(each, ()))
    return found


def find_companions(libraries: Collection[K], modules: Iterable[K], links: Links[K]) -> set[K]:
    """Those of a project's ``libraries`` that nothing but its extension ``modules`` link, directly or through others.

    The linker opens them when such a module is loaded: that is when they have to be there. Any other may be opened by C
    code that makes up a path or a name (dlopen(3), a plugin, a program that is started), and so may what that links.
    """
    linked = reachable(modules, links)
    others = [each for each in libraries if each not in linked]
    kept = reachable(others, links)
    return {each for each in libraries if each in linked and each not in kept}
