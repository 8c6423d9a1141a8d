"""Keys as files and texts: Ed25519 (RFC 8032). ``cryptography`` loads (30 ms) when something is signed or checked."""

from __future__ import annotations

import base64
import binascii
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..codecs.names import sha256
from ..codecs.trust import TrustedKey
from ..errors import KeyUnusable

PASSPHRASE = "CLOUDSHELF_SIGNING_PASSPHRASE"
_SCHEME = "ed25519"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs. ``sign`` is all that its secret is for; it is in no text and no error."""

    id: str
    public: bytes
    sign: Callable[[bytes], bytes]


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over exactly ``message`` was made with the key ``public``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_key(path: Path, owner: str, passphrase: bytes) -> TrustedKey:
    """Write a new private key to ``path`` (PEM, PKCS #8, mode 0600) and its public half to ``path``.pub.

    Encrypted, where ``passphrase`` is not empty. Raises KeyUnusable for a file that is there already.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    made = Ed25519PrivateKey.generate()
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    secret = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    key = TrustedKey(made.public_key().public_bytes_raw(), owner)
    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise KeyUnusable(str(public), "it is there already, and a new key never replaces one")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyUnusable(str(path), "it is there already, and a new key never replaces one") from None
    except OSError as error:
        raise KeyUnusable(str(path), str(error.strerror)) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    public.write_text(f"{format_public(key)} {owner}\n", "utf-8")
    return key


def read_private(path: Path) -> PrivateKey:
    """The private key in a file. Its passphrase is $CLOUDSHELF_SIGNING_PASSPHRASE, or asked for at a terminal.

    Raises KeyUnusable, also for a file that other users can read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read_own(path)

    def load(passphrase: bytes | None) -> PrivateKey:
        made = load_pem_private_key(data, passphrase)
        if not isinstance(made, Ed25519PrivateKey):
            raise KeyUnusable(str(path), "it is a key of another kind; this makes one: cloudshelf key new FILE")
        public = made.public_key().public_bytes_raw()
        return PrivateKey(sha256(public), public, made.sign)

    try:
        return load(None)
    except TypeError:  # encrypted
        pass
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusable(str(path), "it is no private key (PEM, PKCS #8)") from None
    try:
        return load(read_passphrase(path))
    except (TypeError, ValueError):
        raise KeyUnusable(str(path), "its passphrase is another one") from None


def read_passphrase(path: Path) -> bytes:
    """Raises KeyUnusable where there is none, and nobody to ask."""
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin is not None and sys.stdin.isatty():
        import getpass

        given = getpass.getpass(f"Passphrase of {path}: ")
    if not given:
        raise KeyUnusable(str(path), f"it has a passphrase, and {PASSPHRASE} is not set")
    return given.encode()


def format_public(key: TrustedKey) -> str:
    """As people pass a public key on: "ed25519:<base64>"."""
    return f"{_SCHEME}:{base64.b64encode(key.public).decode()}"


def read_public(text: str) -> TrustedKey:
    """The public key that ``text`` is, or that is in the file (FILE.pub) of that name. Raises KeyUnusable."""
    if not text.startswith(f"{_SCHEME}:"):
        path = Path(text).expanduser()
        try:
            content = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnusable(text, f"it cannot be read ({getattr(error, 'strerror', 'no text')})") from None
        if "PRIVATE KEY" in content:
            raise KeyUnusable(text, f"it is the private half, which nobody else needs; take {text}.pub")
        if not content.startswith(f"{_SCHEME}:"):
            raise KeyUnusable(text, "it is no public key that cloudshelf key new wrote")
        text = content
    word, _, owner = text.partition(" ")
    try:
        public = base64.b64decode(word.removeprefix(f"{_SCHEME}:"), validate=True)
    except (binascii.Error, ValueError):
        public = b""
    if len(public) != 32:
        raise KeyUnusable(word, "it is no public key: ed25519: and 44 characters")
    return TrustedKey(public, " ".join(owner.split()))


def _read_own(path: Path) -> bytes:
    """The bytes of a file that nobody but its owner can read."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & 0o077:
                raise KeyUnusable(str(path), f"others can read it; first: chmod 600 {path}")
            return file.read(1 << 16)
    except OSError as error:
        raise KeyUnusable(str(path), f"it cannot be read ({error.strerror})") from None
