"""What a reader pins: the fingerprints of root documents from which a shelf's present one has to descend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..codecs.names import sha256
from ..errors import UsageError

FIRST_USE = "first-use"
_FINGERPRINT = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class Pins(NamedTuple):
    """Digests of root documents, any of which will do; ``first_use``: the first that a shelf shows is taken, too."""

    digests: frozenset[str]
    first_use: bool = False

    @property
    def name(self) -> str:
        """What is remembered under one is not taken under another: a file's name."""
        return sha256(" ".join([*sorted(self.digests), FIRST_USE * self.first_use]).encode())[:16]


UNPINNED = Pins(frozenset(), True)  # for who only shows what a shelf says, and remembers nothing


def parse_pins(text: str, environ: Mapping[str, str]) -> Pins | None:
    """The pins in a setting: fingerprints, files with a copy of a root document, or "first-use"; None for nothing.

    Several are separated by commas: each shelf has to descend from one of them. Raises UsageError: a setting that
    cannot be understood protects nobody, and is not passed over.
    """
    digests, first_use = set[str](), False
    for word in filter(None, map(str.strip, text.split(","))):
        if word == FIRST_USE:
            first_use = True
        elif match := _FINGERPRINT.fullmatch(word.lower()):
            digests.add(match[1])
        elif word.startswith(("/", "~/")):
            digests.add(sha256(_read(word, environ)))
        else:
            raise UsageError(
                f"What is to be trusted is {word!r}: no fingerprint (sha256: and 64 digits, which cloudshelf trust "
                f"show prints), no file by its whole path, and not {FIRST_USE}."
            )
    return Pins(frozenset(digests), first_use) if digests or first_use else None


def format_fingerprint(digest: str) -> str:
    return f"sha256:{digest}"


def _read(word: str, environ: Mapping[str, str]) -> bytes:
    path = Path(environ["HOME"] + word[1:]) if word[0] == "~" and environ.get("HOME") else Path(word).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The root document {word}, which is to be trusted, cannot be read: {error.strerror}."
        ) from None
