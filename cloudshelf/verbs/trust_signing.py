"""``trust sign``: a new head that says what the present one says, signed. Who types it vouches for what is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..catalog import refresh_catalog, update_locks
from ..chains.chain import Chain, move_head
from ..chains.commit import project_chain
from ..chains.seen_heads import SeenHeads
from ..codecs.named_lock import facts_of
from ..codecs.names import head_key, is_normalized, lock_head_key, named_lock
from ..config import read_config
from ..errors import KeyNotAllowed, SignatureError, SigningKeyMissing, UsageError
from ..named_locks import check_name, lock_chain
from ..repository import own_folder
from ..shelf import Shelf, check_project
from ..signing.keys import read_private
from ..signing.signer import VouchingSigner
from ..signing.trust import Trust
from .common import SIGNING_KEY, Args, Result, person, pins_of, shelf_of


def sign(args: Args) -> Result:
    """Sign the heads of the projects ``names`` and the locks ``locks``, or of ``all`` that are not signed well.

    With ``to`` (a sequence of one project) the state of then, instead of the present one.
    """
    shelf = shelf_of({**args, "trust": ""})  # what is not signed has to be read, too
    info = shelf.info()
    files = args.get("sign") or [os.environ.get(SIGNING_KEY, "")]
    if len(files) != 1 or not files[0]:
        raise SigningKeyMissing(shelf.url)
    cache = own_folder(read_config().cache)
    trust = Trust(shelf.store, lambda: info.id, pins_of(args), cache=cache)
    key = read_private(Path(str(files[0])).expanduser())
    shelf.signer = VouchingSigner(key, info.id, trust, SeenHeads(cache))
    projects, locks = _chosen(shelf, args)
    if args.get("to") is not None:
        return _roll_back(shelf, projects, locks, int(args["to"]))
    rows = [
        _sign_one(shelf, trust, f"{name}", head_key(name), partial(_move_project, shelf, name)) for name in projects
    ]
    rows += [
        _sign_one(shelf, trust, f"lock {name}", lock_head_key(name), partial(_move_lock, shelf, name)) for name in locks
    ]
    refresh_catalog(shelf.store, shelf.repository.holder(""), projects)
    return {"shelf": shelf.url, "signed": rows, "exit_code": 4 if any(row["problem"] for row in rows) else 0}


def _chosen(shelf: Shelf, args: Args) -> tuple[list[str], list[str]]:
    """The projects and locks that are meant."""
    projects = [check_project(str(name)) for name in args.get("names") or ()]
    locks = [check_name(str(name)) for name in args.get("locks") or ()]
    if args.get("all"):
        if projects or locks:
            raise UsageError("trust sign takes names or --all, not both.")
        return list(_projects(shelf)), [name for s in shelf.store.list("locks/") if (name := named_lock(s.key))]
    if not projects and not locks:
        raise UsageError("What to sign? trust sign PROJECT…, --locks NAME, or --all for what is not signed yet.")
    for name in projects:
        shelf.repository.head(name)
    return projects, locks


def _projects(shelf: Shelf) -> Iterator[str]:
    for stored in shelf.store.list("projects/"):
        name = stored.key.split("/")[1]
        if stored.key == head_key(name) and is_normalized(name):
            yield name


def _sign_one(shelf: Shelf, trust: Trust, what: str, key: str, move: Callable[[], int]) -> dict[str, Any]:
    """Sign one head, unless it is signed as it should be, or this key may not: others are signed all the same."""
    try:
        by = trust.check(key, shelf.store.get(key))
        return {"what": what, "before": f"signed by {by.owner}", "state": None, "problem": ""}
    except SignatureError as error:
        before = type(error).__name__
    try:
        return {"what": what, "before": before, "state": move(), "problem": ""}
    except KeyNotAllowed as error:
        return {"what": what, "before": before, "state": None, "problem": str(error)}


def _move_project(shelf: Shelf, project: str) -> int:
    return _move(shelf, project_chain(project))


def _move_lock(shelf: Shelf, name: str) -> int:
    seq = _move(shelf, lock_chain(name))
    update_locks(shelf.store, [facts_of(shelf.named_locks.last(name))])
    return seq


def _move(shelf: Shelf, chain: Chain[Any]) -> int:
    def step(present: Any, stamp: Any) -> Any:
        return None if present is None else present._replace(**stamp.fields())

    return int(move_head(shelf.store, chain, step, by=person(), action="sign", signer=shelf.signer).seq)


def _roll_back(shelf: Shelf, projects: list[str], locks: list[str], to: int) -> Result:
    if len(projects) != 1 or locks:
        raise UsageError("--to is a state of one project: trust sign PROJECT --to SEQ")
    changed = shelf.rollback(projects[0], to, by=person())
    return {
        "shelf": shelf.url,
        "signed": [{"what": projects[0], "before": f"state {to}", "state": changed.seq, "problem": ""}],
    }
