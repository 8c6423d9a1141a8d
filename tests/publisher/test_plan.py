"""What planning and fetching promise: exactly the index's bytes, for the right Python, and no secret on the shelf."""

from __future__ import annotations

import base64
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cloudshelf.codecs.origin import public_origin
from cloudshelf.errors import PublishFailed, WheelInvalid
from cloudshelf.publisher.fetch import fetch
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.pip import IndexOptions, summarize
from cloudshelf.publisher.plan import hash_file, plan
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore
from tests.pythons import find_pythons

from .wheels import build_wheel

HERE = find_interpreter(None, None)
OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"


class PrivateIndex(SimpleHTTPRequestHandler):
    """A simple index (PEP 503) that answers "curator" with the password "canary" only."""

    def do_GET(self) -> None:
        word = base64.b64encode(b"curator:canary").decode()
        if self.headers.get("Authorization") != f"Basic {word}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The URL of a private index with the project "demo", credentials included."""
    folder = tmp_path / "index"
    (folder / "simple/demo").mkdir(parents=True)
    (folder / "files").mkdir()
    wheel = build_wheel(folder / "files")
    link = f'<a href="../../files/{wheel.name}#sha256={hash_file(wheel)}">{wheel.name}</a>'
    (folder / "simple/demo/index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(PrivateIndex, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://curator:canary@127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without this machine's configuration."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("only_here")
def test_an_index_with_a_password_works_and_the_password_stays_off_the_shelf(shelf: CountingStore, index: str) -> None:
    report = publish(PublishRequest(requirements=("demo",), index=IndexOptions(index_url=index)), shelf)
    assert [row.action for row in report.projects] == ["published"]
    (wheel,) = Repository(shelf).release("demo", "1.0").wheels
    host = index.partition("@")[2].removesuffix("/simple/")
    assert wheel.origin == f"http://{host}/files/demo-1.0-py3-none-any.whl"
    for stored in shelf.list(""):
        assert b"canary" not in shelf.get(stored.key)


@pytest.mark.usefixtures("only_here")
def test_a_password_is_in_no_error(index: str) -> None:
    with pytest.raises(PublishFailed) as caught:
        plan(["missing-project"], [], HERE, IndexOptions(index_url=index))
    assert "canary" not in str(caught.value)
    assert "satisfies the requirement missing-project" in str(caught.value)


@pytest.mark.usefixtures("only_here")
def test_pips_configuration_is_honoured(tmp_path: Path, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = {index}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    assert [item.version for item in plan(["demo"], [], HERE, IndexOptions())] == ["1.0"]


@pytest.mark.parametrize(
    "url, origin",
    [
        ("https://user:secret@host.example/a/b.whl?token=x#sha256=y", "https://host.example/a/b.whl"),
        ("https://host.example:8443/b.whl", "https://host.example:8443/b.whl"),
        ("git+https://token@host.example/a.git@abc", "git+https://host.example/a.git@abc"),
        ("file:///home/ann/b.whl", ""),
        ("/home/ann/b.whl", ""),
    ],
)
def test_an_origin_has_no_credentials_and_no_local_path(url: str, origin: str) -> None:
    assert public_origin(url) == origin


def test_pips_errors_are_made_readable() -> None:
    said = "WARNING: slow\nERROR: Could not find https://a:b@host/x\n  noise\nERROR: No matching distribution\n"
    assert summarize(said) == "Could not find https://host/x; No matching distribution"
    retry = "WARNING: Retrying (Retry(4)) after connection broken by "
    refused = f"{retry}'NewConnectionError('<x>: Failed: [Errno 111] Connection refused')': /simple/x/"
    late = f"{retry}'ConnectTimeoutError(<x at 0x7>, 'Connection to host timed out. (connect timeout=15)')': /simple/x/"
    assert summarize(f"{refused}\nERROR: No x") == "its index cannot be reached ([Errno 111] Connection refused); No x"
    assert "Connection to host timed out" in summarize(f"{late}\nERROR: No x")
    assert summarize("Traceback\nValueError: x\n") == "Traceback; ValueError: x"
    assert summarize("") == "pip ended without saying why"


def test_bytes_that_are_not_the_planned_ones_are_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    (item,) = plan([str(wheel)], [], HERE, IndexOptions(), no_deps=True)
    assert fetch([item], tmp_path, HERE, IndexOptions())[0].sha256 == item.sha256
    with pytest.raises(PublishFailed, match="the index had said"):
        fetch([replace(item, sha256="a" * 64)], tmp_path, HERE, IndexOptions())


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PublishFailed, match="there is no such file"):
        plan([str(tmp_path / "gone-1.0-py3-none-any.whl")], [], HERE, IndexOptions())


def test_a_wheel_that_is_no_zip_is_refused_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(b"not a zip")
    with pytest.raises(WheelInvalid, match="METADATA cannot be read"):
        plan([str(path)], [], HERE, IndexOptions(), no_deps=True)


def test_a_circle_of_dependencies_has_an_order(tmp_path: Path) -> None:
    for name, needs in (("aa", ["bb"]), ("bb", ["cc"]), ("cc", ["aa"])):
        build_wheel(tmp_path, name, requires=needs)
    items = plan(["aa"], [], HERE, IndexOptions(find_links=(str(tmp_path),), no_index=True))
    assert [item.project for item in items] == ["cc", "bb", "aa"]
    assert [item.project for item in items if item.requested] == ["aa"]


def test_another_platform_gets_wheels_without_bytecode(shelf: CountingStore, tmp_path: Path) -> None:
    build_wheel(tmp_path, tag=f"cp{OTHER.replace('.', '')}-abi3-manylinux_2_17_aarch64")
    build_wheel(tmp_path, tag="cp39-cp39-manylinux_2_17_aarch64")
    index = IndexOptions(find_links=(str(tmp_path),), no_index=True)
    request = PublishRequest(requirements=("demo",), python=OTHER, platform="manylinux_2_28_aarch64", index=index)
    publish(request, shelf)
    (wheel,) = Repository(shelf).release("demo", "1.0").wheels
    assert OTHER.replace(".", "") in wheel.filename
    assert wheel.trees.keys() == {""}
    assert publish(request, shelf).projects[0].action == "present"


@pytest.mark.skipif(not find_pythons(), reason="this machine has no other Python that is supported")
@pytest.mark.parametrize("other", find_pythons() or ["none"])
def test_another_python_of_this_machine_gets_its_own_bytecode_beside_ours(
    shelf: CountingStore, tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = find_pythons()[other]
    monkeypatch.setenv("PATH", f"{Path(python.executable).parent}{os.pathsep}{os.environ['PATH']}")
    wheel = build_wheel(tmp_path)
    index = IndexOptions(find_links=(str(tmp_path),), no_index=True)
    for version in (None, other):
        publish(PublishRequest(requirements=("demo",), python=version, index=index), shelf)
    (published,) = Repository(shelf).release("demo", "1.0").wheels
    assert published.filename == wheel.name
    assert published.trees.keys() == {HERE.tag, python.cache_tag}


def test_a_python_that_is_not_here_is_named_without_an_executable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudshelf.publisher.interpreter._candidates", lambda python: iter(("/nowhere/python",)))
    found = find_interpreter(OTHER, None)
    assert (found.python, found.executable, found.tag) == (OTHER, None, "")


def test_the_interpreter_at_hand_is_found() -> None:
    assert HERE.tag == sys.implementation.cache_tag
    assert HERE.executable is not None
    assert shutil.which(str(HERE.executable)) is not None
