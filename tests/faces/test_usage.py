"""usage by the command: nothing is told unless a shelf asks; then what was used, and nothing about who."""

import getpass
import json
import socket
import subprocess
import sys
import time

import pytest

from cloudshelf.stores.opening import open_store
from tests.servers import Identity, seaweed

from .conftest import make_wheel

READER = Identity("reader", "AKIDREADERTEST", "canary-secret-reader", ("Read:shelf/ours/*", "List:shelf/ours/*"))
TELLER = Identity("teller", "AKIDTELLERTEST", "canary-secret-teller", (*READER.actions, "Write:shelf/ours/usage/*"))
CODE = ("--", "python", "-c", "import usedone")


@pytest.fixture
def ours(cloudshelf, tmp_path):
    """A shelf of its own with usedone 1.0 (the default) and 2.0; its URL."""
    url = f"file://{tmp_path / 'ours'}"
    fill(cloudshelf, tmp_path, url)
    return url


def fill(cloudshelf, folder, url, **environ):
    cloudshelf("init", url, **environ)
    for version in ("1.0", "2.0"):
        wheel = make_wheel(folder, "usedone", version, {"usedone/__init__.py": "x = 1\n" * 100})
        cloudshelf("publish", "--no-deps", wheel, "--shelf", url, **environ)


def use(cloudshelf, url, cache, **environ):
    """A user with an empty cache runs something; returns when their fetcher has ended."""
    cloudshelf(
        "run", "--shelf", url, "--with", "usedone", *CODE, CLOUDSHELF_CACHE=str(cache), CLOUDSHELF_FETCHER_IDLE="0.5",
        **environ,
    )  # fmt: skip
    sockets = cache / "fetcher"
    deadline = time.monotonic() + 30
    while any(running(str(cache))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sockets.is_dir() and not list(running(str(cache)))


def running(cache):
    """Fetchers of a cache."""
    from pathlib import Path

    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"cloudshelf.fetcher" in words and cache.encode() in words:
                yield entry.name


def reports(url, **environ):
    return [stored.key for stored in open_store(url, environ=environ or None).list("usage/")]


def test_a_shelf_that_does_not_ask_is_told_nothing_and_says_what_to_switch_on(ours, cloudshelf, tmp_path):
    use(cloudshelf, ours, tmp_path / "cache")
    assert reports(ours) == []
    said = cloudshelf("usage", "--shelf", ours).stdout
    assert "usedone" in said and "never used" not in said
    assert "cloudshelf settings usage-reports usage" in said and "usage --logs s3://" in said


def test_a_shelf_that_asks_is_told_versions_requests_and_bytes_and_nobodys_name(ours, cloudshelf, tmp_path):
    cloudshelf("settings", "usage-reports", "usage", "--shelf", ours)
    assert "There is nothing in" in cloudshelf("usage", "--shelf", ours).stdout
    use(cloudshelf, ours, tmp_path / "cache")
    use(cloudshelf, ours, tmp_path / "other")
    assert len(reports(ours)) == 2
    told = open_store(ours).get(reports(ours)[0]).decode()
    for secret in (getpass.getuser(), socket.gethostname(), str(tmp_path)):
        assert secret not in told.replace("usedone", "")
    (row,) = json.loads(cloudshelf("usage", "--shelf", ours, "--json").stdout)["projects"]
    assert (row["environments"], row["unused"]) == (2, ["2.0"]) and row["requests"] >= 2
    assert row["received"] > 0 and row["size"] > row["received"] / 2
    said = cloudshelf("usage", "usedone", "--shelf", ours).stdout
    assert "of 2 reports" in said and "never used" in said


def test_a_user_may_refuse_to_report(ours, cloudshelf, tmp_path):
    cloudshelf("settings", "usage-reports", "usage", "--shelf", ours)
    use(cloudshelf, ours, tmp_path / "cache", CLOUDSHELF_USAGE_REPORTS="off")
    assert reports(ours) == []


def test_use_in_a_notebook_of_what_is_in_the_cache_already_counts(ours, cloudshelf, settings, tmp_path):
    """Nothing has to be fetched, and still somebody uses it."""
    cache = tmp_path / "cache"
    use(cloudshelf, ours, cache)
    cloudshelf("settings", "usage-reports", "usage", "--shelf", ours)
    code = f"import cloudshelf; cloudshelf.connect({ours!r}); cloudshelf.use('usedone'); import usedone"
    environ = settings | {"CLOUDSHELF_CACHE": str(cache), "CLOUDSHELF_FETCHER_IDLE": "0.5"}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
    deadline = time.monotonic() + 30
    while not reports(ours) and time.monotonic() < deadline:
        time.sleep(0.05)
    (row,) = json.loads(cloudshelf("usage", "--shelf", ours, "--json").stdout)["projects"]
    assert (row["environments"], row["requests"]) == (1, 0)


def test_on_s3_who_may_write_reports_does_and_who_may_not_works_as_ever(cloudshelf, tmp_path):
    with seaweed([READER, TELLER]) as server:
        url, admin = f"{server.url}/ours", server.environ()
        fill(cloudshelf, tmp_path, url, **admin)
        cloudshelf("settings", "usage-reports", "usage", "--shelf", url, **admin)
        use(cloudshelf, url, tmp_path / "reader", **server.environ(READER))
        assert reports(url, **admin) == []
        use(cloudshelf, url, tmp_path / "teller", **server.environ(TELLER))
        assert len(reports(url, **admin)) == 1
        (row,) = json.loads(cloudshelf("usage", "--shelf", url, "--json", **admin).stdout)["projects"]
        assert (row["environments"], row["unused"]) == (1, ["2.0"])


def test_access_logs_in_a_bucket_are_read(cloudshelf, seaweed_server, tmp_path):
    from tests.repository.test_usage import line

    environ = seaweed_server.environ()
    url = f"{seaweed_server.url}/{tmp_path.name}"
    fill(cloudshelf, tmp_path, url, **environ)
    logs = open_store(f"{seaweed_server.url}/logs-{tmp_path.name}", environ=environ)
    key = f"{tmp_path.name}/projects/usedone/head"
    logs.put_new("2026-11-26-00-00-00-ABC", line(key, bucket="shelf", day=time.strftime("%d/%b/%Y")).encode())
    words = ("usage", "--shelf", url, "--logs", f"{seaweed_server.url}/logs-{tmp_path.name}")
    said = cloudshelf(*words, **environ).stdout
    assert "of 1 access log" in said and "1.0 kB" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--since", "yesterday"], 2, "takes a day such as"),
        (["--since", "2026-13-01"], 2, "takes a day such as"),
        (["nothere"], 1, "nothere is not on the shelf"),
        (["usedone==1.0"], 2, "without a version"),
        (["--logs", "/tmp"], 2, "is a folder"),
        (["--logs", ""], 2, "empty logs"),
    ],
)
def test_what_cannot_be_meant_is_said(ours, cloudshelf, words, code, says):
    assert says in cloudshelf("usage", *words, "--shelf", ours, code=code).stderr
