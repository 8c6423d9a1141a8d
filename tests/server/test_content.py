"""A file's bytes: whole, in ranges, never more than the cap, and never as something that a browser runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf_jupyter.server.ranges import Unsatisfiable, parse_range
from tests.server.conftest import LARGE, large
from tests.server.running import Answer, Server

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

BIG = "site/demo/data/large.bin"


def content(server: Server, path: str, **headers: str) -> Answer:
    return server.ask(server.path("projects", "demo", "versions", "1.0", "content", path=path), **headers)


def test_a_file_comes_whole(server: Server) -> None:
    answer = content(server, BIG)
    assert answer.status == 200 and answer.body == large()
    assert answer.headers["accept-ranges"] == "bytes"
    assert content(server, "site/demo/empty.txt").body == b""


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=4194300-4194309", 4194300, 4194310),  # over the end of the first frame
        ("bytes=-5", LARGE - 5, LARGE),
        (f"bytes={LARGE - 3}-", LARGE - 3, LARGE),
        (f"bytes=5-{LARGE * 2}", 5, LARGE),
    ],
)
def test_a_range_is_those_bytes(server: Server, asked: str, start: int, stop: int) -> None:
    answer = content(server, BIG, Range=asked)
    assert answer.status == 206 and answer.body == large()[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{LARGE}"


@pytest.mark.parametrize("asked", [f"bytes={LARGE}-", "bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_told_the_size(server: Server, asked: str) -> None:
    answer = content(server, BIG, Range=asked)
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{LARGE}")
    assert answer.problem["name"] == "RangeUnsatisfiable" and str(LARGE) in answer.problem["message"]


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-", "bytes=1e3-"])
def test_what_is_no_single_range_means_the_whole(asked: str) -> None:
    assert parse_range(asked, 100) is None


def test_no_range_of_nothing_is_there() -> None:
    with pytest.raises(Unsatisfiable):
        parse_range("bytes=0-", 0)


def test_a_range_of_another_state_of_the_file_is_the_whole(server: Server) -> None:
    path = "site/demo/__init__.py"
    etag = content(server, path).headers["etag"]
    assert content(server, path, Range="bytes=0-1", If_Range=etag).status == 206
    assert content(server, path, Range="bytes=0-1", If_Range='"other"').status == 200


def test_a_file_that_is_known_is_not_read_again(server: Server) -> None:
    first = content(server, "site/demo/__init__.py")
    again = content(server, "site/demo/__init__.py", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.html", "text/plain; charset=utf-8"),
        ("picture.svg", "text/plain; charset=utf-8"),
        ("dot.png", "image/png"),
        ("table.json", "application/json"),
        ("unknown.zzz", "application/octet-stream"),
    ],
)
def test_nothing_is_sent_as_something_that_a_browser_runs(server: Server, name: str, kind: str) -> None:
    headers = content(server, f"site/demo/{name}").headers
    assert headers["content-type"] == kind
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["content-disposition"].startswith("attachment;")


def test_a_file_above_the_cap_is_refused_with_the_cap_but_a_part_of_it_is_sent(
    start: Callable[..., Server], shelf: Path
) -> None:
    server = start("--CloudShelf.largest_content=1000", CLOUDSHELF_URL=shelf.as_uri())
    answer = content(server, BIG)
    assert (answer.status, answer.problem["name"]) == (413, "ContentTooLarge")
    assert "1,000 bytes" in answer.problem["message"] and "c.CloudShelf.largest_content" in answer.problem["message"]
    assert content(server, BIG, Range="bytes=5000-5999").body == large()[5000:6000]
    assert content(server, BIG, Range="bytes=5000-6000").status == 413
