"""A role's grants as the JSON of an IAM policy (IAM user guide, "JSON policy elements").

Which action a request needs: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
A condition on a write: S3 user guide, "Enforce conditional writes on Amazon S3 buckets".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .roles import Grants
from .scope import Scope

Statement = dict[str, Any]
VERSION = "2012-10-17"  # of the language of policies
GIVEN = "false"  # of the operator Null: the request has the key


def role_policy(grants: Grants, scope: Scope) -> dict[str, Any]:
    """What is attached to a role or a user that shall have ``grants`` on the shelf of ``scope``."""
    objects = [
        ("Read", "s3:GetObject", grants.read, {}),
        ("Create", "s3:PutObject", grants.created, {"Null": {"s3:if-none-match": GIVEN}}),
        ("Replace", "s3:PutObject", grants.replaced, {"Null": {"s3:if-match": GIVEN}}),
        ("Delete", "s3:DeleteObject", grants.deleted, {}),
    ]
    statements = [_allow(sid, action, map(scope.arn, keys), when) for sid, action, keys, when in objects if keys]
    prefixes = [f"{scope.prefix}{key}" for key in grants.listed]
    statements.append(_allow("List", "s3:ListBucket", [scope.bucket_arn], {"StringLike": {"s3:prefix": prefixes}}))
    if scope.reports:
        when = {"Null": {"s3:if-none-match": GIVEN}}
        statements.append(_allow("Report", "s3:PutObject", [scope.reports], when))
    return {"Version": VERSION, "Statement": statements}


def _allow(sid: str, action: str, resources: Iterable[str], when: dict[str, Any]) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": list(resources)}
    return statement | ({"Condition": when} if when else {})
