"""A package index over http on 127.0.0.1: the wheels of a folder, by name, as PyPI's index shows them.

Pages are those of PEP 503 with the metadata files of PEP 658, which spare uv and pip a download for resolving; wheels
are served whole or in ranges. A process of its own, so that its work is not on anybody's clock but the client's.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import html
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@contextlib.contextmanager
def serve_wheels(folder: Path) -> Iterator[int]:
    """The port at which the wheels in ``folder`` are served, below /simple/."""
    with subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


def normalize(name: str) -> str:
    """A project's name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_metadata(wheel: Path) -> bytes:
    """The METADATA of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)))


class _Index:
    """Pages and metadata, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata: dict[str, bytes] = {}
        links: dict[str, list[str]] = {}
        for wheel in sorted(folder.glob("*.whl")):
            metadata = self.metadata[wheel.name] = read_metadata(wheel)
            with open(wheel, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            needs = re.search(rb"(?m)^Requires-Python: *(.+?)\s*$", metadata)
            python = html.escape(needs[1].decode()) if needs else ""
            links.setdefault(normalize(wheel.name.partition("-")[0]), []).append(
                f'<a href="/files/{wheel.name}#sha256={digest}" data-requires-python="{python}" '
                f'data-core-metadata="sha256={hashlib.sha256(metadata).hexdigest()}">{wheel.name}</a><br>'
            )
        self.pages = {name: _page(lines) for name, lines in links.items()}


def _page(lines: list[str]) -> bytes:
    head = '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"></head><body>'
    return "\n".join([head, *lines, "</body></html>"]).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: _Index

    def setup(self) -> None:
        super().setup()
        self.wfile = self.connection.makefile("wb", 1 << 16)  # a head and its body leave together

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(self.path.partition("?")[0])  # a local version has a plus, which pip quotes
        kind, _, name = path.strip("/").partition("/")
        if kind == "simple" and name in self.index.pages:
            self._send(self.index.pages[name], "text/html", body)
        elif kind == "files" and name.removesuffix(".metadata") in self.index.metadata:
            if name.endswith(".metadata"):
                self._send(self.index.metadata[name.removesuffix(".metadata")], "application/octet-stream", body)
            else:
                self._send_wheel(self.index.folder / name, body)
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
        self.wfile.flush()

    def _send(self, content: bytes, kind: str, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _send_wheel(self, path: Path, body: bool) -> None:
        size = path.stat().st_size
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        start, stop = 0, size
        if asked and asked[1]:
            start, stop = int(asked[1]), min(int(asked[2] or size - 1) + 1, size)
        elif asked and asked[2]:
            start = max(0, size - int(asked[2]))
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "max-age=365000000, immutable, public")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.end_headers()
        if not body:
            return
        self.wfile.flush()
        with open(path, "rb") as file:
            while start < stop and (sent := os.sendfile(self.connection.fileno(), file.fileno(), start, stop - start)):
                start += sent

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that goes away


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    _Handler.index = _Index(parser.parse_args().folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
