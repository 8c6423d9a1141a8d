"""The verb policy: what to attach to a role, or to the bucket, so that everybody may do exactly what they shall."""

from __future__ import annotations

import json
import os
from typing import Any

from ..errors import NoShelf, SeveralShelves, UsageError
from ..policies.bucket import bucket_policy
from ..policies.documents import role_policy
from ..policies.roles import OF_PROJECTS, ROLES
from ..policies.scope import Scope, make_scope, partition_of
from ..shelf import Shelf
from ..stores.credentials import read_settings
from ..urls import split_urls
from .common import Args, Progress, Result, shelf_of

# Characters without white space (IAM user guide, "IAM and AWS STS quotas"; S3 user guide, "Bucket policies").
MANAGED, BUCKET = 6144, 20_480
_ATTACH = (
    "aws iam put-role-policy --role-name ROLE --policy-name cloudshelf-{role} --policy-document file://policy.json"
)


def policy(args: Args, progress: Progress) -> Result:
    """The policy of ``role`` for ``projects`` (or with ``all`` for all) and ``locks``, or that of the ``bucket``.

    ``notes`` say how to attach it and what it does not say. With ``deps`` the shelf is read, else nobody is asked.
    """
    role = str(args["role"])
    _check(args, role)
    url = _only_url(args)
    projects = [str(name) for name in args.get("projects") or ()]
    scope = make_scope(
        url,
        partition=str(args.get("partition") or partition_of(read_settings(os.environ).region)),
        projects=None if args.get("all") or role not in OF_PROJECTS else projects,
        locks=[str(name) for name in args.get("locks") or ()],
        reports=args.get("reports"),
        catalog=not args.get("no_catalog"),
        names=not args.get("no_names"),
    )
    if role == "bucket":
        document = bucket_policy(scope, [str(arn) for arn in args.get("collector") or ()])
        return _told(role, url, document, _bucket_notes(scope, args))
    if args.get("deps") and scope.projects is not None:
        scope = _with_needed(scope, shelf_of(args))
    return _told(role, url, role_policy(ROLES[role](scope), scope), _role_notes(role, scope, args))


def _only_url(args: Args) -> str:
    """The shelf's URL; nothing is asked there. Raises NoShelf, SeveralShelves."""
    if not args.get("shelf"):
        raise NoShelf()
    urls = split_urls(str(args["shelf"]))
    if len(urls) > 1:
        raise SeveralShelves(urls)
    return urls[0]


def _check(args: Args, role: str) -> None:
    """What of the arguments belongs to which role. Raises UsageError."""
    named = bool(args.get("projects"))
    if role in OF_PROJECTS and named and args.get("all"):
        raise UsageError("policy takes projects or --all, not both: --all is every project of the shelf.")
    if role in OF_PROJECTS and not named and not args.get("all"):
        raise UsageError(f"For which projects? policy {role} PROJECT …, or for the whole shelf: policy {role} --all")
    if role not in OF_PROJECTS and (named or args.get("all") or args.get("deps")):
        raise UsageError(f"The {role}'s policy is for the whole shelf; leave the projects out: policy {role}")
    if args.get("no_names") and (role != "reader" or args.get("all")):
        raise UsageError("--no-names is for a reader of some projects; all others need the lists of the catalog.")
    if args.get("collector") and role != "bucket":
        raise UsageError("--collector belongs to the bucket's policy: policy bucket --collector ARN")


def _with_needed(scope: Scope, shelf: Shelf) -> Scope:
    """``scope`` with what the defaults of its projects need, as the catalog has it."""
    import dataclasses

    projects = scope.projects or ()
    repository = shelf.repository.holder("")  # there is one shelf
    needed = [row[0] for name in projects for row in repository.closure(name)]
    return dataclasses.replace(scope, projects=tuple(dict.fromkeys([*projects, *needed])))


def _told(role: str, url: str, document: dict[str, Any], notes: list[str]) -> Result:
    size = len(json.dumps(document, separators=(",", ":")))
    limit = BUCKET if role == "bucket" else MANAGED
    if size > limit:
        notes.append(
            f"It has {size} characters, and Amazon takes {limit}: make several, each for some of the projects, "
            "or grant the whole shelf (--all)."
        )
    return {"shelf": url, "role": role, "policy": document, "notes": notes}


def _role_notes(role: str, scope: Scope, args: Args) -> list[str]:
    notes = [f"Attach it: {_ATTACH.format(role=role)}"]
    if scope.projects is not None and not args.get("deps"):
        notes.append("It is for these projects and not for what they need; with that: --deps")
    if role in ("curator", "collector") and scope.catalog:
        notes.append(
            "It may write the catalog, by which a bare import finds its project: a trust that is wider than these "
            "projects. Without: --no-catalog, and a job with the role indexer that runs cloudshelf verify --repair"
        )
    notes.append(
        "Keys of KMS, if the bucket has its own, are granted apart: kms:Decrypt, for writers kms:GenerateDataKey."
    )
    return notes


def _bucket_notes(scope: Scope, args: Args) -> list[str]:
    put = f"aws s3api {{}} --bucket {scope.bucket}"
    block = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    attach = f"{put.format('put-bucket-policy')} --policy file://policy.json"
    public = f"{put.format('put-public-access-block')} --public-access-block-configuration {block}"
    versions = f"{put.format('put-bucket-versioning')} --versioning-configuration Status=Enabled"
    notes = [
        f"Attach it: {attach}",
        f"It does not replace: {public}",
        f"Old versions bring back what was overwritten by mistake: {versions}",
        "Let a lifecycle rule expire old versions after some weeks, else what is collected stays for ever.",
    ]
    if not args.get("collector"):
        notes.append("Nobody may delete by it. For who collects garbage: --collector arn:aws:iam::ACCOUNT:role/NAME")
    return notes
