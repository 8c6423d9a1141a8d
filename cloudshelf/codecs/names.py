"""Where things are on a shelf: the keys of docs/format.md, made in one place and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHELF = "shelf.json"
TRUST_HEAD = "trust/_head"
COLLECT = "collect/"  # where a collector reads the store's clock: an object that is there for a moment
_NORMALIZED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEXADECIMAL = b"0123456789abcdef"
_EPOCH = re.compile(r"[0-9]{1,16}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,199}", re.ASCII)
_LOCK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63})*", re.ASCII)
_LONGEST_LOCK_NAME = 128
# What a file ends in is never the end of a lock's name, so that a word means one of them wherever it is typed.
FILE_ENDINGS = (".toml", ".lock", ".txt", ".in", ".json", ".yml", ".yaml", ".ipynb", ".py", ".whl")


def normalize(name: str) -> str:
    """The normalized form of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named_project(requirement: str) -> str:
    """The project that a requirement (PEP 508) begins with, normalized; empty for what begins otherwise."""
    match = re.match(r"\s*[A-Za-z0-9._-]+", requirement)
    return normalize(match[0].strip()) if match else ""


def named_extras(requirement: str) -> tuple[str, ...]:
    """The extras in a requirement (PEP 508), normalized; none in what is malformed."""
    match = re.match(r"\s*[A-Za-z0-9._-]+\s*\[([^\]]*)\]", requirement)
    return tuple(normalize(name.strip()) for name in match[1].split(",") if name.strip()) if match else ()


def is_normalized(name: str) -> bool:
    """Whether ``name`` can be a key: letters, digits and single dashes only, so that no key escapes its project."""
    return _NORMALIZED.fullmatch(name) is not None


def is_version(text: str) -> bool:
    """Whether ``text`` is made of what versions are made of (PEP 440, and older ones): it stands in command lines."""
    return _VERSION.fullmatch(text) is not None


def is_lock_name(name: str) -> bool:
    """Whether ``name`` is one that a lock on a shelf can have, such as team/2026q4; a file's name or path is none."""
    return (
        len(name) <= _LONGEST_LOCK_NAME
        and ".." not in name
        and not name.lower().endswith(FILE_ENDINGS)
        and _LOCK_NAME.fullmatch(name) is not None
    )


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def are_sha256(texts: Sequence[str]) -> bool:
    """Whether every one of ``texts`` is a SHA-256, asked once for all: a manifest has tens of thousands."""
    return set(map(len, texts)) <= {64} and not "".join(texts).encode(errors="replace").translate(None, _HEXADECIMAL)


def is_collectable(text: str) -> bool:
    """Whether ``text`` is "<sha256>.<epoch>", the last part of a manifest's or a pack's key."""
    digest, dot, epoch = text.partition(".")
    return is_sha256(digest) and bool(dot) and _EPOCH.fullmatch(epoch) is not None


def sha256(data: bytes | memoryview) -> str:
    import hashlib  # a command that starts a fetcher needs it later

    return hashlib.sha256(data).hexdigest()


def head_key(project: str) -> str:
    return f"projects/{project}/head"


def history_key(project: str, seq: int, digest: str) -> str:
    return f"projects/{project}/history/{seq:010}-{digest}"


def index_key(project: str, digest: str) -> str:
    return f"projects/{project}/index/{digest}"


def release_key(project: str, digest: str) -> str:
    return f"projects/{project}/release/{digest}"


def provenance_key(project: str, digest: str) -> str:
    return f"projects/{project}/provenance/{digest}"


def manifest_key(project: str, part: str) -> str:
    """``part`` is "<sha256>.<epoch>"."""
    return f"projects/{project}/manifest/{part}"


def pack_key(project: str, part: str) -> str:
    """``part`` is "<sha256>.<epoch>"."""
    return f"projects/{project}/pack/{part}"


def project_of_key(key: str) -> str:
    """The project that an object below ``projects/`` is of."""
    return key.split("/", 2)[1]


def lock_head_key(name: str) -> str:
    """No part of a name begins with "_", so that one lock's objects are never another's: team, team/2026q4."""
    return f"locks/{name}/_head"


def named_lock(key: str) -> str | None:
    """The name of the lock whose head ``key`` is; None for any other key."""
    name = key.removeprefix("locks/").removesuffix("/_head")
    return name if key == lock_head_key(name) and is_lock_name(name) else None


def lock_history_key(name: str, seq: int, digest: str) -> str:
    return f"locks/{name}/_history/{seq:010}-{digest}"


def lock_content_key(name: str, digest: str) -> str:
    return f"locks/{name}/_content/{digest}"


def trust_history_key(seq: int, digest: str) -> str:
    return f"trust/_history/{seq:010}-{digest}"


def settings_history_key(seq: int, digest: str) -> str:
    return f"settings/_history/{seq:010}-{digest}"


def collectable(digest: str, epoch: int) -> str:
    """The last part of a collectable object's key: the epoch fences slow deleters (docs/format.md, "collecting")."""
    return f"{digest}.{epoch}"
