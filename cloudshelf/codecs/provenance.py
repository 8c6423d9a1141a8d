"""What a wheel carries of where it was built (PEP 740), as an index or a curator gave it. Nothing here is verified.

A provenance object has bundles of attestations, each with the publisher that the index knew; a single attestation is
what ``python -m pypi_attestations sign`` writes. Each holds an in-toto statement with the digests that it is about.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ObjectInvalid

LARGEST = 1 << 20  # bytes; PyPI's have some 10 kB


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says to have built what: publishers as text, digests of files, and certificates (X.509, DER)."""

    publishers: tuple[str, ...]
    subjects: frozenset[str]
    certificates: tuple[bytes, ...]


def parse_provenance(data: bytes, key: str) -> Provenance:
    """Raises ObjectInvalid for what is neither of the two."""
    try:
        payload = json.loads(data) if len(data) <= LARGEST else None
        if not isinstance(payload, dict) or payload.get("version") != 1:
            raise ValueError("its version is not 1")
        bundles = payload.get("attestation_bundles", [{"attestations": [payload]}])
        attestations = [each for bundle in bundles for each in bundle["attestations"]]
        return Provenance(
            publishers=tuple(dict.fromkeys(filter(None, (_publisher(bundle.get("publisher")) for bundle in bundles)))),
            subjects=frozenset(digest for each in attestations for digest in _subjects(each)),
            certificates=tuple(_certificate(each) for each in attestations),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ObjectInvalid(key, f"it is no provenance as PEP 740 has it ({error})") from None


def _publisher(value: Mapping[str, Any] | None) -> str:
    """ "GitHub pypa/sampleproject, release.yml": what the index had checked when the file was uploaded to it."""
    if not value:
        return ""
    where = value.get("repository") or value.get("email") or ""
    how = value.get("workflow") or value.get("workflow_filepath") or ""
    return printable(", ".join(filter(None, [f"{value.get('kind', '')} {where}".strip(), str(how)])))


def printable(text: str) -> str:
    """What others wrote, as one line that is shown."""
    return "".join(letter for letter in text if letter.isprintable())[:200]


def _subjects(attestation: Mapping[str, Any]) -> list[str]:
    statement = json.loads(_decode(attestation["envelope"]["statement"]))
    return [str(subject["digest"]["sha256"]) for subject in statement["subject"]]


def _certificate(attestation: Mapping[str, Any]) -> bytes:
    return _decode(attestation["verification_material"]["certificate"])


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("something in it is not base64") from None
