"""The standard AWS settings work: every way to say where S3 is and who is asking, each against servers of 127.0.0.1."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from cloudshelf.errors import (
    AccessDenied,
    CredentialsExpired,
    CredentialsMissing,
    ShelfError,
    StoreUnreachable,
    UsageError,
)
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.aws import Account, Asked, ContainerAgent, InstanceMetadata, Service, SsoPortal, account, service
from tests.bad_input.conftest import User, assert_clear, make_user, stop_fetchers
from tests.faces.conftest import make_wheel
from tests.ranges import read_range
from tests.tls import Authority, tunnel
from tools.fault_proxy import Answer, FaultProxy, faulty

URL = "s3://shelf/team"
KEY = "some/head"
DATA = b"what the shelf has"
NOBODY = "http://127.0.0.1:9"  # the discard port
_SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")

Sections = Mapping[str, Mapping[str, object]]


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account(f"team/{KEY}", DATA) as running:
        yield running


@pytest.fixture
def s3(aws: Account) -> Iterator[FaultProxy]:
    """The account's S3, and what it was asked."""
    with faulty(aws.server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def sts(aws: Account) -> Iterator[FaultProxy]:
    """The account's STS, and what it was asked."""
    with faulty(aws.server.endpoint) as proxy:
        yield proxy


@dataclass(frozen=True, slots=True)
class Process:
    """This process, with a home and with no settings but its own."""

    home: Path
    patch: pytest.MonkeyPatch

    def set(self, **environ: str) -> None:
        for name, value in environ.items():
            self.patch.setenv(name, value)

    def config(self, sections: Sections) -> None:
        """~/.aws/config has ``sections``."""
        self.write(".aws/config", _ini(sections))

    def credentials(self, sections: Sections) -> None:
        """~/.aws/credentials has ``sections``."""
        self.write(".aws/credentials", _ini(sections))

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def open(self, **environ: str) -> Store:
        self.set(**environ)
        return open_store(URL)

    def read(self, **environ: str) -> bytes:
        """What is on the shelf, for a process that starts with ``environ`` too."""
        return self.open(**environ).get(KEY)


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: FaultProxy) -> Process:
    """A process that knows where S3 is, but not who is asking."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    found = Process(tmp_path / "home", monkeypatch)
    found.set(HOME=str(found.home), AWS_ENDPOINT_URL_S3=s3.endpoint, AWS_EC2_METADATA_DISABLED="true")
    found.set(AWS_MAX_ATTEMPTS="1", AWS_METADATA_SERVICE_TIMEOUT="20", CLOUDSHELF_TIMEOUT="10")
    return found


def _ini(sections: Sections) -> str:
    """The shared files' format; a mapping as a value is nested one level deeper."""
    lines = []
    for title, values in sections.items():
        lines.append(f"[{title}]")
        for name, value in values.items():
            nested = value.items() if isinstance(value, Mapping) else None
            lines.append(f"{name} =" if nested is not None else f"{name} = {value}")
            lines += [f"  {inner} = {each}" for inner, each in nested or ()]
    return "\n".join(lines) + "\n"


def user_keys(aws: Account) -> dict[str, object]:
    """The user, in a section of the shared files."""
    who = aws.server.identity
    return {"aws_access_key_id": who.access_key, "aws_secret_access_key": who.secret_key}


def session_keys(aws: Account) -> dict[str, object]:
    """A session of the role, in a section of the shared files."""
    keys = aws.assume()
    return {
        "aws_access_key_id": keys.access_key,
        "aws_secret_access_key": keys.secret_key,
        "aws_session_token": keys.token,
    }


def in_environ(section: Mapping[str, object]) -> dict[str, str]:
    """The same as environment variables."""
    return {name.upper(): str(value) for name, value in section.items()}


def asked_as(proxy: FaultProxy) -> tuple[str, str, str]:
    """Access key, region and service that the last request was signed with."""
    found = _SIGNED.search(proxy.requests[-1].headers["authorization"])
    assert found
    return found[1], found[2], found[3]


@contextlib.contextmanager
def refused(aws: Account, kind: type[ShelfError], *says: str) -> Iterator[None]:
    """What is done here fails with one clear message that has all of ``says`` and no secret."""
    with pytest.raises(kind) as caught:
        yield
    assert type(caught.value) is kind
    assert_no_secret(aws, caught.value)
    assert_clear(str(caught.value), *says)


def assert_no_secret(aws: Account, error: BaseException) -> None:
    """Neither in the words nor in what a traceback would print."""
    text = f"{error} {error.args!r} {error.__cause__} {'' if error.__suppress_context__ else error.__context__}"
    for secret in ("canary", "AKIA", "ASIA", aws.server.identity.secret_key):
        assert secret not in text


# Assumed roles


