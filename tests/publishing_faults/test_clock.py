"""A clock that is 48 hours off changes nothing but what S3 says of it: an error that names the difference.

The commands run with libfaketime; the server, and who looks afterwards, have the right time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import libfaketime
import pytest

from cloudshelf.chains.chain import moment
from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.names import head_key
from cloudshelf.errors import ClockWrong
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.publisher.upload import NewWheel
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.opening import open_store
from cloudshelf.stores.protocols import Store
from cloudshelf.stores.transport_errors import read_failure, translate
from tests.servers import S3Server
from tests.stress import EVERYTHING, Checks

from .processes import foreign_wheel
from .test_collecting import keys, leave_garbage

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
OFF = pytest.mark.parametrize("off", ["+48h", "-48h"])


def run(off: str, url: str, *words: str, environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The command on a machine whose clock is off."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CLOUDSHELF_"))}
    fake = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": off, "DONT_FAKE_MONOTONIC": "1"}
    own = {"CLOUDSHELF_CACHE": str(folder / "cache"), "HOME": str(folder)}
    command = [sys.executable, "-m", "cloudshelf", "--shelf", url, *words]
    return subprocess.run(command, env=plain | environ | fake | own, capture_output=True, text=True, check=False)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return foreign_wheel(tmp_path, "late", "2.0")


def prepared(store: Store, folder: Path) -> Store:
    init_shelf(store, "ours")
    publish(PublishRequest(wheels=(str(foreign_wheel(folder, "late", "1.0")),), no_deps=True), store)
    return store


@OFF
def test_on_s3_it_is_a_signing_error_that_says_so_and_nothing_is_written(
    off: str, seaweed_server: S3Server, wheel: Path, tmp_path: Path
) -> None:
    url = f"{seaweed_server.url}/{uuid.uuid4().hex}"
    store = prepared(open_store(url, environ=seaweed_server.environ()), tmp_path)
    before, head = keys(store), store.get(head_key("late"))
    for words in (("publish", "--no-deps", str(wheel)), ("ls", "late"), ("collect", "--grace", "0"), ("verify",)):
        done = run(off, url, *words, environ=seaweed_server.environ(), folder=tmp_path)
        assert done.returncode == 3 and "Traceback" not in done.stderr
        way = "ahead" if off == "+48h" else "behind"
        assert f"The clock of this machine is 48 h {way}" in done.stderr.replace("47 h 60 min", "48 h")
        assert "Set the clock" in done.stderr
    assert (keys(store), store.get(head_key("late"))) == (before, head)


@pytest.mark.stress
@OFF
@pytest.mark.parametrize("kind", ["local", "moto"] if EVERYTHING else ["local"])
def test_where_nobody_checks_a_signature_it_changes_nothing_but_what_people_read(
    off: str,
    kind: str,
    request: pytest.FixtureRequest,
    wheel: Path,
    wheels: dict[str, NewWheel],
    tmp_path: Path,
    checks: Checks,
) -> None:
    if kind == "local":
        url, environ = (tmp_path / "shelf").as_uri(), {}
    else:
        server: S3Server = request.getfixturevalue("moto_server")  # it takes any signature
        url, environ = f"{server.url}/{uuid.uuid4().hex}", server.environ()
    store = prepared(open_store(url, environ=environ), tmp_path)
    done = run(off, url, "publish", "--no-deps", "--python", "3.11", str(wheel), environ=environ, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    head = Repository(store).head("late")
    assert (head.seq, set(head.versions), head.default) == (2, {"1.0", "2.0"}, "1.0")
    assert (head.time > moment()) == (off == "+48h")
    assert head.latest >= max(head.time, head.skips[0].latest)  # it never falls along a chain
    assert Shelf(store).verify().sound
    garbage = leave_garbage(store, wheels["1-py3"])
    done = run(off, url, "collect", "--grace", "24h", environ=environ, folder=tmp_path)
    assert done.returncode == 0 and garbage <= keys(store)  # a minute old, whatever the collector's clock says
    done = run(off, url, "collect", "--grace", "0", environ=environ, folder=tmp_path)
    assert done.returncode == 0 and not garbage & keys(store)
    checks.add(3)  # a publish and two collections


def test_s3s_own_answer_tells_how_far_it_is() -> None:
    answer = (
        "status code: 403 Forbidden: <Error><Code>RequestTimeTooSkewed</Code>"
        "<ServerTime>2020-01-01T00:00:00Z</ServerTime></Error>"
    )
    error = translate(ValueError(answer), "k", "s3://b")
    assert isinstance(error, ClockWrong) and error.ahead > 86_400
    assert read_failure(ValueError(answer)).code == "RequestTimeTooSkewed"
    assert "ahead" in str(error) and "behind" in str(ClockWrong("s3://b", -3600.0))
    assert "more than 15 minutes off" in str(ClockWrong("s3://b", None))
