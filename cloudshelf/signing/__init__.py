"""Signatures: who may change what, proved by Ed25519 keys (RFC 8032), after The Update Framework (TUF 1.0).

``keys`` are files and texts of keys; ``scopes`` says which names a key is for; ``checking`` compares an object with a
root document; ``trust`` reads that document as far as a reader's pin leads to it; ``signer`` signs what a chain writes;
``changing`` makes the next root document. docs/security.md says what this protects, and what not.
"""
