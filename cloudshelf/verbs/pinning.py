"""Verbs that come to a lock or an environment: use, lock, freeze, sync, fill, find-module, why."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..codecs.lock import format_lock, parse_lock
from ..codecs.names import named_project
from ..codecs.origin import public_origin
from ..config import read_config
from ..difference import compare_locks, parents
from ..errors import (
    AlreadyLoaded,
    ObjectMissing,
    ProjectMissing,
    PythonUnfit,
    ShelfError,
    ShelfMissing,
    Unsatisfiable,
    UsageError,
)
from ..freezing import freeze_lock
from ..model import Loaded, Lock
from ..shelf import Shelf
from ..wanted import Row, Wanted
from .common import Args, Progress, Result, lock_name, plain, shelf_of, target_of
from .sources import expand, wanted_of
from .variants import join_locks, read_lock, wanted_labels, without_other_builds

if TYPE_CHECKING:
    from ..resolver import Edge, Resolution


def use(args: Args, progress: Progress) -> Result:
    """Resolve ``requirements`` and build their environment.

    ``lock`` (text) holds pins to keep where possible, ``loaded`` what the caller's process has imported; ``sources`` or
    ``wanted`` what files ask for (see sources.py); ``shadow`` the projects of which the shelf's goes before an editable
    or direct-URL install there; ``as_of`` is a moment (as_of.py). The result has ``lock``, ``environment``,
    ``changes``, ``pins``, ``requirements``, ``notes``, and ``lines`` where one of the files is an environment.yml.
    """
    args = expand(args)
    shelf, wanted = shelf_of(args), wanted_of(args)
    preferred = _lock_of(args)
    progress({"stage": "resolving", "done": 0, "total": 0, "unit": "projects", "what": ""})
    resolution = _resolve(shelf, args, preferred)
    result = _materialize(shelf, resolution.lock, progress)
    why = _parents(resolution.edges)
    lines = _report(shelf, [row for row in wanted.rows if row.conda])
    return result | {
        "changes": _changes(preferred, resolution.lock, why, resolution.provided),
        "notes": [
            *wanted.notes(conda=False),
            *resolution.notes,
            *_provided(resolution, args),
            *_as_of(resolution.lock),
        ],
        "provided": dict(resolution.provided),
        **({"lines": lines} if lines else {}),
    }


def lock(args: Args, progress: Progress) -> Result:
    """The pins of ``requirements`` as the text of a pylock.toml; nothing is built, and nothing loaded counts.

    ``preferred`` (text) holds pins to keep where possible; ``notes`` name the projects that the lock has in another
    version than ``running`` (project to version), the caller's process. With ``name`` the shelf has the lock from then
    on, by that name: that of ``requirements``, or ``lock`` (text) as it is. With ``dry_run`` the result has ``lines``,
    the report of the files' lines, and ``problem``, why there is no lock, in place of an error.
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
        shelf = _shelf_of_lock(found, args)
        found = found if found.shelf else _repin(shelf, found)
        pins = tuple(dataclasses.replace(pin, origin=public_origin(pin.origin)) for pin in found.pins)
        found = dataclasses.replace(found, pins=pins)  # of a lock that somebody wrote by hand: no secret leaves it
        if args.get("name"):
            from .locks import lock_to_name

            shelf = shelf_of(args)
            found = lock_to_name(shelf, found, args)
    elif len(wanted_labels(args)) > 1:
        shelf = shelf_of(args)
        text, locks = join_locks(lambda each: _resolve(shelf, {**each, "loaded": {}}, None).lock, args)
        every = [pin for each in locks for pin in _pins(each)]
        unique = [pin for i, pin in enumerate(every) if pin not in every[:i]]
        return {"lock": text, "pins": unique, "requirements": list(locks[0].requirements), "notes": wanted.notes()}
    else:
        shelf = shelf_of(args)
        resolution = _resolve(shelf, {**args, "loaded": {}}, _preferred_of(args))
        found = resolution.lock
        differences = _differences(found, args.get("running") or {})
        notes = [*wanted.notes(), *resolution.notes, *differences, *_as_of(found)]
    result: Result = {
        "lock": format_lock(found),
        "pins": _pins(found),
        "requirements": list(found.requirements),
        "notes": notes,
    }
    if args.get("name"):
        from .locks import name_lock

        result["named"] = name_lock(shelf, str(args["name"]), found)
    return result


