"""SeaweedFS whose identities may do what the printed policies say, evaluated by SeaweedFS's own engine.

The statements of all policies are put together into one policy of the bucket, each with the identity that it is for.
What SeaweedFS 4.48 does not know is said in its words, and nothing else is changed:

* ``s3:if-none-match`` and ``s3:if-match`` are the headers Referer and User-Agent, which a proxy sets where the request
  has If-None-Match or If-Match, and takes away elsewhere;
* ``aws:PrincipalArn`` in the bucket's policy is a list of those whom the statement is then about.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from cloudshelf.verbs import serve
from tests.servers import ADMIN, Identity, S3Server, seaweed
from tools.fault_proxy import Fault, FaultProxy, Reply, faulty

ROOT = "curated"  # the prefix of the shelf in its bucket
COLLECTOR = "collector"
_CONDITIONS = {"s3:if-none-match": "aws:Referer", "s3:if-match": "aws:UserAgent"}
_HEADERS = (("If-None-Match", "Referer"), ("If-Match", "User-Agent"))
SCRATCH = "scratch"  # where everybody may write, beside the shelf: copies need a target

ROLES = {
    "reader": {"projects": ["Foo"], "locks": ["team/"], "reports": "usage"},
    "curator": {"projects": ["foo"], "locks": ["team/"]},
    "careful": {"role": "curator", "projects": ["foo"], "no_catalog": True},
    COLLECTOR: {"projects": ["foo"]},
    "indexer": {},
    "administrator": {},
    "blind": {"role": "reader", "projects": ["foo"], "no_names": True},
    "everything": {"role": "reader", "all": True, "locks": ["/"]},
    "nobody": None,
}


@dataclass(frozen=True, slots=True)
class Roles:
    """The running server. ``proxy`` is how it is reached; ``who`` has an identity for every role."""

    server: S3Server
    proxy: FaultProxy
    who: Mapping[str, Identity]

    @property
    def url(self) -> str:
        return f"{self.server.url}/{ROOT}"

    def environ(self, role: str | None = None) -> dict[str, str]:
        """The AWS settings of an identity; of the owner, who is bound by the bucket's policy only, without ``role``."""
        return self.server.environ(self.who[role] if role else None, self.proxy.endpoint)

    def client(self, role: str | None = None) -> Any:
        """boto3's S3 for it."""
        environ = self.environ(role)
        client = boto3.client(
            "s3",
            endpoint_url=environ["AWS_ENDPOINT_URL_S3"],
            region_name=environ["AWS_REGION"],
            aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4"),
        )
        client.meta.events.register_last("before-call.s3", _expect_nothing)
        return client


def _expect_nothing(params: dict[str, Any], **_rest: object) -> None:
    """A client that waits for "100 Continue" waits a second for a proxy that does not say it."""
    params["headers"].pop("Expect", None)


class SayConditions(Fault):
    """Tell SeaweedFS of a request's conditions by the headers that its policies know.

    With ``without_listing`` what is not there is 403 to all but the owner, as S3 says it to who may list nothing.
    """

    def __init__(self, without_listing: bool = False) -> None:
        self._without_listing = without_listing

    def before(self, handler: Any) -> Reply | None:
        for condition, header in _HEADERS:
            del handler.headers[header]
            if handler.command in ("PUT", "POST") and condition in handler.headers:
                handler.headers[header] = "given"
        return None

    def after(self, handler: Any, reply: Reply) -> Reply | None:
        is_owner = ADMIN.access_key in handler.headers.get("Authorization", "")
        if not self._without_listing or is_owner or reply.status != 404 or handler.command not in ("GET", "HEAD"):
            return reply
        body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        return Reply(403, (("Content-Type", "application/xml"), ("Content-Length", str(len(body)))), body)


@contextlib.contextmanager
def roles(*, tls_only: bool = False, without_listing: bool = False) -> Iterator[Roles]:
    """The server; with ``tls_only`` it insists on what it does not have itself."""
    who = {name: Identity(name, f"AKID{name.upper()}", f"canary-secret-{name}", ()) for name in ROLES}
    with seaweed([*who.values()]) as server, faulty(server.endpoint) as proxy:
        proxy.fail(SayConditions(without_listing), nth=None)
        running = Roles(server, proxy, who)
        running.client().put_bucket_policy(Bucket=server.bucket, Policy=json.dumps(whole_policy(running.url, tls_only)))
        yield running


def whole_policy(url: str, tls_only: bool) -> dict[str, Any]:
    """Every role's policy and the bucket's, as one policy of the bucket in SeaweedFS's words."""
    statements = [
        statement | {"Principal": {"AWS": [arn(name)]}}
        for name, args in ROLES.items()
        if args is not None
        for statement in printed(url, **{"role": name, **args})["Statement"]
    ]
    scratch = f"arn:aws:s3:::{url.split('/')[2]}/{SCRATCH}/*"
    free = {"Effect": "Allow", "Principal": {"AWS": [*map(arn, ROLES)]}, "Action": "s3:PutObject", "Resource": scratch}
    bucket = printed(url, role="bucket", collector=[arn(COLLECTOR)])["Statement"]
    denied = [_principals(statement) for statement in bucket if tls_only or statement["Sid"] != "TlsOnly"]
    unnamed = [{k: v for k, v in each.items() if k != "Sid"} for each in [*statements, free, *denied]]
    return json.loads(_renamed(json.dumps({"Version": "2012-10-17", "Statement": unnamed})))  # type: ignore[no-any-return]


def printed(url: str, **args: Any) -> dict[str, Any]:
    """What ``cloudshelf policy`` prints."""
    found: dict[str, Any] = serve("policy", {"shelf": url, **args}, lambda event: None)["policy"]
    return found


def arn(name: str) -> str:
    return f"arn:aws:iam::000000000000:user/{name}"


def _principals(statement: dict[str, Any]) -> dict[str, Any]:
    spared = statement.get("Condition", {}).get("StringNotLike", {}).get("aws:PrincipalArn")
    if spared is None:
        return statement
    others = [arn(name) for name in (*ROLES, "admin") if arn(name) not in spared]
    return {k: v for k, v in statement.items() if k != "Condition"} | {"Principal": {"AWS": others}}


def _renamed(text: str) -> str:
    for key, header in _CONDITIONS.items():
        text = text.replace(f'"{key}"', f'"{header}"')
    return text
