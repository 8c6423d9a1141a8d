"""Which keys each role reads, lists, creates, replaces and deletes: the table of docs/format.md, "Keys", the other way.

Patterns have ``*`` for any characters, slashes too, as in policies. What a role lists decides what S3 answers for a key
that is not there: 404 to who may list it, 403 to others, whom absence shall tell nothing (Amazon S3 API reference,
GetObject, "Permissions"). It compares the whole key with ``s3:prefix`` then (ceph/ceph, pull request 68577).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .scope import Scope


@dataclass(frozen=True, slots=True)
class Grants:
    """What a role may do. ``listed`` are prefixes of keys, as patterns.

    ``created`` is what may be written where nothing is (If-None-Match), ``replaced`` where the writer says what it
    replaces (If-Match). Nobody may write without one of them: a write of that kind loses another's.
    """

    read: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def reader(scope: Scope) -> Grants:
    """Projects with all their versions, the catalog's lists, what says whom to trust and what is blocked.

    The lists are one object for many projects: who may not see all names gets none of them, and works without.
    """
    shared = ["trust/*", "recall/*", "settings/*"]
    shared += ["catalog/modules/*", "catalog/projects/*"] if scope.names else []
    shared += ["catalog/locks"] if scope.locks and scope.names else []
    own = [*scope.of_projects("projects/{}/*"), *scope.of_locks("{}*")]
    # The closure of foo is no prefix to list: catalog/closure/foo-bar begins so, too.
    closures = scope.of_projects("catalog/closure/{}")
    return Grants(
        read=("shelf.json", *shared, *closures, *own),
        listed=("*",) if scope.projects is None else ("shelf.json", *shared, *own),
    )


def curator(scope: Scope) -> Grants:
    """Publishes: creates what has its digest in its name, and moves heads. Takes nothing away."""
    catalog = _catalog(scope) if scope.catalog else ()
    seen = reader(scope)
    internal = "catalog/internal"  # names that no public index may supply
    return Grants(
        read=(*seen.read, internal),
        listed=(*seen.listed, internal),
        created=(*scope.of_projects("projects/{}/*"), *scope.of_locks("{}*"), *catalog),
        replaced=(*scope.of_projects("projects/{}/head"), *scope.of_locks("{}*_head"), *catalog),
    )


def collector(scope: Scope) -> Grants:
    """Moves heads to a new epoch, and deletes. What heads were stays: history and index. Reads the store's clock off an
    object of its own."""
    kinds = ("manifest", "pack", "release")
    moves = curator(scope)
    return Grants(
        read=moves.read,
        listed=(*moves.listed, "collect/*"),
        created=(*moves.created, "collect/*"),
        replaced=moves.replaced,
        deleted=("collect/*", *tuple(key for kind in kinds for key in scope.of_projects(f"projects/{{}}/{kind}/*"))),
    )


def indexer(scope: Scope) -> Grants:
    """Writes the catalog from the heads of all projects and locks; needs no pack and no manifest."""
    heads = [f"projects/*/{kind}" for kind in ("head", "history/*", "index/*", "release/*")]
    return Grants(
        read=("shelf.json", "trust/*", "recall/*", "catalog/*", "locks/*_head", *heads),
        listed=("*",),
        created=("catalog/*",),
        replaced=("catalog/*",),
    )


def administrator(scope: Scope) -> Grants:
    """Makes the shelf, its settings, whom to trust and what is blocked; reads everything, publishes nothing."""
    return Grants(
        read=("*",),
        listed=("*",),
        created=("shelf.json", "settings/*", "trust/*", "recall/*", "catalog/*"),
        replaced=("shelf.json", "trust/_head", "recall/_head", "catalog/*"),
    )


def _catalog(scope: Scope) -> tuple[str, ...]:
    """What who publishes brings up to date. Lists and owners of modules are one object for many projects."""
    locks = ["catalog/locks"] if scope.locks else []
    return (
        "catalog/internal",
        "catalog/modules/*",
        "catalog/projects/*",
        *locks,
        *scope.of_projects("catalog/closure/{}"),
    )


ROLES: dict[str, Callable[[Scope], Grants]] = {
    "reader": reader,
    "curator": curator,
    "collector": collector,
    "indexer": indexer,
    "administrator": administrator,
}
OF_PROJECTS = ("reader", "curator", "collector")  # the others are for a whole shelf