def _dry_run(shelf: Shelf, args: Args) -> Result:
    """What ``requirements`` and files would come to: nothing is built, and what cannot be met is no error but told."""
    from ..availability import is_missing

    wanted = wanted_of(args)
    lines = _report(shelf, wanted.rows)
    try:
        resolution = _resolve(shelf, args, _preferred_of(args))
    except (ProjectMissing, PythonUnfit, Unsatisfiable, AlreadyLoaded) as error:
        told = any(map(is_missing, lines)) and not isinstance(error, PythonUnfit)
        problem = "" if told else str(error)
        return {"lines": lines, "problem": problem, "pins": [], "notes": wanted.notes(conda=False), "exit_code": 1}
    changes = _changes(_preferred_of(args), resolution.lock, _parents(resolution.edges), resolution.provided)
    pins, notes = _pins(resolution.lock), list(resolution.notes)
    return {"lines": lines, "problem": None, "changes": changes, "pins": pins, "notes": notes}


def freeze(args: Args, progress: Progress) -> Result:
    """The pins of ``requirements``, or of ``lock`` (text), as lines of a requirements.txt; ``hashes`` adds theirs."""
    args = expand(args)
    if args.get("lock") and not args.get("requirements"):
        found = read_lock(args)
    elif not args.get("requirements"):
        raise UsageError("What to freeze? Name it: cloudshelf freeze pandas, or: cloudshelf freeze --lock pylock.toml")
    else:
        found = _resolve(shelf_of(args), {**args, "loaded": {}}, None).lock
    text = freeze_lock(format_lock(found), hashes=bool(args.get("hashes")))
    return {"text": text, "pins": _pins(found), "notes": wanted_of(args).notes()}


def sync(args: Args, progress: Progress) -> Result:
    """The environment of exactly the pins of ``lock`` (text). Raises UsageError for one of another Python."""
    if not args.get("lock"):
        raise UsageError("sync needs a lock, such as pylock.toml.")
    from ..environment.interpreter import describe_interpreter

    wanted, here = read_lock(args), describe_interpreter()
    shelf = _shelf_of_lock(wanted, args)
    wanted = wanted if wanted.shelf else _repin(shelf, wanted)
    _refuse_other_machine(wanted, _lock_again(wanted, args))
    if wanted.tag != here.cache_tag:
        again = f"{_lock_again(wanted, args)} --python {here.minor}"
        raise UsageError(
            f"This lock is for {wanted.tag}; this is Python {here.version} ({here.cache_tag}). One for it: {again}"
        )
    try:
        wanted = wanted if wanted.shelf == shelf.url else shelf.move(wanted)
        held = _held_back(shelf, wanted, args)
        here_pins = dataclasses.replace(wanted, pins=tuple(pin for pin in wanted.pins if pin.project not in held))
        result = _materialize(shelf, here_pins, progress)
    except ObjectMissing:
        _refuse_vanished(shelf, lock_name(args))
        raise
    current = parse_lock(str(args["current"]), "this process's lock") if args.get("current") else None
    notes = [
        f"{project} {version} of this kernel stays, since it is loaded; the lock has {_version_in(wanted, project)}."
        for project, version in sorted(held.items())
    ]
    if args.get("lock_note"):
        notes.insert(0, str(args["lock_note"]))
    asked = {named_project(text) for text in wanted.requirements}
    why = {pin.project: list(parents(pin.project, wanted)) for pin in wanted.pins if pin.project not in asked}
    return result | {
        "lock": format_lock(wanted),
        "changes": _changes(current, wanted, why, held),
        "notes": [*notes, *_as_of(wanted)],
        "provided": held,
    }


def fill(args: Args, progress: Progress) -> Result:
    """Every file of an environment: of ``environment``, of ``lock``, or of ``requirements``. In this process."""
    from ..fetcher.blobs import BlobCache
    from ..fetcher.environments import Environments
    from ..fetcher.transfer import Transfer
    from ..stores.opening import open_store

    args = expand(args)
    notes: list[str] = wanted_of(args).notes()
    if args.get("environment"):
        folder = str(args["environment"])
    elif args.get("requirements"):
        folder = use({**args, "lock": None}, progress)["environment"]
    elif not args.get("lock"):
        raise UsageError("What to fill? Name it: cloudshelf fill pandas, or: cloudshelf fill --lock pylock.toml")
    else:
        folder = sync(args, progress)["environment"]
    from ..render import filled_line

    transfer = Transfer(BlobCache(read_config().cache))
    try:
        done = transfer.fill(Environments(open_store).get(folder), progress=progress)
    finally:
        transfer.close()
    return {"environment": folder, "message": "\n".join([*notes, filled_line(done)]), **done}


def find_module(args: Args, progress: Progress) -> Result:
    """Which project's default brings ``module``: {"project", "version"}; else {"suggestions"}."""
    shelf, module = shelf_of(args), str(args["module"])
    project = shelf.repository.project_of(module)
    if project is None:
        import difflib

        names = {name for facts in shelf.repository.listing() for name in (*facts.modules, facts.project)}
        return {"suggestions": difflib.get_close_matches(module.partition(".")[0], names, n=2, cutoff=0.75)}
    return {"project": project, "version": shelf.repository.head(project).default}


