"""Amazon's side of the AWS settings, on 127.0.0.1: an account with a role, and the services that hand out its keys.

The account is moto's server told to check signatures, session tokens and policies, so only keys that arrive whole read
anything. Containers, instances and SSO have no such server; theirs are small, and give keys that the account knows.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from tests.servers import Identity, S3Server, moto


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What the role's session is signed with."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True)
class Account:
    """A running account. The server's identity is a user who may become ``role`` and nothing else; the role may use the
    bucket."""

    server: S3Server
    role: str
    _sts: Any

    def assume(self) -> SessionKeys:
        """Keys of a new session of the role."""
        given = self._sts.assume_role(RoleArn=self.role, RoleSessionName="of-a-test")["Credentials"]
        return SessionKeys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def check_all_but(self, count: int) -> None:
        """Let the next ``count`` requests in unchecked: moto looks for a signature even where AWS wants none."""
        connection = http.client.HTTPConnection(urlsplit(self.server.endpoint).netloc, timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", "/moto-api/reset-auth", str(count).encode())
            assert connection.getresponse().status == 200


@contextlib.contextmanager
def account(key: str, data: bytes) -> Iterator[Account]:
    """An account whose bucket has ``data`` under ``key``."""
    with moto() as server, _no_settings():
        admin = {"endpoint_url": server.endpoint, "region_name": "us-east-1"}
        admin |= {"aws_access_key_id": server.identity.access_key, "aws_secret_access_key": server.identity.secret_key}
        boto3.client("s3", **admin).put_object(Bucket=server.bucket, Key=key, Body=data)
        iam = boto3.client("iam", **admin)
        iam.create_user(UserName="user")
        made = iam.create_access_key(UserName="user")["AccessKey"]
        trust = _policy("sts:AssumeRole", Principal={"AWS": "*"})
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_user_policy(
            UserName="user", PolicyName="become", PolicyDocument=_policy("sts:AssumeRole", Resource=role)
        )
        iam.put_role_policy(RoleName="reader", PolicyName="use", PolicyDocument=_policy("s3:*", Resource="*"))
        user = Identity("user", made["AccessKeyId"], made["SecretAccessKey"])
        keys = {"aws_access_key_id": user.access_key, "aws_secret_access_key": user.secret_key}
        running = Account(S3Server(server.endpoint, server.bucket, user), role, boto3.client("sts", **(admin | keys)))
        running.check_all_but(0)
        yield running


def _policy(action: str, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


@contextlib.contextmanager
def _no_settings() -> Iterator[None]:
    """Whatever AWS settings and proxies this shell has are not for the account's own clients."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("AWS_") or name.upper().endswith("_PROXY"):
                patch.delenv(name)
        yield


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a service; names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Asked], tuple[int, object]]  # status, and what is sent: text as it is, everything else as JSON


@dataclass(slots=True)
class Service:
    """A running service, and what it was asked."""

    endpoint: str
    asked: list[Asked] = field(default_factory=list)


@contextlib.contextmanager
def service(answer: Answer) -> Iterator[Service]:
    """A service of 127.0.0.1 that answers each request as ``answer`` says."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body)
            running.asked.append(asked)
            status, said = answer(asked)
            data = (said if isinstance(said, str) else json.dumps(said)).encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Service(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


@dataclass(slots=True)
class ContainerAgent:
    """What AWS_CONTAINER_CREDENTIALS_FULL_URI names: new keys for every request with the right ``authorization``."""

    account: Account
    authorization: str | None = None
    lifetime: timedelta = timedelta(hours=1)

    def __call__(self, asked: Asked) -> tuple[int, object]:
        if asked.headers.get("authorization") != self.authorization:
            return 401, {"message": "canary"}
        return 200, _keys(self.account, self.lifetime)


@dataclass(frozen=True, slots=True)
class InstanceMetadata:
    """What every instance finds at AWS_EC2_METADATA_SERVICE_ENDPOINT, version 2: nothing without a session's token."""

    account: Account

    def __call__(self, asked: Asked) -> tuple[int, object]:
        if (asked.method, asked.path) == ("PUT", "/latest/api/token"):
            wanted = "x-aws-ec2-metadata-token-ttl-seconds" in asked.headers
            return (200, "canary-metadata-token") if wanted else (400, "")
        if asked.headers.get("x-aws-ec2-metadata-token") != "canary-metadata-token":
            return 401, ""
        if asked.path == "/latest/meta-data/iam/security-credentials/":
            return 200, "reader"
        if asked.path == "/latest/meta-data/iam/security-credentials/reader":
            return 200, {"Code": "Success", "Type": "AWS-HMAC", **_keys(self.account, timedelta(hours=6))}
        return 404, ""


@dataclass(slots=True)
class SsoPortal:
    """IAM Identity Center: keys of the role for who shows ``token``, and a token for who shows ``refresh_token``."""

    account: Account
    token: str
    refresh_token: str | None = None

    def __call__(self, asked: Asked) -> tuple[int, object]:
        if asked.path == "/token":  # sso-oidc, CreateToken
            if json.loads(asked.body)["refreshToken"] != self.refresh_token:
                return 400, {"__type": "InvalidGrantException", "error": "invalid_grant"}
            return 200, {"accessToken": self.token, "expiresIn": 3600, "tokenType": "Bearer"}
        if asked.headers.get("x-amz-sso_bearer_token") != self.token:  # sso, GetRoleCredentials
            return 401, {"__type": "UnauthorizedException", "message": "Session token not found or invalid"}
        keys = self.account.assume()
        expiry = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
        given = {"accessKeyId": keys.access_key, "secretAccessKey": keys.secret_key, "sessionToken": keys.token}
        return 200, {"roleCredentials": {**given, "expiration": expiry}}


def _keys(account: Account, lifetime: timedelta) -> dict[str, str]:
    """New keys as containers and instances get them; they are said to live for ``lifetime``."""
    keys = account.assume()
    return {
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret_key,
        "Token": keys.token,
        "Expiration": f"{datetime.now(UTC) + lifetime:%Y-%m-%dT%H:%M:%SZ}",
    }
