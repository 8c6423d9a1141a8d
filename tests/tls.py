"""https on 127.0.0.1: an authority that makes certificates, and a proxy such as companies have (HTTPS_PROXY)."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A private certificate authority. ``bundle`` is a file with its certificate, for AWS_CA_BUNDLE."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        certificate = _made(self._name, self._name, self._key, self._key, authority=True)
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)
        self.bundle = folder / f"{name}.pem"
        self.bundle.write_bytes(self.pem)

    def server(self, *names: str, days: tuple[int, int] = (-1, 1)) -> ssl.SSLContext:
        """What a server for ``names`` (addresses or host names) needs, valid between two days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _made(_named(names[0]), self._name, key, self._key, names=names, days=days)
        return _context(self._folder, certificate, key)

    def own_server(self) -> ssl.SSLContext:
        """What a server needs that shows the authority's own certificate."""
        certificate = _made(self._name, self._name, self._key, self._key, authority=True, names=("127.0.0.1",))
        return _context(self._folder, certificate, self._key)


def _context(folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _made(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    names: tuple[str, ...] = (),
    days: tuple[int, int] = (-1, 1),
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Tunnel(ThreadingHTTPServer):
    """A running proxy that leads every CONNECT to one port of 127.0.0.1; ``asked`` are the hosts that were named."""

    daemon_threads = True
    block_on_close = False  # kept-alive connections

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connect)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.port = port
        self.asked: list[str] = []
        self.closing = threading.Event()


@contextlib.contextmanager
def tunnel(endpoint: str) -> Iterator[Tunnel]:
    """A proxy that leads every host to the server at ``endpoint``."""
    with Tunnel(int(endpoint.rpartition(":")[2])) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Connect(BaseHTTPRequestHandler):
    server: Tunnel
    connection: socket.socket

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        self.close_connection = True
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as other,
        ):
            self.send_response_only(200)
            self.end_headers()
            self._pass_on({self.connection: other, other: self.connection})

    def _pass_on(self, ends: dict[socket.socket, socket.socket]) -> None:
        """What comes on one end goes out on the other, until one is closed."""
        while not self.server.closing.is_set():
            for end in select.select(list(ends), [], [], 0.2)[0]:
                data = end.recv(1 << 16)
                if not data:
                    return
                ends[end].sendall(data)
