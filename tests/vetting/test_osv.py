"""Where records of vulnerabilities come from."""

from __future__ import annotations

import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.errors import UsageError
from cloudshelf.vetting.osv import Found, look_up
from tests.reading.test_decoders import changed, places

from .test_vulnerabilities import record

WANTED = [("demo-kit", "1.0"), ("other", "1.0")]
ROWS = [record("A", versions=["1.0"]), record("B", versions=["2.0"]), record("C", name="other", versions=["1.0"])]


def ids(found: Found) -> dict[str, list[str]]:
    return {project: [each.id for each in of] for (project, _), of in found.of.items()}


def write(path: Path, form: str) -> Path:
    texts = {f"{row['id']}.json": json.dumps(row) for row in ROWS}
    if form == "folder":
        (path / "deep").mkdir(parents=True)
        for name, text in texts.items():
            (path / "deep" / name).write_text(text)
        (path / "README").write_text("not a record")
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in texts.items():
                archive.writestr(f"PyPI/{name}", text)
    else:
        path.write_text(json.dumps(ROWS if form == "list" else {"vulns": ROWS} if form == "answer" else ROWS[0]))
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "list", "answer"])
def test_records_come_from(form: str, tmp_path: Path) -> None:
    found = look_up(str(write(tmp_path / "osv", form)), WANTED)
    assert ids(found) == {"demo-kit": ["A"], "other": ["C"]} and found.cause == ""


def test_a_file_of_one_record_is_one(tmp_path: Path) -> None:
    assert ids(look_up(str(write(tmp_path / "osv.json", "one")), WANTED)) == {"demo-kit": ["A"], "other": []}


@pytest.mark.parametrize("content", [None, b"", b"text", b"[]", b'{"a": 1}', b"PK\x03\x04 cut off"])
def test_what_has_no_records_is_said_and_not_taken_for_no_vulnerabilities(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "osv.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"osv\.json"):
        look_up(str(path), WANTED)


def test_off_knows_nothing() -> None:
    assert look_up("off", WANTED) == Found(cause="looking them up is off")


class Api:
    """As https://api.osv.dev: two records a page."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.url = ""
        self.is_broken = False


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.asked.append(question)
            rows = [record(f"{question['package']['name']}-{n}", name=question["package"]["name"]) for n in range(3)]
            start = int(question.get("page_token", 0))
            answer: dict[str, Any] = {"vulns": rows[start : start + 2]}
            if start + 2 < len(rows):
                answer["next_page_token"] = str(start + 2)
            body = b"oops" if api.is_broken else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    yield api
    server.shutdown()
    server.server_close()


def test_the_api_is_asked_for_every_page_of_each_release(api: Api) -> None:
    found = look_up(api.url, [("demo-kit", "1.0+cpu"), ("other", "1.0")])
    assert sorted(ids(found)["other"]) == ["other-0", "other-1", "other-2"]
    assert {each["version"] for each in api.asked} == {"1.0"} and len(api.asked) == 4


def test_a_private_project_is_not_named_to_the_api(api: Api) -> None:
    found = look_up(api.url, WANTED, private=["other"])
    assert set(ids(found)) == {"demo-kit"}
    assert {each["package"]["name"] for each in api.asked} == {"demo-kit"}


def test_an_api_that_answers_nonsense_or_not_at_all_leaves_it_unknown_and_says_why(api: Api) -> None:
    api.is_broken = True
    found = look_up(api.url, WANTED)
    assert found.of == {} and api.url in found.cause
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = look_up(f"http://127.0.0.1:{port}", WANTED)
    assert found.of == {} and "refused" in found.cause


WHOLE = {
    "id": "GHSA-1",
    "summary": "x",
    "aliases": ["CVE-1"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"name": "demo-kit", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
            "versions": ["1.0"],
            "database_specific": {"severity": "HIGH"},
        }
    ],
}
JUNK = [None, True, 1, 1.5, "x", "", [], [1], [None], {}, {"a": 1}, ["\ud800"]]


def test_a_record_that_is_damaged_anywhere_is_understood_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "osv.json"
    refused = 0
    for way in places(WHOLE):
        for damaged in (each for junk in JUNK for each in changed(WHOLE, way, junk)):
            path.write_text(json.dumps(damaged))
            try:
                look_up(str(path), WANTED)
            except UsageError:
                refused += 1
    assert refused > 200


def test_a_record_that_is_none_is_named_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "osv.json"
    path.write_text(json.dumps(WHOLE | {"affected": [{"versions": [1]}]}))
    with pytest.raises(UsageError, match=r"at affected\.0\.versions\.0: 1 is not of type 'string'"):
        look_up(str(path), WANTED)
