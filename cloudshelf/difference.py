"""What differs between two locks, project by project, and why each is there: values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .codecs.names import named_project
from .model import Lock, Pin


class Change(NamedTuple):  # every use loads this module: a dataclass takes longer to make
    """A project that two locks do not have alike.

    ``kind`` is "added", "removed", "version", or "files": the same version as other bytes. ``why`` says who wants it in
    the later lock, or wanted it in the earlier one where it was removed (``reasons``).
    """

    project: str
    was: str | None
    version: str | None
    kind: str
    why: tuple[str, ...]


class Difference(NamedTuple):
    """``changes`` by project; how many pins are the ``same``; ``asked``: (project, was, now) of requirements.

    ``context``: (what, was, now) of the locks themselves: shelf, interpreter, as of.
    """

    changes: tuple[Change, ...]
    same: int
    asked: tuple[tuple[str, str, str], ...]
    context: tuple[tuple[str, str, str], ...]


def compare_locks(before: Lock, after: Lock, *, provided: Mapping[str, str] | None = None) -> Difference:
    """How ``after`` differs from ``before``.

    ``provided`` is what the process of ``after`` has of its own, by version: such a project is not removed, though it
    has no pin.
    """
    was, now = ({pin.project: pin for pin in lock.pins} for lock in (before, after))
    own = {project: version for project, version in (provided or {}).items() if project not in now}
    changes = []
    for project in sorted(was.keys() | now.keys()):
        old, new = was.get(project), now.get(project)
        if new is None and old is not None and project in own:
            if own[project] != old.version:
                changes.append(Change(project, old.version, own[project], "version", ("this kernel, which has it",)))
            continue
        kind = _kind(old, new)
        if kind:
            before_it, after_it = (pin.version if pin else None for pin in (old, new))
            changes.append(Change(project, before_it, after_it, kind, reasons(project, after if new else before)))
    same = len(was.keys() & now.keys()) - sum(change.kind in ("version", "files") for change in changes)
    return Difference(tuple(changes), max(same, 0), tuple(_asked(before, after)), tuple(_context(before, after)))


def reasons(project: str, lock: Lock) -> tuple[str, ...]:
    """Who wants ``project`` in a lock: a person ("asked for: …"), else the pins that need it."""
    asked = tuple(f"asked for: {text}" for text in lock.requirements if named_project(text) == project)
    return asked or parents(project, lock)


def parents(project: str, lock: Lock) -> tuple[str, ...]:
    """The pins that need ``project``."""
    return tuple(sorted(pin.project for pin in lock.pins if project in pin.dependencies))


def same_bytes(old: Pin, new: Pin) -> bool:
    """Whether two pins of one version are the same files; another tool's lock does not know our manifests."""
    return old.sha256 == new.sha256 and (old.manifest == new.manifest or not (old.manifest and new.manifest))


def _kind(old: Pin | None, new: Pin | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old.version != new.version:
        return "version"
    return "" if same_bytes(old, new) else "files"


def _asked(before: Lock, after: Lock) -> Iterator[tuple[str, str, str]]:
    was, now = ({named_project(text): text for text in lock.requirements} for lock in (before, after))
    for project in sorted(was.keys() | now.keys()):
        if was.get(project) != now.get(project):
            yield project, was.get(project, ""), now.get(project, "")


def _context(before: Lock, after: Lock) -> Iterator[tuple[str, str, str]]:
    """What is unknown of a lock, another tool's for one, does not differ."""
    for what, was, now in (
        ("shelf", before.shelf, after.shelf),
        ("interpreter", before.tag, after.tag),
        ("as of", before.as_of, after.as_of),
    ):
        if was != now and ((was and now) or what == "as of"):
            yield what, was, now