def a_role(aws: Account, **more: object) -> Sections:
    """The profile "team": who has the keys of "me" becomes the role."""
    return {"profile team": {"role_arn": aws.role, "source_profile": "me", **more}, "profile me": user_keys(aws)}


def test_the_user_behind_the_role_may_not_read(process: Process, aws: Account) -> None:
    """So whatever reads below has become the role."""
    process.config(a_role(aws))
    with refused(aws, AccessDenied, "no access"):
        process.read(AWS_PROFILE="me")


@pytest.mark.parametrize("named_by", ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL", "services"])
def test_the_role_of_a_profile_is_assumed(process: Process, aws: Account, sts: FaultProxy, named_by: str) -> None:
    in_file = named_by == "services"
    services: Sections = {"services local": {"sts": {"endpoint_url": sts.endpoint}}}
    process.config({**a_role(aws, **({"services": "local"} if in_file else {})), **services})
    environ = {} if in_file else {named_by: sts.endpoint}
    assert process.read(AWS_PROFILE="team", **environ) == DATA
    assert asked_as(sts)[::2] == (aws.server.identity.access_key, "sts")


def test_a_role_is_assumed_once_for_many_requests(process: Process, aws: Account, sts: FaultProxy) -> None:
    process.config(a_role(aws))
    store = process.open(AWS_PROFILE="team", AWS_ENDPOINT_URL_STS=sts.endpoint)
    for _ in range(3):
        store.get(KEY)
        store.put_new(f"written/{time.monotonic_ns()}", b"by another connection")
    assert sts.count("POST") == 1


@pytest.mark.parametrize("in_file", [False, True], ids=["environment", "profile"])
def test_a_web_identity_becomes_the_role(process: Process, aws: Account, sts: FaultProxy, in_file: bool) -> None:
    """As in a Kubernetes pod."""
    token = process.write("token", "canary-web-identity")
    if in_file:
        process.config({"profile team": {"role_arn": aws.role, "web_identity_token_file": token}})
        process.set(AWS_PROFILE="team")
    else:
        process.set(AWS_ROLE_ARN=aws.role, AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    aws.check_all_but(1)
    store = process.open(AWS_ENDPOINT_URL_STS=sts.endpoint)
    assert store.get(KEY) == store.get(KEY) == DATA
    assert sts.count("POST") == 1
    assert "authorization" not in sts.requests[0].headers


def test_a_web_identity_whose_token_is_not_there(process: Process, aws: Account) -> None:
    with refused(aws, CredentialsExpired, "a file that the AWS settings name is not there"):
        process.read(AWS_ROLE_ARN=aws.role, AWS_WEB_IDENTITY_TOKEN_FILE=str(process.home / "none"))


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_roles_are_asked_for_in_the_region(process: Process, aws: Account, sts: FaultProxy, variable: str) -> None:
    """boto3 knows only the latter; a role of another partition is not known elsewhere."""
    process.config(a_role(aws))
    process.read(AWS_PROFILE="team", AWS_ENDPOINT_URL_STS=sts.endpoint, **{variable: "eu-west-1"})
    assert asked_as(sts)[1] == "eu-west-1"


@pytest.mark.parametrize(
    ("role", "source", "says"),
    [("other", "me", "they could not be renewed (AccessDenied)"), ("reader", "gone", "not valid, or names another")],
    ids=["not granted", "no source"],
)
def test_a_role_that_cannot_be_assumed(
    process: Process, aws: Account, sts: FaultProxy, role: str, source: str, says: str
) -> None:
    wanted = {"role_arn": f"arn:aws:iam::123456789012:role/{role}", "source_profile": source}
    process.config({"profile team": wanted, "profile me": user_keys(aws)})
    with refused(aws, CredentialsExpired, says):
        process.read(AWS_PROFILE="team", AWS_ENDPOINT_URL_STS=sts.endpoint)


def test_roles_that_cannot_be_asked_for(process: Process, aws: Account) -> None:
    process.config(a_role(aws))
    with refused(aws, StoreUnreachable, "the service that renews credentials did not answer"):
        process.read(AWS_PROFILE="team", AWS_ENDPOINT_URL_STS=NOBODY)


def test_a_role_that_wants_an_mfa_code_does_not_wait_for_one(process: Process, aws: Account) -> None:
    """In a process without a terminal, as a fetcher is."""
    process.config(a_role(aws, mfa_serial="arn:aws:iam::123456789012:mfa/me"))
    process.set(AWS_PROFILE="team")
    done = subprocess.run(
        [sys.executable, "-c", _READ, URL, KEY],
        input="read\n",
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=True,
    )
    assert_clear(done.stdout, "CredentialsExpired", "mfa_serial", "nobody can type it here")


# SSO

# botocore settles where ~/.aws/sso/cache is when it is imported, so these are processes of their own.
_READ = """
import sys
from cloudshelf.errors import ShelfError
from cloudshelf.stores.opening import open_store
store = None
while sys.stdin.readline():
    try:
        store = store or open_store(sys.argv[1])
        print(store.get(sys.argv[2]).decode(), flush=True)
    except ShelfError as error:
        print(type(error).__name__, error, flush=True)
"""
START = "https://sso.invalid/start"
TOKEN = "canary-sso-token"
PORTAL = {"sso_start_url": START, "sso_region": "us-east-1"}
ROLE = {"sso_account_id": "123456789012", "sso_role_name": "reader"}


@contextlib.contextmanager
def another_process() -> Iterator[Callable[[], str]]:
    """A process with the same settings and one store; what it reads, or the error, each time it is asked to."""
    with subprocess.Popen(
        [sys.executable, "-c", _READ, URL, KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:

        def read() -> str:
            assert running.stdin and running.stdout
            running.stdin.write("read\n")
            running.stdin.flush()
            return running.stdout.readline().strip()

        yield read


@pytest.fixture
def portal(process: Process, aws: Account) -> Iterator[Service]:
    """SSO as the profile "team" knows it."""
    with service(SsoPortal(aws, TOKEN, refresh_token="canary-refresh")) as running:
        process.config({"profile team": {"sso_session": "corp", **ROLE}, "sso-session corp": PORTAL})
        process.set(AWS_PROFILE="team", AWS_ENDPOINT_URL_SSO=running.endpoint)
        process.set(AWS_ENDPOINT_URL_SSO_OIDC=running.endpoint)
        yield running


def log_in(process: Process, *, name: str = "corp", token: str = TOKEN, hours: int = 8, **more: str) -> None:
    """What ``aws sso login`` leaves."""
    until = _hours(hours)
    cached = {"startUrl": START, "region": "us-east-1", "accessToken": token, "expiresAt": until, **more}
    process.write(f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json", json.dumps(cached))


def _hours(hours: int) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("in_session", [True, False], ids=["sso-session", "profile"])
def test_who_is_logged_in_with_sso_reads(process: Process, portal: Service, in_session: bool) -> None:
    if not in_session:  # as profiles were written before there were sessions
        process.config({"profile team": {**PORTAL, **ROLE}})
    log_in(process, name="corp" if in_session else START)
    with another_process() as read:
        assert read() == DATA.decode()
        assert read() == DATA.decode()
    assert [(a.method, a.path) for a in portal.asked] == [
        ("GET", "/federation/credentials?role_name=reader&account_id=123456789012")
    ]


LOGINS: dict[str, dict[str, object]] = {
    "never logged in": {},
    "logged out": {"token": "canary-old"},
    "expired": {"hours": -1},
    "not to be renewed": {
        "hours": -1,
        "refreshToken": "canary-old",
        "clientId": "client",
        "clientSecret": "canary-client",
        "registrationExpiresAt": _hours(24),
    },
}


@pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
def test_an_ended_sso_session_says_how_to_log_in_and_then_works(
    process: Process, portal: Service, login: dict[str, object]
) -> None:
    if login:
        log_in(process, **login)  # type: ignore[arg-type]
    with another_process() as read:
        said = read()
        assert said.startswith("CredentialsExpired The credentials for s3://shelf/team")
        assert_clear(said, "the SSO session has ended", "aws sso login")
        assert "canary" not in said
        log_in(process)
        assert read() == DATA.decode()


def test_an_sso_token_is_renewed_as_long_as_the_session_lasts(process: Process, portal: Service) -> None:
    log_in(process, token="canary-old", hours=-1, refreshToken="canary-refresh", clientId="client",
           clientSecret="canary-client", registrationExpiresAt=_hours(24))  # fmt: skip
    with another_process() as read:
        assert read() == DATA.decode()
    assert [a.path.split("?")[0] for a in portal.asked] == ["/token", "/federation/credentials"]


# Containers and instances


@pytest.mark.parametrize("given", ["nothing", "token", "file", "file over token"])
def test_a_containers_role_reads(process: Process, aws: Account, given: str) -> None:
    token = process.write("token", "canary-from-a-file")
    environ, wanted = {
        "nothing": ({}, None),
        "token": ({"TOKEN": "canary-from-a-variable"}, "canary-from-a-variable"),
        "file": ({"TOKEN_FILE": str(token)}, "canary-from-a-file"),
        "file over token": ({"TOKEN_FILE": str(token), "TOKEN": "canary-old"}, "canary-from-a-file"),
    }[given]
    process.set(**{f"AWS_CONTAINER_AUTHORIZATION_{name}": value for name, value in environ.items()})
    with service(ContainerAgent(aws, wanted)) as agent:
        assert process.read(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{agent.endpoint}/keys") == DATA
    assert {a.path for a in agent.asked} == {"/keys"}


def test_keys_that_end_soon_are_renewed_while_a_store_is_open(process: Process, aws: Account, s3: FaultProxy) -> None:
    """Keys for two minutes are not kept for five, as obstore would; and an agent's token may change meanwhile."""
    answer = ContainerAgent(aws, "canary-first", lifetime=timedelta(minutes=2))
    token = process.write("token", "canary-first")
    process.set(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token))
    with service(answer) as agent:
        store = process.open(AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.endpoint)
        store.get(KEY)
        first = asked_as(s3)
        token.write_text("canary-second")
        answer.authorization, answer.lifetime = "canary-second", timedelta(hours=1)
        read_until(lambda: asked_as(s3) != first, store)
        renewed, asked = asked_as(s3), len(agent.asked)
        store.get(KEY)
        assert (asked_as(s3), len(agent.asked)) == (renewed, asked)


def read_until(done: Callable[[], bool], store: Store) -> None:
    """Read again and again, since obstore does not ask twice within a tenth of a second."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        store.get(KEY)


def test_an_agent_that_stops_giving_keys(process: Process, aws: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    with (
        service(ContainerAgent(aws, "canary")) as agent,
        refused(aws, CredentialsExpired, "the credential service of the container gave none"),
    ):
        process.read(AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.endpoint, AWS_CONTAINER_AUTHORIZATION_TOKEN="other")


def test_an_instances_role_reads(process: Process, aws: Account) -> None:
    with service(InstanceMetadata(aws)) as metadata:
        process.set(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.endpoint)
        store = process.open()
        assert store.get(KEY) == DATA
        assert store.get(KEY) == DATA
    assert [a.method for a in metadata.asked] == ["PUT", "GET", "GET"]


def test_an_instance_without_a_role(process: Process, aws: Account) -> None:
    with service(lambda asked: (404, "")) as metadata:
        process.set(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.endpoint)
        with refused(aws, CredentialsMissing, "No AWS credentials were found"):
            process.open().get(KEY)


# Keys in files that something else renews


@pytest.mark.parametrize("verb", ["get", "put_new"])
def test_refused_keys_are_looked_up_again(process: Process, aws: Account, s3: FaultProxy, verb: str) -> None:
    """A store lives on in a fetcher when somebody renews the keys of a file."""
    process.credentials({"team": session_keys(aws)})
    store = process.open(AWS_PROFILE="team")
    verbs: dict[str, Callable[[], object]] = {
        "get": lambda: store.get(KEY),
        "put_new": lambda: store.put_new(f"written/{time.monotonic_ns()}", b""),
    }
    verbs[verb]()
    s3.fail(Answer(400, "ExpiredToken"), times=2)  # the file has no others yet
    with refused(aws, CredentialsExpired, "the session token has expired", "aws sso login"):
        verbs[verb]()
    first = asked_as(s3)
    process.credentials({"team": session_keys(aws)})
    verbs[verb]()
    assert asked_as(s3) != first


def test_a_process_is_asked_again_when_its_keys_were_refused(process: Process, aws: Account, s3: FaultProxy) -> None:
    keys = process.home / "keys.json"
    process.config({"profile team": {"credential_process": f"cat {keys}"}})

    def give() -> None:
        given = aws.assume()
        told = {"AccessKeyId": given.access_key, "SecretAccessKey": given.secret_key, "SessionToken": given.token}
        keys.write_text(json.dumps({"Version": 1, **told, "Expiration": _hours(12)}))

    give()
    store = process.open(AWS_PROFILE="team")
    store.get(KEY)
    first = asked_as(s3)
    s3.fail(Answer(403, "InvalidAccessKeyId"), times=2)  # it gives no others yet
    with refused(aws, CredentialsExpired, "the access key is not known"):
        store.get(KEY)
    give()
    store.get(KEY)
    assert asked_as(s3) != first


# Who is asked first


def fixed_keys(asked: Asked) -> tuple[int, object]:
    """A container's agent, an instance's metadata and an STS in one, which give keys that are named after them."""
    until = {"Expiration": _hours(6), "Code": "Success"}
    if asked.path == "/container":
        return 200, {"AccessKeyId": "AKIDCONTAINER", "SecretAccessKey": "canary", "Token": "canary", **until}
    if asked.path == "/latest/meta-data/iam/security-credentials/":
        return 200, "role"
    if asked.path == "/latest/meta-data/iam/security-credentials/role":
        return 200, {"AccessKeyId": "AKIDINSTANCE", "SecretAccessKey": "canary", "Token": "canary", **until}
    if asked.path == "/latest/api/token":
        return 200, "canary"
    given = (
        "<AccessKeyId>AKIDWEB</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken>"
    )
    return 200, (
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        f"{given}<Expiration>{_hours(6)}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>"
    )


def _pair(name: str) -> dict[str, object]:
    return {"aws_access_key_id": name, "aws_secret_access_key": "canary"}


# What is set; {} becomes the address of fixed_keys, {home} the home folder.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENVIRON", "AWS_SECRET_ACCESS_KEY": "canary"}
TEAM = {"AWS_PROFILE": "team"}
OTHER = {"AWS_DEFAULT_PROFILE": "other"}
WEB = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{}/container"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": "false"}
_EVERYTHING = {**KEYS, **TEAM, **WEB, **CONTAINER, **INSTANCE}


@pytest.mark.parametrize(
    ("environ", "team", "key"),
    [
        (_EVERYTHING, {}, "AKIDENVIRON"),
        ({**KEYS, **TEAM}, {}, "AKIDENVIRON"),
        ({**TEAM, **WEB, **CONTAINER}, {}, "AKIDWEB"),
        ({**TEAM, **CONTAINER, **INSTANCE}, {}, "AKIDTEAM"),
        (TEAM, _pair("AKIDCONFIG"), "AKIDTEAM"),
        (TEAM, {"credential_process": "false"}, "AKIDTEAM"),
        ({**TEAM, **OTHER}, {}, "AKIDOTHER"),
        ({**WEB, **CONTAINER, **INSTANCE}, {}, "AKIDWEB"),
        ({**CONTAINER, **INSTANCE}, {}, "AKIDCONTAINER"),
        (INSTANCE, {}, "AKIDINSTANCE"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else value,
)
def test_the_keys_are_those_that_boto3_would_use(
    process: Process, s3: FaultProxy, environ: dict[str, str], team: Mapping[str, object], key: str
) -> None:
    process.write("token", "canary")
    process.config({"profile team": team})
    process.credentials({"team": _pair("AKIDTEAM"), "other": _pair("AKIDOTHER")})
    with service(fixed_keys) as keys:
        process.set(AWS_ENDPOINT_URL_STS=keys.endpoint, AWS_EC2_METADATA_SERVICE_ENDPOINT=keys.endpoint)
        process.set(
            **{n: v.replace("{home}", str(process.home)).replace("{}", keys.endpoint) for n, v in environ.items()}
        )
        with pytest.raises(CredentialsExpired, match="not known"):  # the account never heard of any of them
            process.read()
        known_to_boto3 = boto3.Session(region_name="us-east-1").get_credentials()
        assert known_to_boto3
        assert asked_as(s3)[0] == key == known_to_boto3.get_frozen_credentials().access_key


def test_the_environments_keys_go_with_the_profiles_region(process: Process, aws: Account, s3: FaultProxy) -> None:
    process.config({"profile team": {"region": "eu-west-3", **_pair("AKIDTEAM")}})
    assert process.read(AWS_PROFILE="team", **in_environ(session_keys(aws))) == DATA
    assert asked_as(s3)[1] == "eu-west-3"


def test_the_shared_files_may_be_elsewhere(process: Process, aws: Account, s3: FaultProxy) -> None:
    process.write("there/config", _ini({"profile team": {"region": "eu-west-3"}}))
    process.write("there/credentials", _ini({"team": session_keys(aws)}))
    files = {"AWS_CONFIG_FILE": "~/there/config", "AWS_SHARED_CREDENTIALS_FILE": "~/there/credentials"}
    assert process.read(AWS_PROFILE="team", **files) == DATA
    assert asked_as(s3)[1] == "eu-west-3"


def test_half_a_pair_of_keys_is_none(process: Process, aws: Account) -> None:
    """As with boto3, which does not go on to the profile."""
    process.credentials({"team": user_keys(aws)})
    with refused(aws, CredentialsMissing, "AWS_ACCESS_KEY_ID"):
        process.open(AWS_PROFILE="team", AWS_ACCESS_KEY_ID="AKIDENVIRON").get(KEY)


# Region and endpoint


REGIONS: dict[str, tuple[dict[str, str], Sections, Sections, str]] = {
    "nothing said": ({}, {}, {}, "us-east-1"),
    "AWS_REGION": ({"AWS_REGION": "eu-west-1"}, {}, {}, "eu-west-1"),
    "AWS_DEFAULT_REGION": ({"AWS_DEFAULT_REGION": "eu-west-2"}, {}, {}, "eu-west-2"),
    "AWS_REGION over AWS_DEFAULT_REGION": (
        {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, {}, {}, "eu-west-1"
    ),
    "profile": ({"AWS_PROFILE": "team"}, {"profile team": {"region": "eu-west-3"}}, {}, "eu-west-3"),
    "AWS_REGION over profile": (
        {"AWS_PROFILE": "team", "AWS_REGION": "eu-west-1"}, {"profile team": {"region": "eu-west-3"}}, {}, "eu-west-1"
    ),
    "AWS_DEFAULT_REGION over profile": (
        {"AWS_PROFILE": "team", "AWS_DEFAULT_REGION": "eu-west-2"},
        {"profile team": {"region": "eu-west-3"}},
        {},
        "eu-west-2",
    ),
    "default profile": ({}, {"default": {"region": "eu-west-3"}}, {}, "eu-west-3"),
    "profile default": ({}, {"profile default": {"region": "eu-west-3"}}, {}, "eu-west-3"),
    "quoted profile": ({"AWS_PROFILE": "my team"}, {'profile "my team"': {"region": "eu-west-3"}}, {}, "eu-west-3"),
    "AWS_DEFAULT_PROFILE": (
        {"AWS_DEFAULT_PROFILE": "team"}, {"profile team": {"region": "eu-west-3"}}, {}, "eu-west-3"
    ),
    "credentials file": ({"AWS_PROFILE": "team"}, {}, {"team": {"region": "eu-north-1"}}, "eu-north-1"),
    "credentials file over config file": (
        {"AWS_PROFILE": "team"}, {"profile team": {"region": "eu-west-3"}}, {"team": {"region": "eu-north-1"}},
        "eu-north-1",
    ),
    "another profile's": ({}, {"profile team": {"region": "eu-west-3"}}, {}, "us-east-1"),
    "empty": ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": ""}, {}, {}, "us-east-1"),
}  # fmt: skip


@pytest.mark.parametrize(("environ", "config", "credentials", "region"), REGIONS.values(), ids=REGIONS)
def test_the_region_is_what_requests_are_signed_for(
    process: Process,
    aws: Account,
    s3: FaultProxy,
    environ: dict[str, str],
    config: Sections,
    credentials: Sections,
    region: str,
) -> None:
    process.config(config)
    process.credentials(credentials)
    assert process.read(**environ, **in_environ(session_keys(aws))) == DATA
    assert asked_as(s3)[1:] == (region, "s3")


HERE, ELSEWHERE = "{here}", NOBODY  # HERE becomes the endpoint of the account's S3
_SERVICES = {"services local": {"s3": {"endpoint_url": HERE}}}
ENDPOINTS: dict[str, tuple[dict[str, str], Sections]] = {
    "AWS_ENDPOINT_URL_S3": ({"AWS_ENDPOINT_URL_S3": HERE}, {}),
    "AWS_ENDPOINT_URL": ({"AWS_ENDPOINT_URL": HERE}, {}),
    "AWS_ENDPOINT_URL_S3 over AWS_ENDPOINT_URL": (
        {"AWS_ENDPOINT_URL_S3": HERE, "AWS_ENDPOINT_URL": ELSEWHERE}, {}
    ),
    "an empty one is none": ({"AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL": HERE}, {}),
    "profile": ({}, {"default": {"endpoint_url": HERE}}),
    "services": ({}, {"default": {"services": "local"}, **_SERVICES}),
    "services over the profile's endpoint": (
        {}, {"default": {"endpoint_url": ELSEWHERE, "services": "local"}, **_SERVICES}
    ),
    "another service's": (
        {},
        {
            "default": {"endpoint_url": HERE, "services": "other"},
            "services other": {"sts": {"endpoint_url": ELSEWHERE}},
        },
    ),
    "AWS_ENDPOINT_URL over services": (
        {"AWS_ENDPOINT_URL": HERE},
        {"default": {"services": "other"}, "services other": {"s3": {"endpoint_url": ELSEWHERE}}},
    ),
    "what only obstore reads": ({"AWS_ENDPOINT": ELSEWHERE, "AWS_ENDPOINT_URL_S3": HERE}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("environ", "config"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_the_endpoint_is_the_most_specific_one(
    process: Process, aws: Account, s3: FaultProxy, environ: dict[str, str], config: Sections
) -> None:
    process.patch.delenv("AWS_ENDPOINT_URL_S3")
    process.write(".aws/config", _ini(config).replace(HERE, s3.endpoint))
    environ = {name: value.replace(HERE, s3.endpoint) for name, value in environ.items()}
    assert process.read(**environ, **in_environ(session_keys(aws))) == DATA
    assert s3.count("GET") == 1


# Amazon's own addresses, certificates and proxies


AMAZON: dict[str, tuple[str, dict[str, str], str]] = {
    "region": ("s3://shelf", {"AWS_REGION": "eu-west-1"}, "shelf.s3.eu-west-1.amazonaws.com"),
    "a bucket with a dot": ("s3://our.shelf", {}, "s3.us-east-1.amazonaws.com"),
    "China": ("s3://shelf", {"AWS_REGION": "cn-north-1"}, "shelf.s3.cn-north-1.amazonaws.com.cn"),
    "endpoints ignored": (
        "s3://shelf",
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": NOBODY, "AWS_ENDPOINT_URL_S3": NOBODY},
        "shelf.s3.us-east-1.amazonaws.com",
    ),
    "endpoints ignored by the profile": (
        "s3://shelf", {"AWS_PROFILE": "team", "AWS_ENDPOINT_URL": NOBODY}, "shelf.s3.us-east-1.amazonaws.com"
    ),
    "an empty endpoint": ("s3://shelf", {"AWS_ENDPOINT_URL": ""}, "shelf.s3.us-east-1.amazonaws.com"),
    "what only obstore reads": ("s3://shelf", {"AWS_ENDPOINT": NOBODY}, "shelf.s3.us-east-1.amazonaws.com"),
}  # fmt: skip


@pytest.mark.parametrize(("url", "environ", "host"), AMAZON.values(), ids=AMAZON)
def test_without_an_endpoint_requests_go_to_amazon(
    process: Process, aws: Account, url: str, environ: dict[str, str], host: str
) -> None:
    process.patch.delenv("AWS_ENDPOINT_URL_S3")
    process.config({"profile team": {"ignore_configured_endpoint_urls": "true"}})
    with tunnel(NOBODY) as proxy:
        process.set(HTTPS_PROXY=proxy.endpoint, **environ, **in_environ(session_keys(aws)))
        with refused(aws, StoreUnreachable, "cannot be reached"):
            open_store(url).get(KEY)
    assert set(proxy.asked) == {f"{host}:443"}


def test_a_shelf_on_amazon(process: Process, aws: Account, authority: Authority) -> None:
    """A proxy leads Amazon's names to the account; certificate and signature are for the bucket's name there."""
    process.patch.delenv("AWS_ENDPOINT_URL_S3")
    process.set(AWS_CA_BUNDLE=str(authority.bundle), AWS_REGION="eu-west-1", **in_environ(session_keys(aws)))
    key = f"written/{time.monotonic_ns()}"
    with (
        faulty(aws.server.endpoint, authority.server("shelf.s3.eu-west-1.amazonaws.com")) as amazon,
        tunnel(amazon.endpoint) as proxy,
    ):
        store = process.open(HTTPS_PROXY=proxy.endpoint)
        assert store.get(KEY) == DATA
        assert read_range(store, KEY, start=5, length=3) == DATA[5:8]
        store.put_new(key, b"1")
        etag = store.replace(f"{key}/head", b"1", etag=None)
        assert store.replace(f"{key}/head", b"2", etag=etag) != etag
        assert [stored.key for stored in store.list(f"{key}/")] == [f"{key}/head"]
        store.delete(f"{key}/head")
        assert list(store.list(f"{key}/")) == []


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def front(aws: Account, authority: Authority) -> Iterator[FaultProxy]:
    """The account behind https, with a certificate of a private authority."""
    with faulty(aws.server.endpoint, authority.server("127.0.0.1")) as proxy:
        yield proxy


@pytest.mark.parametrize("named_by", ["variable", "profile", "bundle of many"])
def test_a_private_authority_is_trusted_by_ca_bundle(
    process: Process, aws: Account, front: FaultProxy, authority: Authority, tmp_path: Path, named_by: str
) -> None:
    bundle = authority.bundle
    if named_by == "bundle of many":
        others = b"".join(Authority(tmp_path, f"other{n}").pem for n in range(3))
        bundle = tmp_path / "many.pem"
        bundle.write_bytes(b"# our authorities\n" + others + authority.pem)
    if named_by == "profile":
        process.config({"default": {"ca_bundle": bundle}})
    else:
        process.set(AWS_CA_BUNDLE=str(bundle))
    store = process.open(AWS_ENDPOINT_URL_S3=front.endpoint, **in_environ(session_keys(aws)))
    assert store.get(KEY) == DATA
    store.put_new(f"written/{time.monotonic_ns()}", b"through a writer")


def test_a_role_behind_a_private_authority(
    process: Process, aws: Account, front: FaultProxy, authority: Authority
) -> None:
    process.config(a_role(aws))
    process.set(AWS_PROFILE="team", AWS_ENDPOINT_URL=front.endpoint)
    for nothing in ({}, {"AWS_CA_BUNDLE": ""}):
        with refused(aws, StoreUnreachable, "service that renews credentials is not trusted", "set AWS_CA_BUNDLE"):
            process.read(**nothing)
    process.write("authority.pem", authority.pem.decode())
    assert process.read(AWS_CA_BUNDLE="~/authority.pem", AWS_ENDPOINT_URL_S3=front.endpoint) == DATA


@pytest.mark.parametrize("bundle", ["none", "another authority's"])
def test_without_its_authority_a_certificate_is_not_trusted(
    process: Process, aws: Account, front: FaultProxy, tmp_path: Path, bundle: str
) -> None:
    if bundle != "none":
        process.set(AWS_CA_BUNDLE=str(Authority(tmp_path, "other").bundle))
    store = process.open(AWS_ENDPOINT_URL_S3=front.endpoint, **in_environ(session_keys(aws)))
    for verb in (lambda: store.get(KEY), lambda: store.put_new("written/never", b"")):
        with refused(aws, StoreUnreachable, "its certificate is not trusted", "set AWS_CA_BUNDLE to a file"):
            verb()


CERTIFICATES: dict[str, tuple[Callable[[Authority], ssl.SSLContext | None], str]] = {
    "another name": (lambda a: a.server("s3.example.org"), "its certificate is for another name; check the endpoint"),
    "expired": (lambda a: a.server("127.0.0.1", days=(-9, -2)), "its certificate has expired"),
    "not yet": (lambda a: a.server("127.0.0.1", days=(2, 9)), "not valid yet; check the clock"),
    "the authority's own": (lambda a: a.own_server(), "an authority's own"),
    "none": (lambda a: None, "it does not speak https; check the endpoint"),
}


@pytest.mark.parametrize(("certificate", "says"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_what_is_wrong_with_a_certificate_is_said(
    process: Process,
    aws: Account,
    authority: Authority,
    certificate: Callable[[Authority], ssl.SSLContext | None],
    says: str,
) -> None:
    process.set(AWS_CA_BUNDLE=str(authority.bundle), **in_environ(session_keys(aws)))
    with faulty(aws.server.endpoint, certificate(authority)) as front, refused(aws, StoreUnreachable, says):
        process.read(AWS_ENDPOINT_URL_S3=front.endpoint.replace("http:", "https:"))


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_without_certificates_is_a_wrong_setting(process: Process, aws: Account, content: str) -> None:
    bundle = process.write("bundle.pem", content)
    with refused(aws, UsageError, "AWS_CA_BUNDLE", "PEM"):
        process.open(AWS_CA_BUNDLE=str(bundle), **in_environ(session_keys(aws)))


def test_no_proxy_names_what_is_asked_directly(process: Process, aws: Account, s3: FaultProxy) -> None:
    process.set(HTTP_PROXY=NOBODY, **in_environ(session_keys(aws)))
    with refused(aws, StoreUnreachable, "refused"):
        process.read()
    assert process.read(NO_PROXY="127.0.0.1") == DATA
    assert s3.count() == 1


def test_a_proxy_that_does_not_lead_there(process: Process, aws: Account) -> None:
    with service(lambda asked: (502, "")) as proxy, refused(aws, StoreUnreachable, "the proxy of HTTPS_PROXY"):
        process.set(HTTPS_PROXY=proxy.endpoint, **in_environ(session_keys(aws)))
        process.read(AWS_ENDPOINT_URL_S3="https://s3.invalid")


# The whole way


@pytest.fixture
def user(tmp_path: Path, aws: Account) -> Iterator[User]:
    """Somebody with a home and a cache of their own, whose profile is "team"; its role may use the shelf."""
    endpoint = aws.server.endpoint
    environ = {"AWS_PROFILE": "team", "AWS_ENDPOINT_URL": endpoint, "CLOUDSHELF_TIMEOUT": "20"}
    found = make_user(tmp_path / "user", "s3://shelf/whole", **environ)
    folder = Path(found.environ["HOME"], ".aws")
    folder.mkdir()
    (folder / "config").write_text(_ini(a_role(aws)))
    yield found
    stop_fetchers(found)


def test_a_role_publishes_and_imports(user: User, tmp_path: Path) -> None:
    """By the command and by a fetcher, which has left the folder and the session of who started it."""
    user.run("init")
    user.run("publish", "--no-deps", make_wheel(tmp_path, "goodone", "1.0", {"goodone.py": "ready = True\n"}))
    said = user.run("run", "--with", "goodone", "--", "python", "-c", "import goodone; print(goodone.ready)")
    assert said.stdout == "True\n"


def test_an_ended_session_is_one_message_of_every_command(user: User) -> None:
    Path(user.environ["HOME"], ".aws", "config").write_text(
        _ini({"profile team": {"sso_session": "corp", **ROLE}, "sso-session corp": PORTAL})
    )
    says = ("The credentials for s3://shelf/whole", "the SSO session has ended", "aws sso login")
    user.refused("ls", code=3, says=says)
    user.refused("run", "--with", "goodone", "--", "true", code=3, says=says)
    user.refused("yank", "goodone==1.0", "--reason", "a test", code=3, says=says)
