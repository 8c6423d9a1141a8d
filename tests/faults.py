"""A proxy of 127.0.0.1 that counts HTTP requests and, where a rule says so, answers as a failing network or S3 would.

    with faulty(server.endpoint) as proxy:
        proxy.fail(DropReply(), method="PUT", path="/head", nth=2)
        store = open_store(server.url, environ=server.environ(endpoint=proxy.endpoint))
        ...
        assert proxy.count("GET") == 3

Requests go on as they came, Host included, so their signatures hold. Whole bodies are kept in memory. Standard library.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP = {"connection", "transfer-encoding", "keep-alive"}  # RFC 9110, section 7.6.1: not for the next hop


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; ``path`` includes the query."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    size: int  # of its body

    @property
    def range(self) -> str:
        return self.headers.get("range", "")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_header(self, name: str, value: str | None) -> Reply:
        """This reply with ``name`` set to ``value``, or without it."""
        kept = tuple(h for h in self.headers if h[0].lower() != name.lower())
        return Reply(self.status, kept if value is None else (*kept, (name, value)), self.body)


class Fault:
    """What goes wrong. ``before`` may answer in the server's place; ``after`` may change its reply, or drop it."""

    def before(self, handler: _Handler) -> Reply | None:
        return None

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        """None: nothing is sent and the connection is closed."""
        return reply


class DropReply(Fault):
    """The server does what was asked; the client never hears of it."""

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        return None


class Reset(Fault):
    """The connection is reset before the server sees the request."""

    def before(self, handler: _Handler) -> Reply | None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _Closed


@dataclass(frozen=True, slots=True)
class Answer(Fault):
    """S3's error ``code`` with ``status``; the server does not see the request."""

    status: int = 503
    code: str = "SlowDown"
    extra: str = ""  # more XML

    def before(self, handler: _Handler) -> Reply | None:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code>{self.extra}</Error>'.encode()
        return Reply(self.status, (("Content-Type", "application/xml"), ("Content-Length", str(len(body)))), body)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """The request waits before it goes on."""

    seconds: float

    def before(self, handler: _Handler) -> Reply | None:
        handler.proxy.closing.wait(self.seconds)
        return None


class Truncate(Fault):
    """The connection is closed after half of the body."""

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """The body comes one byte every ``seconds``."""

    seconds: float = 1.0

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        handler.send_head(reply)
        for byte in reply.body:
            if handler.proxy.closing.wait(self.seconds):
                break
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
        return None


class WholeForRange(Fault):
    """200 in place of 206, without Content-Range."""

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        return Reply(200, reply.with_header("Content-Range", None).headers, reply.body)


class WrongRange(Fault):
    """206 whose Content-Range is one byte further on than was asked."""

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        found = {name.lower(): value for name, value in reply.headers}.get("content-range", "")
        first, last, size = map(int, re.findall(r"\d+", found))
        return reply.with_header("Content-Range", f"bytes {first + 1}-{last + 1}/{max(size, last + 2)}")


class Corrupt(Fault):
    """One bit of the body's middle byte is flipped."""

    def after(self, handler: _Handler, reply: Reply) -> Reply | None:
        middle = len(reply.body) // 2
        changed = reply.body[:middle] + bytes([reply.body[middle] ^ 1]) + reply.body[middle + 1 :]
        return Reply(reply.status, reply.headers, changed)


@dataclass(slots=True)
class _Rule:
    fault: Fault
    method: str
    path: str
    nth: int | None
    times: int
    seen: int = 0

    def applies(self, request: Request) -> bool:
        """Counts ``request`` if it matches; whether the fault is due."""
        if self.method not in ("", request.method) or self.path not in request.path:
            return False
        self.seen += 1
        return self.nth is None or self.nth <= self.seen < self.nth + self.times


@dataclass(slots=True)
class FaultProxy:
    """The running proxy: its rules and its record. Thread-safe."""

    endpoint: str
    upstream: str
    closing: threading.Event = field(default_factory=threading.Event)
    _rules: list[_Rule] = field(default_factory=list)
    _requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, fault: Fault, *, method: str = "", path: str = "", nth: int | None = 1, times: int = 1) -> None:
        """Let ``fault`` befall ``times`` requests from the ``nth`` on (None: all) of those with ``method`` and with
        ``path`` in their path, counted from now. The first rule that is due wins."""
        with self._lock:
            self._rules.append(_Rule(fault, method, path, nth, times))

    def heal(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def forget(self) -> None:
        """Begin a new record."""
        with self._lock:
            self._requests.clear()

    @property
    def requests(self) -> tuple[Request, ...]:
        with self._lock:
            return tuple(self._requests)

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests came with ``method`` and with ``path`` in their path."""
        return sum(method in ("", r.method) and path in r.path for r in self.requests)

    def arrived(self, request: Request) -> Fault | None:
        with self._lock:
            self._requests.append(request)
            due = [rule.applies(request) for rule in self._rules]
            return next((rule.fault for rule, is_due in zip(self._rules, due, strict=True) if is_due), None)


@contextlib.contextmanager
def faulty(upstream: str, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """A proxy in front of the http server at ``upstream``; with ``tls``, an https one."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:  # each handshake in its connection's thread
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if tls is None else "https"
    server.proxy = FaultProxy(f"{scheme}://127.0.0.1:{server.server_address[1]}", upstream)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.proxy.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Closed(Exception):
    """The connection ends without a reply."""


class _Server(ThreadingHTTPServer):
    proxy: FaultProxy
    daemon_threads = True
    block_on_close = False  # idle kept-alive connections
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this is for; nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    connection: socket.socket
    wbufsize = -1  # one segment a reply where it fits

    @property
    def proxy(self) -> FaultProxy:
        return self.server.proxy

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self) -> None:
        """One request: record it, let what is due go wrong, pass it on."""
        body = self._read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, len(body))
        fault = self.proxy.arrived(request) or Fault()
        try:
            reply = fault.before(self)
            if reply is None:
                reply = fault.after(self, self._forward(body))
        except (_Closed, OSError, http.client.HTTPException):
            reply = None
        if reply is None:
            self.close_connection = True
            return
        self.send_head(reply)
        if self.command != "HEAD":
            self.wfile.write(reply.body)
            declared = {name.lower(): value for name, value in reply.headers}.get("content-length")
            self.close_connection |= declared != str(len(reply.body))
        self.wfile.flush()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve

    def send_head(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def _forward(self, body: bytes) -> Reply:
        """What the server behind answers."""
        upstream = urlsplit(self.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP | {"content-length", "expect"}:
                    connection.putheader(name, value)
            if body or self.command in ("PUT", "POST"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            data = answer.read()
            headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in _HOP]
        finally:
            connection.close()
        reply = Reply(answer.status, tuple(headers), data)
        if self.command == "HEAD" or answer.status in (204, 304):
            return reply
        return reply.with_header("Content-Length", str(len(data)))
