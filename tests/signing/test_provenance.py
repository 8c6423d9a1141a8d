"""What wheels say of where they were built (PEP 740): kept as it came, shown, and never taken for verified."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.names import provenance_key, sha256
from cloudshelf.codecs.provenance import LARGEST, parse_provenance
from cloudshelf.errors import ObjectInvalid, UsageError
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.render import to_text
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.verbs.common import plain
from tests.publisher.wheels import build_wheel

from .shelves import overwrite

WORKFLOW = "https://code.example/ours/demo/.github/workflows/release.yml@refs/tags/v1"
JSON = "application/vnd.pypi.simple.v1+json"


def certificate() -> str:
    """As Fulcio makes them: it names the workflow that signed."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(WORKFLOW)]), critical=True)
        .sign(key, SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def attestation(digest: str) -> dict[str, Any]:
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "x", "digest": {"sha256": digest}}]}
    envelope = {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": "AAAA"}
    material = {"certificate": certificate(), "transparency_entries": []}
    return {"version": 1, "verification_material": material, "envelope": envelope}


def provenance(digest: str) -> dict[str, Any]:
    publisher = {"kind": "GitHub", "repository": "ours/demo", "workflow": "release.yml", "environment": None}
    return {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": [attestation(digest)]}]}


@contextmanager
def index(wheel: Path, offered: bytes | None, *, as_json: bool = True) -> Iterator[str]:
    """An index with one wheel, and what it says of where that was built; its URL."""
    content = wheel.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    row: dict[str, Any] = {"filename": wheel.name, "url": f"/files/{wheel.name}", "hashes": {"sha256": digest}}
    if offered is not None:
        row["provenance"] = "/provenance"
    page = {"meta": {"api-version": "1.3"}, "name": "demo", "files": [row], "versions": ["1.0"]}
    links = f'<a href="/files/{wheel.name}#sha256={digest}">{wheel.name}</a>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/simple/"):
                body, kind = (json.dumps(page).encode(), JSON) if as_json else (links.encode(), "text/html")
            elif self.path == "/provenance" and offered is not None:
                body, kind = offered, "application/json"
            else:
                body, kind = content, "application/octet-stream"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return build_wheel(tmp_path, "demo", "1.0", {"demo.py": b"X = 1\n"})


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    init_shelf(store, "ours")
    return store


def shown(store: MemoryStore) -> str:
    vetted = {"age": None, "vulnerabilities": [], "unknown": ""}  # which the verb adds
    return to_text("show", plain(Shelf(store).show("demo")) | vetted)


def digest_of(wheel: Path) -> str:
    return sha256(wheel.read_bytes())


def from_index(url: str) -> PublishRequest:
    return PublishRequest(requirements=("demo",), no_deps=True, by="ann", index=IndexOptions(index_url=url))


def test_what_an_index_offers_is_kept_as_it_came_and_shown(wheel: Path, store: MemoryStore) -> None:
    offered = json.dumps(provenance(digest_of(wheel))).encode()
    with index(wheel, offered) as url:
        publish(from_index(url), store)
    assert store.get(provenance_key("demo", sha256(offered))) == offered
    assert "says that it was built by GitHub ours/demo, release.yml (not verified)" in shown(store)


@pytest.mark.parametrize(
    ("offered", "as_json"),
    [
        (None, True),
        (None, False),
        (json.dumps(provenance("0" * 64)).encode(), True),
        (b"{}", True),
        (b"nothing", True),
        (b" " * (LARGEST + 1), True),
    ],
    ids=["none", "an index of links", "of another file", "empty", "no JSON", "endless"],
)
def test_what_is_no_provenance_of_the_wheel_is_not_kept(
    wheel: Path, store: MemoryStore, offered: bytes | None, as_json: bool
) -> None:
    with index(wheel, offered, as_json=as_json) as url:
        publish(from_index(url), store)
    assert not list(store.list("projects/demo/provenance/"))
    assert "says that it was" not in shown(store)


@pytest.mark.parametrize("form", ["provenance", "attestation"])
def test_what_a_curator_gives_is_kept(wheel: Path, store: MemoryStore, tmp_path: Path, form: str) -> None:
    made = (provenance if form == "provenance" else attestation)(digest_of(wheel))
    file = tmp_path / "demo.attestation"
    file.write_text(json.dumps(made))
    publish(PublishRequest(requirements=(str(wheel),), no_deps=True, by="ann", attestations=(str(file),)), store)
    who = "GitHub ours/demo, release.yml" if form == "provenance" else WORKFLOW
    assert f"built by {who} (not verified)" in shown(store)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(attestation("0" * 64)), "is about another file than demo-1.0-py3-none-any.whl"),
        ("{}", "it is no provenance as PEP 740 has it"),
        ("", "it is no provenance"),
    ],
    ids=["of another file", "empty", "nothing"],
)
def test_what_a_curator_gives_by_mistake_is_refused(
    wheel: Path, store: MemoryStore, tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "demo.attestation"
    file.write_text(content)
    request = PublishRequest(requirements=(str(wheel),), no_deps=True, by="ann", attestations=(str(file),))
    with pytest.raises(UsageError, match=said):
        publish(request, store)
    assert not list(store.list("projects/"))


def test_what_is_damaged_or_gone_later_is_said_and_hinders_nothing(
    wheel: Path, store: MemoryStore, tmp_path: Path
) -> None:
    file = tmp_path / "demo.attestation"
    file.write_text(json.dumps(attestation(digest_of(wheel))))
    publish(PublishRequest(requirements=(str(wheel),), no_deps=True, by="ann", attestations=(str(file),)), store)
    key = provenance_key("demo", sha256(file.read_bytes()))
    overwrite(store, key, b"another")
    assert "what says where is damaged" in shown(store)
    store.delete(key)
    assert "what said where is not on the shelf" in shown(store)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b'{"version": 2}', b'{"version": 1, "attestation_bundles": 3}', b"[" * 100_000],
    ids=["nothing", "a list", "null", "version 2", "no bundles", "deep"],
)
def test_what_is_malformed_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ObjectInvalid):
        parse_provenance(data, "key")


def test_nobody_writes_control_characters_to_a_terminal() -> None:
    made = provenance("0" * 64)
    made["attestation_bundles"][0]["publisher"]["repository"] = "\x1b[2Jours\n/demo" + "x" * 999
    (told,) = parse_provenance(json.dumps(made).encode(), "key").publishers
    assert told.isprintable() and len(told) <= 200
