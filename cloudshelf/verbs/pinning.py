"""Verbs that resolve requirements: use, lock, freeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..codecs.lock import format_lock
from ..codecs.names import named_project
from ..codecs.origin import public_origin
from ..errors import AlreadyLoaded, NoGrant, ProjectMissing, PythonUnfit, Unsatisfiable, UsageError
from ..model import Lock
from ..requirements.wanted import Row
from ..shelf import Shelf
from .common import Args, Progress, Result, shelf_of, signing
from .locked import (
    as_of_notes,
    change_rows,
    materialize,
    own_lock,
    pin_rows,
    refuse_blocked,
    repin,
    shelf_of_lock,
)
from .resolving import resolve
from .sources import expand, wanted_of
from .variants import join_locks, read_lock, wanted_labels

if TYPE_CHECKING:
    from ..resolving.resolver import Edge, Resolution


def use(args: Args, progress: Progress) -> Result:
    """Resolve ``requirements`` and build their environment.

    ``lock`` (text) holds pins to keep where possible, ``loaded`` what the caller's process has imported; ``sources`` or
    ``wanted`` what files ask for (see sources.py); ``shadow`` the projects of which the shelf's goes before an editable
    or direct-URL install there; ``as_of`` is a moment (as_of.py). The result has ``lock``, ``environment``,
    ``changes``, ``pins``, ``requirements``, ``notes``, and ``lines`` where one of the files is an environment.yml.
    """
    args = expand(args)
    shelf, wanted = shelf_of(args), wanted_of(args)
    preferred = own_lock(args, "lock")
    progress({"stage": "resolving", "done": 0, "total": 0, "unit": "projects", "what": ""})
    resolution = resolve(shelf, args, preferred)
    result = materialize(shelf, resolution.lock, progress)
    why = _parents(resolution.edges)
    lines = _report(shelf, [row for row in wanted.rows if row.conda])
    return result | {
        "changes": change_rows(preferred, resolution.lock, why, resolution.provided),
        "notes": [
            *result["warnings"],
            *wanted.notes(conda=False),
            *resolution.notes,
            *_provided(resolution, args),
            *as_of_notes(resolution.lock),
        ],
        "provided": dict(resolution.provided),
        **({"lines": lines} if lines else {}),
    }


def lock(args: Args, progress: Progress) -> Result:
    """The pins of ``requirements`` as the text of a pylock.toml; nothing is built, and nothing loaded counts.

    ``preferred`` (text) holds pins to keep where possible; ``notes`` name the projects that the lock has in another
    version than ``running`` (project to version), the caller's process. With ``name`` the shelf has the lock from then
    on, by that name: that of ``requirements``, or ``lock`` (text) as it is. With ``dry_run`` the result has ``lines``,
    the report of the files' lines, ``changes`` of ``preferred``, and ``problem``, why there is no lock, in place of an
    error.
    """
    args = expand(args)
    wanted = wanted_of(args)
    if args.get("dry_run"):
        return _dry_run(shelf_of(args), args)
    notes: list[str] = []
    if not args.get("requirements"):
        if not args.get("lock"):
            raise UsageError("lock needs a requirement, such as pandas or pandas>=2.2,<3.")
        found = read_lock(args)
        shelf = shelf_of_lock(found, args)
        found = found if found.shelf else repin(shelf, found)
        pins = tuple(pin._replace(origin=public_origin(pin.origin)) for pin in found.pins)
        found = found._replace(pins=pins)  # of a lock that somebody wrote by hand: no secret leaves it
        if args.get("name"):
            from .locks import lock_to_name

            shelf = shelf_of(args)
            found = lock_to_name(shelf, found, args)
    elif len(wanted_labels(args)) > 1:
        shelf = shelf_of(args)
        text, locks = join_locks(lambda each: resolve(shelf, {**each, "loaded": {}}, None).lock, args)
        every = [pin for each in locks for pin in pin_rows(each)]
        unique = [pin for i, pin in enumerate(every) if pin not in every[:i]]
        return {"lock": text, "pins": unique, "requirements": list(locks[0].requirements), "notes": wanted.notes()}
    else:
        shelf = shelf_of(args)
        resolution = resolve(shelf, {**args, "loaded": {}}, own_lock(args, "preferred"))
        found = resolution.lock
        differences = _differences(found, args.get("running") or {})
        notes = [*wanted.notes(), *resolution.notes, *differences, *as_of_notes(found)]
    notes += refuse_blocked(shelf, found)
    result: Result = {
        "lock": format_lock(found),
        "pins": pin_rows(found),
        "requirements": list(found.requirements),
        "notes": notes,
    }
    if args.get("name"):
        from .locks import name_lock

        result["named"] = name_lock(signing(shelf, args), str(args["name"]), found)
    return result


def _dry_run(shelf: Shelf, args: Args) -> Result:
    """What ``requirements`` and files would come to: nothing is built, and what cannot be met is no error but told."""
    from ..availability import is_missing

    wanted = wanted_of(args)
    lines, preferred = _report(shelf, wanted.rows), own_lock(args, "preferred")
    try:
        resolution = resolve(shelf, args, preferred)
    except (NoGrant, ProjectMissing, PythonUnfit, Unsatisfiable, AlreadyLoaded) as error:
        told = any(map(is_missing, lines)) and not isinstance(error, PythonUnfit)
        problem = "" if told else str(error)
        return {"lines": lines, "problem": problem, "pins": [], "notes": wanted.notes(conda=False), "exit_code": 1}
    changes = change_rows(preferred, resolution.lock, _parents(resolution.edges), resolution.provided)
    pins, notes = pin_rows(resolution.lock), list(resolution.notes)
    return {"lines": lines, "problem": None, "changes": changes, "pins": pins, "notes": notes}


def freeze(args: Args, progress: Progress) -> Result:
    """The pins of ``requirements``, or of ``lock`` (text), as lines of a requirements.txt; ``hashes`` adds theirs."""
    from ..requirements.freezing import freeze_lock

    args = expand(args)
    if args.get("lock") and not args.get("requirements"):
        found = read_lock(args)
    elif not args.get("requirements"):
        raise UsageError("What to freeze? Name it: cloudshelf freeze pandas, or: cloudshelf freeze --lock pylock.toml")
    else:
        found = resolve(shelf_of(args), {**args, "loaded": {}}, None).lock
    text = freeze_lock(format_lock(found), hashes=bool(args.get("hashes")))
    return {"text": text, "pins": pin_rows(found), "notes": wanted_of(args).notes()}


def _report(shelf: Shelf, rows: Sequence[Row]) -> list[Result]:
    """What the shelf has for each line; without lines, nothing is loaded."""
    if not rows:
        return []
    from ..availability import report_lines

    return report_lines(shelf, rows)


def _parents(edges: Sequence[Edge]) -> dict[str, list[str]]:
    """Who wanted each project; nobody where a person did."""
    asked = {edge.child for edge in edges if edge.parent is None}
    parents: dict[str, list[str]] = {}
    for edge in edges:
        if edge.parent is not None and edge.child not in asked:
            parents.setdefault(edge.child, []).append(edge.parent)
    return {child: sorted(set(names)) for child, names in parents.items()}


def _provided(resolution: Resolution, args: Args) -> list[str]:
    """A line for what was asked for and is there already, and for what is installed in a way that is not shadowed."""
    asked = {named_project(text) for text in args.get("requirements") or ()}
    loaded = args.get("loaded") or {}
    lines = []
    for project, version in sorted(resolution.provided.items()):
        if not loaded.get(project, {}).get("imported", True):
            lines.append(
                f"{project} {version} is an editable or direct-URL install here; it stays in front. "
                f"The shelf's instead: %shelf use --shadow {project}"
            )
        elif project in asked:
            lines.append(f"{project} {version} is loaded here already; it stays.")
    return lines


def _differences(lock: Lock, running: Mapping[str, str]) -> list[str]:
    """A line for each pin that the running process has in another version (as PEP 440 compares: 1.0 is 1.0.0)."""
    return [
        f"The lock has {pin.project} {pin.version}; this kernel has {running[pin.project]} loaded."
        for pin in lock.pins
        if pin.project in running and not _same_version(pin.version, running[pin.project])
    ]


def _same_version(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other
