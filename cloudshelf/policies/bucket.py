"""The bucket's own policy: it denies, whatever the policies of roles allow, so that no grant is stronger than it.

S3 user guide, "Enforce conditional writes on Amazon S3 buckets": a write in parts (CreateMultipartUpload) carries no
condition and is refused by this too; publishing makes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .documents import VERSION, Statement
from .scope import Scope

MISSING = "true"  # of the operator Null: the request does not have the key

IMMUTABLE = (
    "projects/*/history/*",
    "projects/*/index/*",
    "projects/*/manifest/*",
    "projects/*/pack/*",
    "projects/*/provenance/*",
    "projects/*/release/*",
    "collect/*",
    "locks/*/_content/*",
    "locks/*/_history/*",
    "trust/_history/*",
    "recall/_history/*",
    "settings/_history/*",
)
MUTABLE = ("projects/*/head", "locks/*/_head", "trust/_head", "recall/_head", "shelf.json", "catalog/*")
COLLECTABLE = ("collect/*", "projects/*/manifest/*", "projects/*/pack/*", "projects/*/release/*")
KEPT = (*(key for key in IMMUTABLE if key not in COLLECTABLE), *MUTABLE)


def bucket_policy(scope: Scope, collectors: Sequence[str] = ()) -> dict[str, Any]:
    """``collectors`` are the ARNs of the roles that may delete what is collected; without one nobody may."""
    whole = [scope.bucket_arn, f"{scope.bucket_arn}/*"]
    conditional = {"s3:if-none-match": MISSING}
    others = {"StringNotLike": {"aws:PrincipalArn": list(collectors)}} if collectors else {}
    collected = [scope.arn(key) for key in COLLECTABLE]
    statements = [
        _deny("TlsOnly", "s3:*", whole, {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("NobodyWithoutAName", "s3:*", whole, {"StringEquals": {"aws:PrincipalType": "Anonymous"}}),
        _deny("CreateOnly", "s3:PutObject", map(scope.arn, IMMUTABLE), {"Null": conditional}),
        _deny(
            "ReplaceWhatWasRead",
            "s3:PutObject",
            map(scope.arn, MUTABLE),
            {"Null": conditional | {"s3:if-match": MISSING}},
        ),
        _deny("NeverDelete", "s3:DeleteObject", map(scope.arn, KEPT), {}),
        _deny("DeleteByCollectorsOnly", "s3:DeleteObject", collected, others),
        _deny("KeepOldVersions", "s3:DeleteObjectVersion", [scope.arn("*")], {}),
    ]
    return {"Version": VERSION, "Statement": statements}


def _deny(sid: str, action: str, resources: Any, when: dict[str, Any]) -> Statement:
    statement = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": list(resources)}
    return statement | ({"Condition": when} if when else {})
