# /// script
# dependencies = ["cryptography"]
#
# [tool.compat]
# kinds = ["Rust extension", "cffi"]
# ///
"""Deterministic signatures and a key derivation."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
print(key.sign(b"shelf").hex())
print(
    key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)
print(HKDF(hashes.SHA256(), 16, b"salt", b"info").derive(b"input").hex())
