"""``--hash`` of requirement lines: the wheels of a lock must be among the files that they admit, as with pip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..errors import HashMismatch, UsageError
from ..model import Lock, Pin
from ..requirements.wanted import Hashed, Wanted
from ..target import Target


def admitted_wheels(hashes: Iterable[Hashed]) -> dict[str, frozenset[str]]:
    """Every sha256 that some line admits, by project: which of a version's wheels to prefer."""
    found: dict[str, frozenset[str]] = {}
    for each in hashes:
        project = canonicalize_name(Requirement(each.requirement).name)
        found[project] = found.get(project, frozenset()) | frozenset(each.sha256)
    return found


def check_hashes(lock: Lock, wanted: Wanted, asked: Iterable[str], target: Target) -> None:
    """Compare each pin of ``lock`` with the lines that speak of it.

    Where hashes are required, a line speaks of every pin that the projects ``asked`` lead to. Raises HashMismatch, and
    UsageError that names the pins without a line.
    """
    pins = {pin.project: pin for pin in lock.pins}
    lines = {pin: [line for line in wanted.hashes if _speaks_of(line.requirement, pin, target)] for pin in lock.pins}
    for pin, found in lines.items():
        for line in found:
            if pin.sha256 not in line.sha256:
                raise HashMismatch(pin.project, pin.version, pin.wheel, pin.sha256, line.where)
    reached = sorted(_reached(pins, asked)) if wanted.require_hashes else []
    bare = [f"{project}=={pins[project].version}" for project in reached if not lines[pins[project]]]
    if bare:
        raise UsageError(
            f"Hashes are required, so every requirement needs one (as with pip); there is none for {', '.join(bare)}. "
            "Nothing was changed. pip-compile --generate-hashes writes all of them."
        )


def _speaks_of(requirement: str, pin: Pin, target: Target) -> bool:
    parsed = Requirement(requirement)
    return (
        canonicalize_name(parsed.name) == pin.project
        and parsed.specifier.contains(pin.version, prereleases=True)
        and (parsed.marker is None or parsed.marker.evaluate(dict(target.environment)))
    )


def _reached(pins: Mapping[str, Pin], asked: Iterable[str]) -> set[str]:
    found, waiting = set[str](), [project for project in asked if project in pins]
    while waiting:
        project = waiting.pop()
        if project not in found:
            found.add(project)
            waiting += [name for name in pins[project].dependencies if name in pins]
    return found