def why(args: Args, progress: Progress) -> Result:
    """The chains that lead to ``project`` in a lock of ``requirements``, or in ``lock`` (text)."""
    if args.get("requirements"):
        shelf = shelf_of(args)
        found = _resolve(shelf, {**args, "loaded": {}}, None).lock
    elif args.get("lock"):
        found = read_lock(args)
        shelf = _shelf_of_lock(found, args)
    else:
        name = args["project"]
        raise UsageError(f"Where? Name what it is needed for: why {name} --with REQUIREMENT, or --lock FILE.")
    return plain(shelf.why(str(args["project"]), found))


def _report(shelf: Shelf, rows: Sequence[Row]) -> list[Result]:
    """What the shelf has for each line; without lines, nothing is loaded."""
    if not rows:
        return []
    from ..availability import report_lines

    return report_lines(shelf, rows)


def _resolve(shelf: Shelf, args: Args, preferred: Lock | None) -> Resolution:
    """``requirements``, as what files want limits them, to the letter of their hashes. Raises PythonUnfit too."""
    wanted = wanted_of(args)
    if wanted == Wanted():
        return _search(shelf, args, preferred, wanted)
    from ..availability import explain_missing
    from ..hashes import check_hashes
    from ..sources import check_python

    target = target_of(args)
    check_python(wanted.pythons, target)
    try:
        resolution = _search(shelf, args, preferred, wanted)
    except (ProjectMissing, Unsatisfiable) as error:
        raise explain_missing(shelf, wanted, error) from None
    now = args.get("asked") or args.get("requirements") or ()  # what this call asks for; there may be earlier ones
    check_hashes(resolution.lock, wanted, {named_project(str(text)) for text in now}, target)
    return resolution


def _search(shelf: Shelf, args: Args, preferred: Lock | None, wanted: Wanted) -> Resolution:
    requirements = [str(r) for r in args.get("requirements") or ()]
    shadowed = set(args.get("shadow") or ())
    loaded = {
        project: Loaded(
            version=str(facts["version"]),
            by=str(facts.get("by", "this notebook")),
            installed=bool(facts.get("installed", True)),
            requires=tuple(map(str, facts.get("requires", ()))),
            imported=bool(facts.get("imported", True)),
        )
        for project, facts in (args.get("loaded") or {}).items()
        if facts.get("imported", True) or project not in shadowed
    }
    dropping = set(args.get("dropping") or ())
    if preferred is not None and dropping:
        preferred = dataclasses.replace(preferred, pins=tuple(p for p in preferred.pins if p.project not in dropping))
    preferred = without_other_builds(preferred, wanted_labels(args))
    admitted = None
    if wanted.hashes:
        from ..hashes import admitted_wheels

        admitted = admitted_wheels(wanted.hashes)
    try:
        return shelf.lock(
            requirements,
            target=target_of(args),
            loaded=loaded,
            preferred=preferred,
            constraints=[*map(str, args.get("constraints") or ()), *wanted.constraints],
            admitted=admitted,
            variant="".join(wanted_labels(args)),
        )
    except Unsatisfiable as error:
        if not args.get("as_of"):
            raise
        raise Unsatisfiable(f"{error}\n  This is the shelf as it was at {args['as_of']}.") from None


def _materialize(shelf: Shelf, lock: Lock, progress: Progress) -> Result:
    """Manifests in parallel, then the environment (an existing one is found by its identity)."""
    from ..environment.build import build_environment, find_environment, turn_to_build
    from ..environment.interpreter import describe_interpreter
    from ..importing.client import reach

    cache, here = read_config().cache, describe_interpreter()
    fetcher = [sys.executable, "-m", "cloudshelf.fetcher"]
    environment = find_environment(lock, cache=cache, interpreter=here, fetcher=fetcher)
    if environment is None:
        # A fetcher will be asked soon, and its start takes longer than reading manifests.
        reach(start=True, shelf=lock.shelf)
        progress({"stage": "reading manifests", "done": 0, "total": len(lock.pins), "unit": "projects", "what": ""})
        with turn_to_build(lock, cache=cache, interpreter=here):
            environment = find_environment(lock, cache=cache, interpreter=here, fetcher=fetcher)
            if environment is None:
                manifests = shelf.manifests(lock)
                environment = build_environment(lock, manifests, cache=cache, interpreter=here, fetcher=fetcher)
    return {
        "lock": format_lock(lock),
        "environment": str(environment),
        "requirements": list(lock.requirements),
        "pins": _pins(lock),
    }


