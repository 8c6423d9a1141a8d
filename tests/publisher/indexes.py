"""A package index on 127.0.0.1: the wheels and source archives of a folder (PEP 503; PEP 691 and 700 where asked)."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

JSON = "application/vnd.pypi.simple.v1+json"


class Index:
    """``url`` is for pip's --index-url; ``asked`` has the paths that were asked for; ``uploaded`` times of files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, ""
        self.asked: list[str] = []
        self.uploaded: dict[str, str] = {}
        self.provenance: dict[str, str] = {}
        self.speaks_json = True
        self.answers_ranges = True

    def files(self, project: str) -> list[Path]:
        return [p for p in sorted(self.folder.iterdir()) if _normal(re.split(r"-\d", p.name)[0]) == project]

    def page(self, project: str) -> bytes:
        links = [f'<a href="/files/{p.name}#sha256={_sha256(p)}">{p.name}</a>' for p in self.files(project)]
        return f"<!DOCTYPE html><html><body>{' '.join(links)}</body></html>".encode()

    def json(self, project: str) -> bytes:
        rows = [
            {
                "filename": path.name,
                "url": f"/files/{path.name}",
                "hashes": {"sha256": _sha256(path)},
                **({"upload-time": self.uploaded[path.name]} if path.name in self.uploaded else {}),
                **({"provenance": self.provenance[path.name]} if path.name in self.provenance else {}),
            }
            for path in self.files(project)
        ]
        return json.dumps({"meta": {"api-version": "1.1"}, "name": project, "files": rows}).encode()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """The index of ``folder``, as long as the block lasts."""
    folder.mkdir(exist_ok=True)
    index = Index(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            kind, _, name = self.path.strip("/").partition("/")
            wants_json = index.speaks_json and JSON in self.headers.get("Accept", "")
            if kind == "simple" and index.files(name):
                body = index.json(name) if wants_json else index.page(name)
                self._send(200, JSON if wants_json else "text/html", body)
            elif kind == "files" and (index.folder / name).is_file():
                data, wanted = (index.folder / name).read_bytes(), self.headers.get("Range", "")
                if wanted.startswith("bytes=-") and index.answers_ranges:
                    self._send(206, "application/octet-stream", data[-int(wanted[7:]) :])
                else:
                    self._send(200, "application/octet-stream", data)
            else:
                self._send(404, "text/plain", b"")

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}/simple/"
    try:
        yield index
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def build_sdist(folder: Path, name: str, version: str, setup: str) -> Path:
    """A source archive with only a ``setup.py``, which whoever wants its metadata executes."""
    path = folder / f"{name}-{version}.tar.gz"
    info = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in (("setup.py", setup), ("PKG-INFO", info)):
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
