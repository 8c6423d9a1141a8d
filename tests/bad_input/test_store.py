"""A store that is not there, or refuses: no bucket, no credentials or old ones, a denied prefix, no network."""

from __future__ import annotations

from collections.abc import Callable

from tests.servers import S3Server
from tools.fault_proxy import Answer, FaultProxy, Reset

from .conftest import NOBODY, READER, User


def test_a_missing_bucket_is_named(remote: User, server: S3Server, proxy: FaultProxy) -> None:
    who = server.environ(endpoint=proxy.endpoint)  # who may see less is told "no access", as by AWS
    says = ("The bucket of s3://no-such-bucket-here", "does not exist", "Check the name")
    remote.refused("ls", code=3, says=says, CLOUDSHELF_URL="s3://no-such-bucket-here/good", **who)
    remote.run("ls")


def test_missing_credentials_say_how_to_get_some(
    users: Callable[..., User], uploaded: str, server: S3Server, proxy: FaultProxy
) -> None:
    stranger = users(uploaded, AWS_ENDPOINT_URL_S3=proxy.endpoint, AWS_REGION="us-east-1")
    says = ("No AWS credentials were found for s3://shelf/good", "AWS_PROFILE", "aws sso login")
    stranger.refused("ls", code=3, says=says)
    assert not proxy.requests
    stranger.run("ls", **server.environ(READER, proxy.endpoint))


def test_expired_credentials_say_how_to_renew_them(remote: User, proxy: FaultProxy) -> None:
    proxy.fail(Answer(400, "ExpiredToken"), nth=None)
    says = ("The credentials for s3://shelf/good", "the session token has expired", "Renew them")
    remote.refused("ls", "badone", code=3, says=says)
    remote.refused("run", "--with", "badone", "--", "true", code=3, says=says)
    proxy.heal()
    remote.works()


def test_a_wrong_secret_is_refused_without_being_repeated(remote: User) -> None:
    says = ("The credentials for s3://shelf/good", "the secret key does not fit the access key", "then try again")
    remote.refused("ls", "badone", code=3, says=says, AWS_SECRET_ACCESS_KEY="canary-secret-wrong")
    remote.run("ls", "badone")


def test_a_denied_prefix_is_named(remote: User, server: S3Server, proxy: FaultProxy) -> None:
    says = ("Your credentials give no access to", "s3://shelf/good", "Ask the shelf's administrator")
    remote.refused("ls", "badone", code=3, says=says, **server.environ(NOBODY, proxy.endpoint))
    remote.run("ls", "badone")


def test_a_reader_cannot_publish_and_is_told_so(remote: User) -> None:
    says = ("Your credentials give no access to", "s3://shelf/good", "administrator")
    remote.refused("yank", "badone==2.0", "--reason", "a test", code=3, says=says)
    remote.works()


def test_no_network_at_use_is_one_message(remote: User, proxy: FaultProxy) -> None:
    proxy.fail(Reset(), nth=None)
    says = ("s3://shelf/good cannot be reached", "try again", "cloudshelf doctor")
    remote.refused("run", "--with", "badone", "--", "true", code=3, says=says)
    proxy.heal()
    remote.works()


def test_a_refused_connection_is_one_message(remote: User) -> None:
    says = ("s3://shelf/good cannot be reached", "the connection was refused", "try again")
    remote.refused("ls", code=3, says=says, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")  # the discard port
    remote.run("ls")


def test_a_busy_store_is_one_message(remote: User, proxy: FaultProxy) -> None:
    proxy.fail(Answer(503, "SlowDown"), nth=None)
    says = ("s3://shelf/good cannot be reached", "503", "try again")
    remote.refused("ls", "badone", code=3, says=says)
    proxy.heal()
    remote.run("ls", "badone")
