"""What S3's store does when network, server or credentials fail: which error, and after how many requests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloudshelf.errors import (
    AccessDenied,
    BucketMissing,
    ClockWrong,
    Conflict,
    CredentialsExpired,
    CredentialsMissing,
    ObjectInvalid,
    ObjectMissing,
    OutcomeUnknown,
    ShelfError,
    StoreUnreachable,
    UsageError,
)
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.ranges import read_range
from tests.servers import Identity, S3Server, seaweed
from tools.fault_proxy import (
    Answer,
    Delay,
    Drip,
    DropReply,
    Fault,
    FaultProxy,
    Reset,
    Truncate,
    WholeForRange,
    WrongRange,
    faulty,
)

KEY = "projects/numpy/head"
DATA = bytes(range(256)) * 64
READER = Identity("reader", "AKIDREADERTEST", "canary-secret-reader", ("Read:shelf/projects/open/*",))
EXTRA = "<AWSAccessKeyId>AKIDADMINTEST</AWSAccessKeyId><StringToSign>canary-secret-admin</StringToSign>"


@pytest.fixture
def proxy(seaweed_server: S3Server) -> Iterator[FaultProxy]:
    with faulty(seaweed_server.endpoint) as running:
        yield running


@pytest.fixture
def store(proxy: FaultProxy, seaweed_server: S3Server) -> Store:
    """An empty store behind the proxy, which gives up after 2 seconds."""
    environ = seaweed_server.environ(endpoint=proxy.endpoint) | {"CLOUDSHELF_TIMEOUT": "2"}
    return open_store(f"{seaweed_server.url}/{uuid.uuid4().hex}", environ=environ)


# Reads


@pytest.mark.parametrize(
    "fault",
    [Answer(503, "SlowDown"), Answer(500, "InternalError"), Reset(), DropReply(), Truncate()],
    ids=lambda fault: str(fault) if isinstance(fault, Answer) else type(fault).__name__,
)
@pytest.mark.parametrize("verb", ["get", "stream_range"])
def test_a_read_survives_a_passing_fault(store: Store, proxy: FaultProxy, fault: Fault, verb: str) -> None:
    store.put_new(KEY, DATA)
    proxy.fail(fault, method="GET", times=2)
    found = store.get(KEY) if verb == "get" else read_range(store, KEY, start=0, length=len(DATA))
    assert found == DATA
    assert proxy.count("GET") == 3


def test_a_healthy_read_is_one_request(store: Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, DATA)
    proxy.forget()
    store.get(KEY)
    store.get_tagged(KEY)
    read_range(store, KEY, start=5, length=7)
    assert [(r.method, r.range) for r in proxy.requests] == [("GET", ""), ("GET", ""), ("GET", "bytes=5-11")]


def test_a_read_gives_up_when_the_store_stays_overloaded(store: Store, proxy: FaultProxy) -> None:
    proxy.fail(Answer(503, "SlowDown"), nth=None)
    began = time.monotonic()
    with pytest.raises(StoreUnreachable, match="503 SlowDown"):
        store.get(KEY)
    assert 2 <= proxy.count("GET") <= 8
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("fault", [WholeForRange(), WrongRange()], ids=lambda fault: type(fault).__name__)
def test_another_range_than_asked_is_damage_and_not_retried(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    store.put_new(KEY, DATA)
    proxy.fail(fault, method="GET", nth=None)
    with pytest.raises(ObjectInvalid):
        read_range(store, KEY, start=10, length=20)
    assert proxy.count("GET") == 1


def test_a_silent_server_is_unreachable_within_the_deadline(store: Store, proxy: FaultProxy) -> None:
    proxy.fail(Delay(60), nth=None)
    began = time.monotonic()
    with pytest.raises(StoreUnreachable, match="in time"):
        store.get(KEY)
    assert time.monotonic() - began < 15


def test_one_byte_a_second_ends_within_the_deadline(store: Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, DATA)
    proxy.fail(Drip(1.0), method="GET", nth=None)
    began = time.monotonic()
    with pytest.raises(StoreUnreachable):
        read_range(store, KEY, start=0, length=200)
    assert time.monotonic() - began < 15


def test_a_slow_body_that_keeps_coming_is_read_to_its_end(store: Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, DATA[:250])
    proxy.fail(Drip(0.01), method="GET")  # 2.5 seconds in all, longer than the timeout of one silence
    assert store.get(KEY) == DATA[:250]
    assert proxy.count("GET") == 1


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://nowhere.invalid"])
def test_an_endpoint_that_is_not_there_is_unreachable(seaweed_server: S3Server, endpoint: str) -> None:
    environ = seaweed_server.environ(endpoint=endpoint) | {"CLOUDSHELF_TIMEOUT": "1"}
    store = open_store(seaweed_server.url, environ=environ)
    for verb in (lambda: store.get(KEY), lambda: list(store.list("")), lambda: store.delete(KEY)):
        with pytest.raises(StoreUnreachable, match=r"refused|resolved"):
            verb()
    with pytest.raises(StoreUnreachable):  # never sent, so its outcome is known
        store.put_new(KEY, b"1")


# Conditional writes


@pytest.mark.parametrize(
    "fault",
    [DropReply(), Answer(500, "InternalError"), Answer(504, ""), Reset(), Delay(60)],
    ids=lambda fault: str(fault) if isinstance(fault, (Answer, Delay)) else type(fault).__name__,
)
@pytest.mark.parametrize("creating", [True, False])
def test_a_write_without_a_clear_reply_is_unknown_and_sent_once(
    store: Store, proxy: FaultProxy, fault: Fault, creating: bool
) -> None:
    etag = None if creating else store.replace(KEY, b"first", etag=None)
    proxy.forget()
    proxy.fail(fault, method="PUT")
    with pytest.raises(OutcomeUnknown):
        store.replace(KEY, b"second", etag=etag)
    assert proxy.count("PUT") == 1


def test_a_write_whose_reply_was_lost_has_landed(store: Store, proxy: FaultProxy) -> None:
    proxy.fail(DropReply(), method="PUT")
    with pytest.raises(OutcomeUnknown):
        store.put_new(KEY, DATA)
    assert store.get(KEY) == DATA


def test_a_write_that_was_turned_away_is_known_not_to_have_landed(store: Store, proxy: FaultProxy) -> None:
    proxy.fail(Answer(503, "SlowDown"), method="PUT")
    with pytest.raises(StoreUnreachable):
        store.put_new(KEY, DATA)
    assert proxy.count("PUT") == 1
    store.put_new(KEY, DATA)


@pytest.mark.parametrize(("status", "code"), [(409, "ConditionalRequestConflict"), (412, "PreconditionFailed")])
def test_both_refusals_of_a_condition_are_conflicts(store: Store, proxy: FaultProxy, status: int, code: str) -> None:
    etag = store.replace(KEY, b"first", etag=None)
    proxy.fail(Answer(status, code), method="PUT", nth=None)
    with pytest.raises(Conflict):
        store.replace(KEY, b"second", etag=etag)
    with pytest.raises(Conflict):
        store.put_new("projects/numpy/other", b"1")
    assert proxy.count("PUT") == 3


def test_an_upload_carries_a_condition_and_a_checksum(seaweed_server: S3Server) -> None:
    """Seen by a server that stores whatever it is told: the request itself has to ask for both."""
    with faulty(seaweed_server.endpoint) as proxy:
        store = open_store(f"{seaweed_server.url}/x", environ=seaweed_server.environ(endpoint=proxy.endpoint))
        store.put_new(uuid.uuid4().hex, DATA)
        (request,) = proxy.requests
    assert request.headers["if-none-match"] == "*"
    assert request.headers["x-amz-checksum-sha256"]


# Who is asking


@pytest.mark.parametrize(
    ("status", "code", "expected", "words"),
    [
        (403, "AccessDenied", AccessDenied, "no access to projects/numpy/head"),
        (403, "SomethingNew", AccessDenied, "no access"),
        (400, "ExpiredToken", CredentialsExpired, "token has expired"),
        (403, "ExpiredToken", CredentialsExpired, "token has expired"),
        (403, "InvalidAccessKeyId", CredentialsExpired, "access key is not known"),
        (403, "SignatureDoesNotMatch", CredentialsExpired, "secret key"),
        (400, "InvalidToken", CredentialsExpired, "not valid"),
        (403, "RequestTimeTooSkewed", ClockWrong, "more than 15 minutes off"),
        (404, "NoSuchBucket", BucketMissing, "bucket"),
        (404, "NoSuchKey", ObjectMissing, "is not in"),
        (301, "PermanentRedirect", StoreUnreachable, "another region"),
        (400, "AuthorizationHeaderMalformed", StoreUnreachable, "another region"),
        (400, "InvalidRequest", StoreUnreachable, "400 InvalidRequest"),
    ],
)
def test_each_refusal_is_an_error_of_its_own_without_secrets(
    store: Store, proxy: FaultProxy, status: int, code: str, expected: type[ShelfError], words: str
) -> None:
    proxy.fail(Answer(status, code, EXTRA), nth=None)
    reads: list[Callable[[], object]] = [
        lambda: store.get(KEY),
        lambda: read_range(store, KEY, start=0, length=4),
        lambda: list(store.list(KEY)),
    ]
    for read in reads:
        with pytest.raises(expected, match=words) as caught:
            read()
        assert type(caught.value) is expected
        assert_no_secret(caught.value)
    if code != "NoSuchKey":
        with pytest.raises(expected) as caught:
            store.put_new(KEY, b"1")
        assert_no_secret(caught.value)


def assert_no_secret(error: BaseException) -> None:
    """Neither in the words nor in what a traceback would print."""
    text = f"{error} {error.args!r} {error.__cause__} {'' if error.__suppress_context__ else error.__context__}"
    assert "AKID" not in text
    assert "canary" not in text


@pytest.fixture(scope="module")
def guarded_server() -> Iterator[S3Server]:
    """SeaweedFS with an identity that may read one project only."""
    with seaweed([READER]) as server:
        owner = open_store(server.url, environ=server.environ())
        owner.put_new("projects/open/head", b"open")
        owner.put_new("projects/openly/head", b"cousin")
        owner.put_new("projects/secret/head", b"secret")
        yield server


def test_a_grant_is_for_one_project(guarded_server: S3Server) -> None:
    store = open_store(guarded_server.url, environ=guarded_server.environ(READER))
    assert store.get("projects/open/head") == b"open"
    denied: list[Callable[[], object]] = [
        lambda: store.get("projects/secret/head"),
        lambda: read_range(store, "projects/openly/head", start=0, length=1),
        lambda: store.put_new("projects/open/new", b"1"),
        lambda: store.replace("projects/open/head", b"1", etag="x"),
        lambda: store.delete("projects/open/head"),
    ]
    for verb in denied:
        with pytest.raises(AccessDenied):
            verb()


def test_keys_that_nobody_knows_and_wrong_secrets_are_not_a_denied_grant(guarded_server: S3Server) -> None:
    for who in (Identity("x", "AKIDNOBODY", "canary"), Identity("x", READER.access_key, "canary-wrong")):
        store = open_store(guarded_server.url, environ=guarded_server.environ(who))
        with pytest.raises(CredentialsExpired) as caught:
            store.get("projects/open/head")
        assert_no_secret(caught.value)


def test_a_bucket_that_is_not_there_is_its_own_error(seaweed_server: S3Server) -> None:
    store = open_store("s3://no-such-bucket/curated", environ=seaweed_server.environ())
    verbs: list[Callable[[], object]] = [
        lambda: store.get(KEY), lambda: read_range(store, KEY, start=0, length=1), lambda: store.put_new(KEY, b"1")
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(BucketMissing) as caught:
            verb()
        assert caught.value.store == "s3://no-such-bucket/curated"


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A process without AWS settings, and with no instance metadata service."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return {"HOME": str(tmp_path)}


def test_without_credentials_the_first_request_says_so_and_opening_looks_for_none(no_settings: dict[str, str]) -> None:
    store = open_store("s3://shelf/curated", environ=no_settings)
    for _ in range(2):
        with pytest.raises(CredentialsMissing, match="aws sso login"):
            store.get(KEY)


def test_an_unknown_profile_is_said_to_be_unknown(no_settings: dict[str, str]) -> None:
    with pytest.raises(CredentialsExpired, match="profile"):
        open_store("s3://shelf/curated", environ=no_settings | {"AWS_PROFILE": "nobody"}).get(KEY)


def test_a_profile_brings_keys_region_and_endpoint(no_settings: dict[str, str], guarded_server: S3Server) -> None:
    folder = Path(no_settings["HOME"]) / ".aws"
    folder.mkdir()
    (folder / "config").write_text(
        "[profile shelf]\nregion = eu-west-1\nservices = here\n"
        f"[services here]\ns3 =\n  endpoint_url = {guarded_server.endpoint}\n"
    )
    (folder / "credentials").write_text(
        f"[shelf]\naws_access_key_id = {READER.access_key}\naws_secret_access_key = {READER.secret_key}\n"
    )
    store = open_store(guarded_server.url, environ=no_settings | {"AWS_PROFILE": "shelf"})
    assert store.get("projects/open/head") == b"open"


def test_credentials_of_a_process_are_used(no_settings: dict[str, str], guarded_server: S3Server) -> None:
    """As every refreshing kind: boto3 gives them to obstore when it asks."""
    folder = Path(no_settings["HOME"])
    keys = {"Version": 1, "AccessKeyId": READER.access_key, "SecretAccessKey": READER.secret_key}
    (folder / "keys.json").write_text(json.dumps(keys))
    (folder / "config").write_text(f"[profile shelf]\ncredential_process = cat {folder / 'keys.json'}\n")
    environ = no_settings | {"AWS_PROFILE": "shelf", "AWS_CONFIG_FILE": str(folder / "config")}
    store = open_store(guarded_server.url, environ=environ | {"AWS_ENDPOINT_URL": guarded_server.endpoint})
    assert store.get("projects/open/head") == b"open"


def test_credentials_of_a_process_that_stops_giving_them(no_settings: dict[str, str], guarded_server: S3Server) -> None:
    """A credential process that fails when asked is no denied grant and no missing object."""
    config = Path(no_settings["HOME"]) / "config"
    config.write_text(f"[profile shelf]\ncredential_process = {sys.executable} -c 'raise SystemExit(1)'\n")
    environ = no_settings | {"AWS_PROFILE": "shelf", "AWS_CONFIG_FILE": str(config)}
    with pytest.raises((CredentialsMissing, CredentialsExpired)):
        open_store(guarded_server.url, environ=environ | {"AWS_ENDPOINT_URL": guarded_server.endpoint}).get(KEY)


def test_credentials_that_cannot_be_renewed_later(no_settings: dict[str, str], guarded_server: S3Server) -> None:
    """Renewal fails between two requests: found out when the next one needs new keys."""
    from cloudshelf.stores.credentials import Credentials, read_settings
    from cloudshelf.stores.object_store import ObjectStore

    class UnauthorizedSSOTokenError(Exception):
        """Named as botocore's."""

    def ask() -> object:
        raise UnauthorizedSSOTokenError("canary-secret")

    settings = read_settings(no_settings | {"AWS_ENDPOINT_URL": guarded_server.endpoint})
    store = ObjectStore("shelf", "", settings, Credentials(ask, "s3://shelf"))  # type: ignore[arg-type]
    for verb in (lambda: store.get(KEY), lambda: store.put_new(KEY, b"1")):
        with pytest.raises(CredentialsExpired, match="SSO") as caught:
            verb()
        assert_no_secret(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AWS_ENDPOINT_URL_S3", "http://s3.example.org", "not encrypted"),
        ("AWS_ENDPOINT_URL", "https://AKIDX:canary@s3.example.org", "holds credentials"),
        ("AWS_ENDPOINT_URL", "s3.example.org:443", "not an http"),
        ("AWS_CA_BUNDLE", "/nowhere/ca.pem", "AWS_CA_BUNDLE"),
        ("CLOUDSHELF_TIMEOUT", "soon", "CLOUDSHELF_TIMEOUT"),
        ("CLOUDSHELF_TIMEOUT", "0", "CLOUDSHELF_TIMEOUT"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, words: str) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIDX", "AWS_SECRET_ACCESS_KEY": "canary", name: value}
    with pytest.raises(UsageError, match=words) as caught:
        open_store("s3://shelf", environ=environ)
    assert_no_secret(caught.value)


# What opening costs


def test_opening_loads_only_what_the_url_needs(tmp_path: Path) -> None:
    program = (
        "import sys; from cloudshelf.stores.opening import open_store\n"
        "keys = {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b'}\n"
        "open_store(sys.argv[1], environ=keys | {'HOME': sys.argv[2]})\n"
        "print(*sorted({'obstore', 'boto3', 'botocore', 'configparser'} & set(sys.modules)))"
    )

    def loaded(url: str) -> str:
        words = [sys.executable, "-c", program, url, str(tmp_path)]
        return subprocess.check_output(words, text=True, timeout=60).strip()

    assert loaded(str(tmp_path)) == ""
    assert loaded("memory:") == ""
    assert loaded("s3://shelf") == "obstore"
