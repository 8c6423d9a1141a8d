"""Keys that end in the middle of an upload: they are renewed, or the publish ends as one that was never begun."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.errors import CatalogOutdated, CredentialsExpired
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from tests.servers import Identity, S3Server, seaweed
from tests.stress import EVERYTHING, Checks
from tools.fault_proxy import Answer, FaultProxy, Handler, Reply, faulty

from .processes import foreign_wheel

FIRST = Identity("first", "AKIDFIRSTTEST", "canary-secret-first")
SECOND = Identity("second", "AKIDSECONDTEST", "canary-secret-second")


class Ended(Answer):
    """The keys of FIRST have ended: what they sign is refused, as S3 refuses it; what others sign is not."""

    def before(self, handler: Handler) -> Reply | None:
        mine = FIRST.access_key in handler.headers.get("Authorization", "")
        return super().before(handler) if mine else None


ENDED = Ended(400, "ExpiredToken")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with seaweed([FIRST, SECOND]) as running:
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with faulty(server.endpoint) as running:
        yield running


@pytest.fixture
def store(server: S3Server) -> Store:
    store = open_store(f"{server.url}/{uuid.uuid4().hex}", environ=server.environ())
    init_shelf(store, "ours")
    return store


def put(store: Store, wheel: Path) -> str:
    return publish(PublishRequest(wheels=(str(wheel),), no_deps=True, by="ann"), store).projects[0].action


def from_a_process(folder: Path, proxy: FaultProxy) -> dict[str, str]:
    """Settings whose keys come from a program: those of FIRST the first time, after that those of SECOND."""
    program = folder / "keys.py"
    program.write_text(f"""
import json, os
with open({str(folder / "calls")!r}, "ab") as calls:
    number = os.fstat(calls.fileno()).st_size
    calls.write(b"x")
keys = {[(i.access_key, i.secret_key) for i in (FIRST, SECOND)]!r}[min(number, 1)]
print(json.dumps({{"Version": 1, "AccessKeyId": keys[0], "SecretAccessKey": keys[1]}}))
""")
    config = folder / "config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} {program}\nregion = us-east-1\n")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"), "HOME": str(folder)}
    return plain | files | {"AWS_ENDPOINT_URL_S3": proxy.endpoint}


def count_requests(store: Store, server: S3Server, proxy: FaultProxy, folder: Path) -> int:
    """How many an undisturbed publish makes."""
    proxy.forget()
    put(open_store(store.url, environ=server.environ(endpoint=proxy.endpoint)), foreign_wheel(folder, "plain", "1.0"))
    return len(proxy.requests)


@pytest.mark.stress
def test_keys_that_end_before_any_request_of_a_publish_are_renewed(
    server: S3Server, proxy: FaultProxy, store: Store, tmp_path: Path, checks: Checks
) -> None:
    total = count_requests(store, server, proxy, tmp_path)
    for number in range(1, total + 1) if EVERYTHING else range(2, total + 1, 14):
        folder = tmp_path / str(number)
        folder.mkdir()
        proxy.heal()
        proxy.fail(ENDED, nth=number, times=1_000_000)
        through = open_store(store.url, environ=from_a_process(folder, proxy))
        project = f"p{number}"
        assert put(through, foreign_wheel(folder, project, "1.0")) == "published"
        assert (folder / "calls").read_text().startswith("xx")  # each of several uploads at once may ask
        assert [entry.action for entry in Shelf(store).log(project)] == ["publish 1.0"]
        assert Shelf(store).verify([project]).sound
        checks.add()


@pytest.mark.stress
def test_keys_that_end_for_good_end_a_publish_cleanly_and_with_new_ones_it_succeeds(
    server: S3Server, proxy: FaultProxy, store: Store, tmp_path: Path, checks: Checks
) -> None:
    total = count_requests(store, server, proxy, tmp_path)
    for number in range(1, total + 1) if EVERYTHING else range(2, total + 1, 14):
        project = f"p{number}"
        wheel = foreign_wheel(tmp_path, project, "1.0")
        proxy.heal()
        proxy.fail(ENDED, nth=number, times=1_000_000)
        through = open_store(store.url, environ=server.environ(FIRST, endpoint=proxy.endpoint))
        with pytest.raises((CredentialsExpired, CatalogOutdated), match="expired") as caught:
            put(through, wheel)
        assert "canary" not in str(caught.value)
        committed = isinstance(caught.value, CatalogOutdated)  # only that was left to do
        assert committed == (Repository(store).find_head(project) is not None)
        renewed = open_store(store.url, environ=server.environ(SECOND, endpoint=proxy.endpoint))
        assert put(renewed, wheel) == ("present" if committed else "published")
        assert Shelf(store).verify([project]).sound
        checks.add()


def test_keys_that_are_refused_are_asked_for_again_once(proxy: FaultProxy, store: Store, tmp_path: Path) -> None:
    proxy.fail(Answer(400, "ExpiredToken"), nth=None)
    through = open_store(store.url, environ=from_a_process(tmp_path, proxy))
    with pytest.raises(CredentialsExpired):
        through.put_new("projects/x/pack/y", b"1")
    assert proxy.count("PUT") == 2
    assert (tmp_path / "calls").read_text() == "xx"
