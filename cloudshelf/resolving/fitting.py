"""Which wheel of a release fits an interpreter (PEP 425 tags, Requires-Python), and why none does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from ..model import Release, Tree, Wheel
from ..target import Target


def pick_wheel(release: Release, target: Target, *, prefer: Collection[str] = ()) -> Wheel | None:
    """The wheel of ``release`` with the best tag for ``target``; of ``prefer`` (sha256) first."""
    rank = {tag: number for number, tag in enumerate(target.tags)}
    best: tuple[Any, Wheel] | None = None
    for wheel in release.wheels:
        if not wheel.trees or not python_fits(wheel, target):
            continue
        build, tags = _parse_name(wheel)
        found = min((rank[str(tag)] for tag in tags if str(tag) in rank), default=None)
        if found is None:
            continue
        newest_build = (-build[0], build[1]) if build else (1, "")  # PEP 427: a higher build number wins a tie
        key = (wheel.sha256 not in prefer, found, newest_build, wheel.filename)
        if best is None or key < best[0]:
            best = key, wheel
    return best[1] if best else None


def pick_tree(wheel: Wheel, target: Target) -> Tree:
    """The tree with bytecode for ``target``, else one without, else any: foreign bytecode is in nobody's way."""
    trees = wheel.trees
    return trees.get(target.cache_tag) or trees.get("") or trees[min(trees)]


def python_fits(wheel: Wheel, target: Target) -> bool:
    """Requires-Python with the full version; a specifier that is malformed forbids nothing (as pip does)."""
    try:
        return SpecifierSet(wheel.requires_python).contains(target.python, prereleases=True)
    except InvalidSpecifier:
        return True


def why_none_fits(release: Release, target: Target) -> str:
    """Why ``pick_wheel`` finds none, as the end of a sentence that begins with the version."""
    supported = set(target.tags)
    tagged = [wheel for wheel in release.wheels if any(str(tag) in supported for tag in _parse_name(wheel)[1])]
    if tagged:
        needs = dict.fromkeys(wheel.requires_python for wheel in tagged if not python_fits(wheel, target))
        return f"needs Python {' or '.join(needs)}, this is {target.python}"
    built = list(dict.fromkeys(wheel.filename.removesuffix(".whl").split("-", 2)[-1] for wheel in release.wheels))
    shown = ", ".join(built[:3]) + (f" and {len(built) - 3} more" if len(built) > 3 else "")
    return f"has wheels only for {shown or 'nothing'}; this is {target.tags[0]}"


def _parse_name(wheel: Wheel) -> tuple[tuple[()] | tuple[int, str], frozenset[Tag]]:
    """Build number and tags; none for a name that is malformed, which then fits nothing."""
    try:
        _, _, build, tags = parse_wheel_filename(wheel.filename)
    except (InvalidWheelFilename, InvalidVersion):
        return (), frozenset()
    return build, tags
