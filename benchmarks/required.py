"""Which files of a wheel's tree an import needs by the rules of DESIGN.md ("What is there, when"), without background.

Computed from manifests and from what an ordinary site-packages shows to be opened, not from what ours fetches.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from cloudshelf.environment.libraries import companions_of, links_of, without_companions
from cloudshelf.model import Kind, Manifest

_CODE = (Kind.SOURCE, Kind.BYTECODE, Kind.EXTENSION)
_BEFORE_IT_RETURNS = (Kind.DATA, Kind.LIBRARY)


def required_files(manifest: Manifest, opened: Iterable[str]) -> set[int]:
    """File numbers; ``opened`` are paths below site-packages, of any distribution.

    What is opened, with the source of each bytecode. Of a project of which code runs: (a) the profile; (b) data and
    libraries; (c) the plain files directly in the folder of each package whose body runs. Not the libraries that only
    modules link which are not loaded (docs/notes/2026-11-benchmark.md).
    """
    paths = set(with_sources(opened))
    numbers = {n for n, file in enumerate(manifest.files) if file.path.removeprefix("site/") in paths}
    if not any(manifest.files[n].kind in _CODE for n in numbers):
        return numbers
    folders = {posixpath.dirname(path) for path in paths if posixpath.basename(path).startswith("__init__.")}
    links = links_of([manifest], [0])
    companions = companions_of(manifest, 0, links)
    lean = without_companions(manifest, 0, links, companions)
    numbers.update(n for profile in lean.profiles for n in profile.order)
    for number, file in enumerate(manifest.files):
        scheme, _, path = file.path.partition("/")
        plain = scheme == "site" and file.kind is not Kind.IDLE and posixpath.dirname(path) in folders
        if number not in companions and (plain or file.kind in _BEFORE_IT_RETURNS):
            numbers.add(number)
    return numbers


def with_sources(opened: Iterable[str]) -> set[str]:
    """Bytecode counts only beside its source."""
    found = set(opened)
    for path in list(found):
        folder, _, name = path.rpartition("/")
        if posixpath.basename(folder) == "__pycache__":
            found.add(posixpath.join(posixpath.dirname(folder), f"{name.partition('.')[0]}.py"))
    return found
