"""What a panel is told when something is wrong: a status, one sentence, whom to ask, whether to try again."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from cloudshelf import config
from cloudshelf.codecs.names import head_key
from cloudshelf.errors import ShelfForbidden
from cloudshelf_jupyter.server.problems import status_of
from cloudshelf_jupyter.server.settings import ServerSettings
from cloudshelf_jupyter.server.shelves import Shelves
from tests.bad_input.conftest import copy_shelf
from tests.server.running import Server, running
from tests.servers import Identity, S3Server, seaweed
from tools.fault_proxy import Corrupt, Delay, FaultProxy, faulty

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

READER = Identity(
    "panel-reader",
    "AKIDPANELREADER",
    "canary-secret-panel",
    (
        "Read:shelf/good/shelf.json*",
        "Read:shelf/good/catalog/*",
        "Read:shelf/good/projects/demo/*",
        "List:shelf/good/*",
    ),
)


class Folders(NamedTuple):
    """The server, and its shelves in order."""

    server: Server
    sound: Path
    nothing: Path
    damaged: Path
    vanishing: Path


NOBODY = Identity("panel-nobody", "AKIDPANELNOBODY", "canary-secret-nobody", ("Read:shelf/elsewhere/*",))


@pytest.fixture(scope="module")
def storage() -> Iterator[S3Server]:
    with seaweed([READER, NOBODY]) as running:
        yield running


@pytest.fixture(scope="module")
def bucket(shelf: Path, storage: S3Server) -> str:
    """The shelf in a bucket, of which the reader may not read needer."""
    copy_shelf(shelf, f"{storage.url}/good", storage)
    return f"{storage.url}/good"


@pytest.fixture
def proxy(storage: S3Server) -> Iterator[FaultProxy]:
    with faulty(storage.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def folders(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    """A server with four shelves: the sound one, and three folders, of which two are copies of it to be spoilt."""
    folder = tmp_path_factory.mktemp("folders")
    paths = [shelf, folder / "nothing", folder / "damaged", folder / "vanishing"]
    for copy in paths[2:]:
        shutil.copytree(shelf, copy)
    with running(folder / "server", CLOUDSHELF_URL=",".join(path.as_uri() for path in paths)) as server:
        yield Folders(server, *paths)


def state(server: Server) -> tuple[str, str, bool]:
    """The first shelf's state, the error's name, and whether to retry."""
    row = server.ask("/shelves").json["shelves"][0]
    assert_clear(row["error"]["message"])
    return row["state"], row["error"]["name"], row["error"]["retry"]


def assert_clear(text: str) -> None:
    assert (
        "Traceback" not in text and "canary" not in text and text.endswith((".", ")", "login", "init"))
    ) or " " in text


def test_without_a_shelf_one_is_told_what_to_set(start: Callable[..., Server]) -> None:
    server = start()
    answer = server.ask("/shelves")
    assert answer.status == 200 and answer.json["shelves"] == []
    assert answer.json["error"]["name"] == "NoShelf" and "c.CloudShelf.url" in answer.json["error"]["message"]
    assert server.ask("/health").json["status"] == "error"
    assert server.ask("/shelves/0123456789ab/projects").status == 404


def test_a_setting_that_is_no_url_is_told_without_what_is_secret_in_it(start: Callable[..., Server]) -> None:
    server = start(CLOUDSHELF_URL="s3://AKIDCANARY:canary-secret@bucket/x")
    found = server.ask("/shelves").json
    assert found["error"]["name"] == "UsageError" and "CLOUDSHELF_URL" in found["error"]["message"]
    assert "canary" not in str(found) and "canary" not in server.log.read_text()


def test_each_shelf_is_a_root_of_its_own(folders: Folders) -> None:
    rows = folders.server.ask("/shelves").json["shelves"]
    assert [row["url"] for row in rows] == [path.as_uri() for path in folders[1:]]
    assert len({row["id"] for row in rows}) == 4
    assert folders.server.at(0).get("projects")["total"] == folders.server.at(2).get("projects")["total"] == 2


def test_where_no_shelf_is_one_is_told_so_until_there_is_one(folders: Folders) -> None:
    server = folders.server.at(1)
    row = server.ask("/shelves").json["shelves"][1]
    assert (row["state"], row["error"]["name"], row["error"]["retry"]) == ("error", "ShelfMissing", True)
    answer = server.ask(server.path("projects"))
    assert answer.status == 404 and "cloudshelf init" in answer.problem["message"]
    shutil.copytree(folders.sound, folders.nothing)
    assert server.get("projects")["total"] == 2


def test_what_one_may_not_read_is_locked_and_says_whom_to_ask(
    start: Callable[..., Server], bucket: str, storage: S3Server
) -> None:
    server = start(CLOUDSHELF_URL=bucket, **storage.environ(READER))
    assert server.get("projects")["total"] == 2
    assert server.get("projects", "demo")["default"] == "1.0"
    for parts in (["needer"], ["needer", "versions", "1.0"], ["needer", "versions", "1.0", "files"]):
        answer = server.ask(server.path("projects", *parts))
        assert (answer.status, answer.problem["name"], answer.problem["retry"]) == (403, "NoGrant", False)
        assert answer.problem["ask"].startswith("https://tickets.example/new?title=needer+")
        assert_clear(answer.body.decode())


def test_what_is_not_there_says_whom_to_ask(server: Server) -> None:
    answer = server.ask(server.path("projects", "zebra"))
    assert (answer.status, answer.problem["name"]) == (404, "ProjectMissing")
    assert answer.problem["ask"].startswith("https://tickets.example/new?title=zebra+")
    answer = server.ask(server.path("projects", "demo", "versions", "9.9"))
    assert (answer.status, answer.problem["name"]) == (404, "VersionMissing") and "2.0, 1.0" in answer.problem[
        "message"
    ]
    for route in ("files", "content"):
        answer = server.ask(server.path("projects", "demo", "versions", "1.0", route, path="site/zebra"))
        assert (answer.status, answer.problem["name"]) == (404, "PathMissing")
    assert server.ask(server.path("locks", "team/2025")).problem["name"] == "LockMissing"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIDWRONG"}, "CredentialsExpired"),
        ({"AWS_ACCESS_KEY_ID": NOBODY.access_key, "AWS_SECRET_ACCESS_KEY": NOBODY.secret_key}, "AccessDenied"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "CredentialsMissing"),
        ({"CLOUDSHELF_URL": "s3://no-such-bucket/x"}, "BucketMissing"),
    ],
)
def test_wrong_credentials_and_a_wrong_bucket_are_told_from_one_another(
    start: Callable[..., Server], bucket: str, storage: S3Server, environ: dict[str, str], name: str
) -> None:
    server = start(
        **({"CLOUDSHELF_URL": bucket} | storage.environ(READER if "URL" not in str(environ) else None) | environ)
    )
    found = state(server)
    assert found[:2] == ("error", name)
    answer = server.ask(server.path("projects"))
    assert answer.problem["name"] == name and answer.status in (403, 404, 503)
    health = server.ask("/health").json
    assert health["status"] == "error" and len(health["shelves"][0]["checks"]) > 1
    assert "canary" not in str(health) + server.log.read_text()


def test_a_store_that_cannot_be_reached_is_worth_another_try(
    start: Callable[..., Server], bucket: str, storage: S3Server
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        server = start(CLOUDSHELF_URL=bucket, CLOUDSHELF_TIMEOUT="1", **storage.environ(READER, endpoint))
        assert state(server) == ("error", "StoreUnreachable", True)
        answer = server.ask(server.path("projects"))
        assert (answer.status, answer.problem["retry"]) == (503, True)


def test_a_slow_shelf_is_given_up_at_the_deadline_and_is_well_again_when_it_answers(
    start: Callable[..., Server], bucket: str, storage: S3Server, proxy: FaultProxy
) -> None:
    server = start(
        "--CloudShelf.deadline=4",
        "--CloudShelf.watch_seconds=0.05",  # what was looked at when it started is no answer any more
        CLOUDSHELF_URL=bucket,
        **storage.environ(READER, proxy.endpoint),
    )
    proxy.fail(Delay(600), nth=None)
    assert state(server) == ("error", "ShelfSlow", True)
    answer = server.ask(server.path("projects"))
    assert (answer.status, answer.problem["name"], answer.problem["retry"]) == (504, "ShelfSlow", True)
    proxy.heal()
    while server.ask(server.path("projects")).status != 200:  # its threads wait for what they asked before
        pass


def test_a_slow_shelf_holds_up_no_other(
    start: Callable[..., Server], shelf: Path, bucket: str, storage: S3Server, proxy: FaultProxy
) -> None:
    server = start(
        "--CloudShelf.deadline=10",
        "--CloudShelf.threads=1",
        CLOUDSHELF_URL=f"{shelf.as_uri()},{bucket}",
        **storage.environ(READER, proxy.endpoint),
    )
    first, second = (row["id"] for row in server.ask("/shelves").json["shelves"])
    proxy.fail(Delay(600), nth=None)
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(server.ask, f"/shelves/{second}/projects/demo") for _ in range(3)]
        assert server.ask(f"/shelves/{first}/projects/demo").status == 200
        assert not any(each.done() for each in slow)
        assert [each.result().status for each in slow] == [504, 504, 504]


def test_damage_is_told_as_damage(folders: Folders) -> None:
    server = folders.server.at(2)
    head = folders.damaged / head_key("demo")
    head.write_bytes(head.read_bytes().replace(b"2.0", b"2.1"))
    answer = server.ask(server.path("projects", "demo"))
    assert (answer.status, answer.problem["name"]) == (502, "ObjectInvalid")
    assert "cloudshelf verify" in answer.problem["message"]
    assert server.get("projects", "needer")["default"] == "1.0"


def test_bytes_that_were_changed_on_their_way_are_not_shown(
    start: Callable[..., Server], bucket: str, storage: S3Server, proxy: FaultProxy
) -> None:
    server = start(CLOUDSHELF_URL=bucket, **storage.environ(READER, proxy.endpoint))
    path = server.path("projects", "demo", "versions", "1.0", "content", path="site/demo/dot.png")
    proxy.fail(Corrupt(), path="/pack/", nth=None)
    answer = server.ask(path)
    assert (answer.status, answer.problem["name"]) == (502, "ObjectInvalid")
    proxy.heal()
    assert server.ask(path).body == b"\x89PNG\r\n\x1a\n"


def test_a_project_that_is_gone_is_missing(folders: Folders) -> None:
    server = folders.server.at(3)
    assert server.get("projects", "demo", "versions", "1.0", "files")["total"] == 2
    shutil.rmtree(folders.vanishing / "projects" / "demo")
    for parts in ([], ["versions", "1.0"], ["versions", "1.0", "files"]):
        assert server.ask(server.path("projects", "demo", *parts)).problem["name"] == "ProjectMissing"


def test_a_shelf_that_the_machine_does_not_allow_is_not_shown(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In this process: the machine's file is /etc/cloudshelf.toml."""
    (tmp_path / "cloudshelf.toml").write_text('allowed_shelves = ["s3://ours/*"]')
    monkeypatch.setattr(config, "_SYSTEM_FILE", tmp_path / "cloudshelf.toml")
    monkeypatch.setenv("CLOUDSHELF_URL", shelf.as_uri())
    (opened,) = Shelves(ServerSettings(), lambda *change: None).all()
    with pytest.raises(ShelfForbidden) as refused:
        opened.read_info()
    assert status_of(refused.value) == (403, False)
