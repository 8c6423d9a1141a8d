"""Keys as files: only their owner reads them, and each thing that cannot be one says so."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cloudshelf.errors import KeyUnusable
from cloudshelf.signing.keys import PASSPHRASE, format_public, new_key, read_private, read_public, verify


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anna.key"


def test_a_new_key_signs_and_its_public_half_says_whose_it_is(file: Path) -> None:
    made = new_key(file, "Anna, data team", b"")
    key, known = read_private(file), read_public(f"{file}.pub")
    assert (known.public, known.owner, known.id) == (made.public, "Anna, data team", key.id)
    assert verify(known.public, key.sign(b"line"), b"line")
    assert not verify(known.public, key.sign(b"line"), b"another")
    assert read_public(format_public(made)).public == made.public


def test_only_its_owner_can_read_a_private_key(file: Path) -> None:
    new_key(file, "", b"")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(KeyUnusable, match="others can read it; first: chmod 600"):
        read_private(file)


def test_a_key_with_a_passphrase_takes_that_and_no_other(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_key(file, "", b"canary words")
    assert b"ENCRYPTED" in file.read_bytes()
    monkeypatch.setenv(PASSPHRASE, "canary words")
    assert read_private(file).id == read_public(f"{file}.pub").id
    monkeypatch.setenv(PASSPHRASE, "others")
    with pytest.raises(KeyUnusable, match="its passphrase is another one") as wrong:
        read_private(file)
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(KeyUnusable, match=f"it has a passphrase, and {PASSPHRASE} is not set"):
        read_private(file)
    assert "others" not in str(wrong.value)


@pytest.mark.parametrize("suffix", ["", ".pub"])
def test_a_new_key_never_replaces_one(file: Path, suffix: str) -> None:
    there = Path(f"{file}{suffix}")
    there.write_text("what was there")
    with pytest.raises(KeyUnusable, match="it is there already"):
        new_key(file, "", b"")
    assert there.read_text() == "what was there"
    assert [path.name for path in file.parent.iterdir()] == [there.name]


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_private_key_says_so(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyUnusable, match="it is no private key"):
        read_private(file)


def test_a_key_of_another_kind_says_so(file: Path) -> None:
    made = generate_private_key(SECP256R1())
    file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    with pytest.raises(KeyUnusable, match="a key of another kind"):
        read_private(file)


def test_a_private_key_is_never_taken_for_its_public_half(file: Path) -> None:
    new_key(file, "", b"")
    with pytest.raises(KeyUnusable, match=rf"it is the private half, which nobody else needs; take {file}\.pub"):
        read_public(str(file))


@pytest.mark.parametrize("text", ["ed25519:", "ed25519:AAAA", "ed25519:!!", "not-there.pub"])
def test_what_is_no_public_key_says_so(text: str) -> None:
    with pytest.raises(KeyUnusable):
        read_public(text)
