"""The proxy: it records requests, asks the rules which of them fail, and passes the others on.

Requests go on as they came, Host included, so their signatures hold. Whole bodies are kept in memory.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .faults import ConnectionEnds, Fault
from .messages import Reply, Request
from .rules import Rule

_HOP = {"connection", "transfer-encoding", "keep-alive"}  # RFC 9110, section 7.6.1: not for the next hop
Watch = Callable[[Request, Fault | None], None]


@dataclass(slots=True)
class FaultProxy:
    """The running proxy: its rules and its record. Thread-safe."""

    endpoint: str
    upstream: str
    watch: Watch | None = None
    closing: threading.Event = field(default_factory=threading.Event)
    rules: list[Rule] = field(default_factory=list)
    _requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(
        self,
        fault: Fault,
        *,
        method: str = "",
        path: str = "",
        nth: int | None = 1,
        times: int = 1,
        share: float = 1.0,
    ) -> None:
        """Add a rule (``Rule``) that counts from now. The first rule that is due wins."""
        with self._lock:
            self.rules.append(Rule(fault, method, path, nth, times, share))

    def heal(self) -> None:
        """Forget all rules."""
        with self._lock:
            self.rules.clear()

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
        """Record ``request``; the fault that befalls it."""
        with self._lock:
            self._requests.append(request)
            due = [rule.applies(request) for rule in self.rules]
            fault = next((rule.fault for rule, is_due in zip(self.rules, due, strict=True) if is_due), None)
        if self.watch is not None:
            self.watch(request, fault)
        return fault


@contextlib.contextmanager
def faulty(
    upstream: str, tls: ssl.SSLContext | None = None, *, port: int = 0, watch: Watch | None = None
) -> Iterator[FaultProxy]:
    """A proxy in front of the http server at ``upstream``; with ``tls``, an https one.

    It listens on ``port`` of 127.0.0.1 (0: a free one). ``watch`` is told of every request and of what befalls it.
    """
    if urlsplit(upstream).scheme != "http":
        raise ValueError(f"{upstream} is not the URL of an http server")
    if urlsplit(upstream).path.strip("/"):
        raise ValueError(f"{upstream} is a path of a server; paths go on as they come, so leave it out here")
    server = _Server(("127.0.0.1", port), Handler)
    if tls is not None:  # each handshake in its connection's thread
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if tls is None else "https"
    server.proxy = FaultProxy(f"{scheme}://127.0.0.1:{server.server_address[1]}", upstream, watch)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.proxy.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    proxy: FaultProxy
    daemon_threads = True
    block_on_close = False  # idle kept-alive connections
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this is for; nothing to print."""


class Handler(BaseHTTPRequestHandler):
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
        except (ConnectionEnds, OSError, http.client.HTTPException):
            reply = None
        if reply is None:
            self.close_connection = True
            return
        self.send_head(reply)
        if self.command != "HEAD":
            self.wfile.write(reply.body)
            self.close_connection |= reply.header("Content-Length") != str(len(reply.body))
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
