"""What verbs share that have a lock: its shelf, its environment, and what a result tells of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from importlib import import_module

from ..cache_place import remarks
from ..codecs.lock import format_lock, parse_lock
from ..codecs.names import named_project
from ..config import read_config
from ..difference import compare_locks, parents
from ..model import Lock
from ..shelf import Shelf
from .common import Args, Progress, Result, shelf_of


def own_lock(args: Args, name: str) -> Lock | None:
    """The lock of the caller's process, of which the argument ``name`` has the text."""
    return parse_lock(str(args[name]), "this process's lock") if args.get(name) else None


def shelf_of_lock(lock: Lock, args: Args) -> Shelf:
    """The shelf that a person named, else that of the lock: digests say whether another shelf has the same."""
    named = args.get("shelf") if args.get("shelf_named") else None
    url = named or lock.shelf or args.get("shelf")
    return shelf_of({"shelf": url, "trust": args.get("trust"), "work": args.get("work")})


def repin(shelf: Shelf, lock: Lock) -> Lock:
    from ..target import current_target

    return shelf.repin(lock, current_target())


def materialize(shelf: Shelf, lock: Lock, progress: Progress) -> Result:
    """Manifests in parallel, then the environment (an existing one is found by its identity).

    Raises Blocked and BlocksUnknown, whatever is in place already.
    """
    from ..environment.build import build_environment, find_environment, turn_to_build
    from ..environment.interpreter import describe_interpreter
    from ..environment.place import altered_before
    from ..environment.trees import hidden_names
    from ..importing.client import reach
    from ..recall.checking import Check

    config, here = read_config(), describe_interpreter()
    cache, notes = shelf.cache or config.cache, list[str]()
    fetcher = [sys.executable, "-m", "cloudshelf.fetcher"]
    environment = find_environment(lock, cache=cache, interpreter=here, fetcher=fetcher)
    check = Check(shelf.repository.parts, lock, cache)
    if environment is None:
        if cache == config.cache and not (cache / "environments").exists():
            notes += remarks(cache, config.displaced)
        if cache == config.cache:  # a fetcher will be asked soon, and its start takes longer than this
            reach(start=True, shelf=lock.shelf)
        progress({"stage": "reading manifests", "done": 0, "total": len(lock.pins), "unit": "projects", "what": ""})
        with turn_to_build(lock, cache=cache, interpreter=here):
            environment = find_environment(lock, cache=cache, interpreter=here, fetcher=fetcher)
            if environment is None:
                loading = threading.Thread(target=import_module, args=("venv",))  # which building needs
                loading.start()
                manifests = shelf.manifests(lock)
                loading.join()
                environment = build_environment(
                    lock, manifests, cache=cache, interpreter=here, fetcher=fetcher, admit=check.refuse
                )
                check.refuse_news()
                notes += [*filter(None, [altered_before(environment)]), *hidden_names(environment)]
    check.refuse()
    return {
        "lock": format_lock(lock),
        "environment": str(environment),
        "requirements": list(lock.requirements),
        "pins": pin_rows(lock),
        "warnings": [*notes, *check.notes],
    }


def refuse_blocked(shelf: Shelf, lock: Lock) -> list[str]:
    """Notes on lists that are old. Raises Blocked and BlocksUnknown."""
    from ..recall.checking import Check

    check = Check(shelf.repository.parts, lock, read_config().cache)
    check.refuse()
    return check.notes


def pin_rows(lock: Lock) -> list[Result]:
    asked = {named_project(text) for text in lock.requirements}
    return [
        {"project": p.project, "version": p.version, "wheel": p.wheel, "asked": p.project in asked} for p in lock.pins
    ]


def change_rows(
    before: Lock | None, after: Lock, why: Mapping[str, list[str]], provided: Mapping[str, str]
) -> list[Result]:
    """What differs between two locks; ``why`` is empty for what a person asked for. See ``difference.Change``.

    What is gone has who needed it. What this process has of its own is neither pinned by a lock that names it nor
    dropped by one that does not.
    """
    before = before or after._replace(requirements=(), pins=())
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


def as_of_notes(lock: Lock) -> list[str]:
    return [f"As the shelf was at {lock.as_of}."] if lock.as_of else []
