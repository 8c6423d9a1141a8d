"""What the fault proxy promises: a rule befalls the requests that it names, and the client sees what the fault says."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from tools.fault_proxy import (
    Answer,
    Corrupt,
    Drip,
    DropReply,
    Endless,
    Fault,
    FaultProxy,
    Hold,
    Request,
    Reset,
    Stall,
    Truncate,
    WholeForRange,
    WrongRange,
    faulty,
    parse_rule,
)

BODY = b"0123456789"
ROOT = Path(__file__).parents[2]


class _Upstream(BaseHTTPRequestHandler):
    """Answers GET with BODY or the range of it, and remembers what was PUT."""

    protocol_version = "HTTP/1.1"
    puts: list[str]

    def do_GET(self) -> None:
        first, last = 0, len(BODY) - 1
        asked = self.headers.get("Range")
        if asked:
            first, last = map(int, asked.removeprefix("bytes=").split("-"))
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(BODY)}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        self.wfile.write(BODY[first : last + 1])

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.puts.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    _Upstream.puts = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(upstream: str) -> Iterator[FaultProxy]:
    with faulty(upstream) as running:
        yield running


def get(url: str, path: str = "/a/head", asked: str = "") -> bytes:
    request = urllib.request.Request(f"{url}{path}", headers={"Range": asked} if asked else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


# Rules


@pytest.mark.parametrize(
    ("text", "befallen"),
    [
        ("* 503", "GET /x/head, GET /x/head, PUT /x/head, PUT /x/head, GET /x/pack/1, PUT /x/pack/1"),
        ("PUT 503", "PUT /x/head, PUT /x/head, PUT /x/pack/1"),
        ("PUT */head 503", "PUT /x/head, PUT /x/head"),
        ("PUT */head nth=2 503", "PUT /x/head"),
        ("* /pack/ 503", "GET /x/pack/1, PUT /x/pack/1"),
        ("GET times=2 503", "GET /x/head, GET /x/head"),
        ("GET nth=2 times=2 503", "GET /x/head, GET /x/pack/1"),
        ("* */nothing 503", ""),
        ("* 0% 503", ""),
        ("* 100% times=1 503", "GET /x/head"),
    ],
)
def test_a_rule_befalls_the_requests_that_it_names(text: str, befallen: str) -> None:
    rule = parse_rule(text)
    asked = ["GET /x/head", "GET /x/head", "PUT /x/head", "PUT /x/head", "GET /x/pack/1", "PUT /x/pack/1"]
    requests = [Request(*each.split(), {}, 0) for each in asked]
    assert ", ".join(f"{r.method} {r.path}" for r in requests if rule.applies(r)) == befallen


def test_a_share_befalls_about_so_many_and_the_same_ones_again() -> None:
    def befallen() -> list[bool]:
        rule = parse_rule("* 30% reset")
        return [rule.applies(Request("GET", "/x", {}, 0)) for _ in range(1000)]

    assert befallen() == befallen()
    assert 250 < sum(befallen()) < 350


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("* 503", Answer(503, "SlowDown")),
        ("* 400:InvalidToken", Answer(400, "InvalidToken")),
        ("* drip=0.5", Drip(0.5)),
        ("* endless=0", Endless(0)),
    ],
)
def test_a_fault_is_read_with_its_number(text: str, fault: Fault) -> None:
    assert parse_rule(text).fault == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with"),
        ("503", "does not begin with"),
        ("FETCH 503", "does not begin with"),
        ("* nonsense", "is no fault; there are corrupt"),
        ("* 999", "is no fault"),
        ("* drip=slow", "needs a number"),
        ("* drip=-1", "needs a number"),
        ("* delay=-0.5", "needs a number"),
        ("* nth=0 503", "neither nth=N"),
        ("GET 130% 503", "neither nth=N"),
        ("GET 503 reset", "has two faults, 503 and another"),
        ("GET reset truncate", "has two faults, reset and another"),
        ("GET x 130% 503", "neither nth=N"),
        ("* a b 503", "'b'"),
    ],
)
def test_a_rule_that_is_none_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_rule(text)


# Faults, as a client sees them


def test_without_a_rule_everything_goes_through_and_is_counted(proxy: FaultProxy) -> None:
    assert get(proxy.endpoint) == BODY
    assert get(proxy.endpoint, asked="bytes=2-4") == b"234"
    assert [(r.method, r.path, r.range) for r in proxy.requests] == [
        ("GET", "/a/head", ""),
        ("GET", "/a/head", "bytes=2-4"),
    ]
    assert (proxy.count("GET"), proxy.count(path="/a/"), proxy.count("PUT")) == (2, 2, 0)


@pytest.mark.parametrize("fault", [DropReply(), Reset()], ids=lambda fault: type(fault).__name__)
def test_a_write_is_done_when_its_reply_is_dropped_and_not_when_it_was_reset(proxy: FaultProxy, fault: Fault) -> None:
    proxy.fail(fault)
    request = urllib.request.Request(f"{proxy.endpoint}/a", method="PUT", data=b"x")
    with pytest.raises((OSError, http.client.HTTPException)):
        urllib.request.urlopen(request, timeout=60)
    assert _Upstream.puts == (["/a"] if isinstance(fault, DropReply) else [])


def test_an_answer_has_its_status_and_its_code(proxy: FaultProxy) -> None:
    proxy.fail(Answer(503, "SlowDown"))
    with pytest.raises(HTTPError) as caught:
        get(proxy.endpoint)
    assert caught.value.code == 503 and b"<Code>SlowDown</Code>" in caught.value.read()
    assert get(proxy.endpoint) == BODY


def test_half_a_body_and_a_flipped_bit(proxy: FaultProxy) -> None:
    proxy.fail(Truncate())
    proxy.fail(Corrupt(), nth=2)
    with pytest.raises(http.client.IncompleteRead):
        get(proxy.endpoint)
    assert get(proxy.endpoint) == b"01234" + bytes([BODY[5] ^ 1]) + b"6789"


def test_other_ranges_than_asked(proxy: FaultProxy) -> None:
    proxy.fail(WholeForRange())
    proxy.fail(WrongRange(), nth=2)
    for status, content_range in ((200, None), (206, "bytes 3-5/10")):
        request = urllib.request.Request(f"{proxy.endpoint}/a", headers={"Range": "bytes=2-4"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert (answer.status, answer.headers["Content-Range"]) == (status, content_range)


@pytest.mark.parametrize("size", [1 << 50, 0], ids=["declared", "chunked"])
def test_an_endless_body_goes_on_until_the_client_leaves(proxy: FaultProxy, size: int) -> None:
    proxy.fail(Endless(size))
    with urllib.request.urlopen(f"{proxy.endpoint}/a", timeout=60) as answer:
        assert answer.read(len(BODY)) == BODY
        assert len(answer.read(10_000_000)) == 10_000_000


def test_a_body_that_stalls_keeps_its_connection(proxy: FaultProxy) -> None:
    proxy.fail(Stall())
    address = urlsplit(proxy.endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request("GET", "/a")
    answer = connection.getresponse()
    assert answer.read(5) == b"01234"
    assert connection.sock is not None
    connection.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        answer.read(1)


def test_a_body_that_drips_is_whole_in_the_end(proxy: FaultProxy) -> None:
    proxy.fail(Drip(0.001))
    assert get(proxy.endpoint) == BODY


def test_a_held_request_waits_until_it_is_released(proxy: FaultProxy) -> None:
    hold, found = Hold(), list[bytes]()
    proxy.fail(hold)
    thread = threading.Thread(target=lambda: found.append(get(proxy.endpoint)))
    thread.start()
    assert hold.held.wait(60) and not found
    hold.release()
    thread.join(60)
    assert found == [BODY]


def test_the_first_rule_that_is_due_wins_and_healing_forgets_all(proxy: FaultProxy) -> None:
    proxy.fail(Answer(500, "InternalError"), nth=None)
    proxy.fail(Answer(503, "SlowDown"), nth=None)
    with pytest.raises(HTTPError) as caught:
        get(proxy.endpoint)
    assert caught.value.code == 500
    proxy.heal()
    assert get(proxy.endpoint) == BODY


# The command


def test_the_command_fails_as_its_rules_say_and_tells_each_request(upstream: str) -> None:
    command = [sys.executable, "-m", "tools.fault_proxy", "--to", upstream, "--rule", "GET */head nth=2 503"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = process.stdout.readline().split()[0]
            assert get(endpoint) == BODY
            with pytest.raises(HTTPError):
                get(endpoint)
            told = [process.stdout.readline().strip() for _ in range(2)]
        finally:
            process.terminate()
    assert told == ["GET /a/head", "GET /a/head  503 SlowDown"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "http://127.0.0.1:9", "--rule", "* wobble"], "'wobble' is no fault"),
        (["--to", "ftp://127.0.0.1"], "is not the URL of an http server"),
        (["--to", "http://127.0.0.1:9/bucket"], "is a path of a server"),
        ([], "--to"),
    ],
)
def test_the_command_says_what_it_cannot_understand(words: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.fault_proxy", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_a_taken_port_is_one_message(upstream: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = ["--to", upstream, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-m", "tools.fault_proxy", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2 and "in use" in done.stderr and "Traceback" not in done.stderr