def _pins(lock: Lock) -> list[Result]:
    asked = {named_project(text) for text in lock.requirements}
    return [
        {"project": p.project, "version": p.version, "wheel": p.wheel, "asked": p.project in asked} for p in lock.pins
    ]


def _changes(
    before: Lock | None, after: Lock, why: Mapping[str, list[str]], provided: Mapping[str, str]
) -> list[Result]:
    """What differs between two locks; ``why`` is empty for what a person asked for. See ``difference.Change``.

    What is gone has who needed it. What this process has of its own is neither pinned by a lock that names it nor
    dropped by one that does not.
    """
    before = before or dataclasses.replace(after, requirements=(), pins=())
    asked = {named_project(text) for text in before.requirements}
    rows = []
    for change in compare_locks(before, after).changes:
        if change.project in provided and change.kind in ("added", "removed"):
            continue
        needed = [] if change.project in asked else list(parents(change.project, before))
        rows.append(
            {
                "project": change.project,
                "was": change.was,
                "version": change.version,
                "kind": change.kind,
                "why": needed if change.kind == "removed" else why.get(change.project, []),
            }
        )
    return rows


def _as_of(lock: Lock) -> list[str]:
    return [f"As the shelf was at {lock.as_of}."] if lock.as_of else []


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


def _held_back(shelf: Shelf, lock: Lock, args: Args) -> dict[str, str]:
    """Pins that this process cannot take, because another version of its own is loaded: {project: that version}.

    Every kernel has loaded some distributions for itself; where the rest of the lock works with those, they stay.
    Raises AlreadyLoaded where it does not.
    """
    other = {
        pin.project: facts
        for pin in lock.pins
        if (facts := (args.get("loaded") or {}).get(pin.project))
        and facts.get("imported", True)
        and str(facts["version"]) != pin.version
    }
    if not other:
        return {}
    try:
        resolution = _resolve(shelf, {**args, "requirements": lock.requirements}, lock)
        works = set(resolution.provided) >= set(other) and _contents(resolution.lock) <= _contents(lock)
    except ShelfError:
        works = False
    if not works:
        project, facts = next(iter(other.items()))
        line = "restart the kernel, then sync before importing anything"
        by = facts.get("by", "this notebook")
        raise AlreadyLoaded(project, facts["version"], _version_in(lock, project), by, line)
    return {project: str(facts["version"]) for project, facts in other.items()}


def _contents(lock: Lock) -> set[tuple[str, str]]:
    return {(pin.project, pin.manifest) for pin in lock.pins}


def _version_in(lock: Lock, project: str) -> str:
    return next(pin.version for pin in lock.pins if pin.project == project)


def _shelf_of_lock(lock: Lock, args: Args) -> Shelf:
    """The shelf that a person named, else that of the lock: digests say whether another shelf has the same."""
    named = args.get("shelf") if args.get("shelf_named") else None
    return shelf_of({"shelf": named or lock.shelf or args.get("shelf")})


def _repin(shelf: Shelf, lock: Lock) -> Lock:
    from ..target import current_target

    return shelf.repin(lock, current_target())


def _lock_again(lock: Lock, args: Args) -> str:
    """The command that makes a lock of the same requirements, where that came from."""
    name = lock_name(args)
    if name.endswith(".ipynb"):
        return f"cloudshelf lock --notebook {shlex.quote(name)}"
    return f"cloudshelf lock {shlex.join(lock.requirements)}"


def _refuse_other_machine(lock: Lock, again: str) -> None:
    """Raises UsageError for a lock with wheels of another machine: a platform tag ends in it (PEP 425)."""
    import platform

    own = platform.machine()
    for pin in lock.pins:
        tags = pin.wheel.removesuffix(".whl").rpartition("-")[2].split(".")
        if not any(tag == "any" or tag.endswith(f"_{own}") for tag in tags):
            raise UsageError(
                f"This lock is for another machine: {pin.wheel}; this one is {own}. One for it, made here: {again}"
            )


def _refuse_vanished(shelf: Shelf, name: str) -> None:
    """Raises UsageError when the shelf of a lock, not one object of it, is gone."""
    try:
        shelf.info()
    except ShelfMissing:
        raise UsageError(f"{name} is of the shelf {shelf.url}, which is not there. If it moved: --shelf URL") from None


def _preferred_of(args: Args) -> Lock | None:
    return parse_lock(str(args["preferred"]), "this process's lock") if args.get("preferred") else None


def _lock_of(args: Args) -> Lock | None:
    return parse_lock(str(args["lock"]), "this process's lock") if args.get("lock") else None
