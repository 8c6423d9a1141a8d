"""Where things are on a shelf: the keys of docs/format.md, made in one place and nowhere else."""

from __future__ import annotations

import hashlib
import re

SHELF = "shelf.json"
_NORMALIZED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def normalize(name: str) -> str:
    """The normalized form of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named_project(requirement: str) -> str:
    """The project that a requirement (PEP 508) begins with, normalized; empty for what begins otherwise."""
    match = re.match(r"\s*[A-Za-z0-9._-]+", requirement)
    return normalize(match[0].strip()) if match else ""


def is_normalized(name: str) -> bool:
    """Whether ``name`` can be a key: letters, digits and single dashes only, so that no key escapes its project."""
    return _NORMALIZED.fullmatch(name) is not None


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def is_manifest_part(text: str) -> bool:
    """Whether ``text`` is "<sha256>.<epoch>", the last part of a manifest's key."""
    digest, dot, epoch = text.partition(".")
    return is_sha256(digest) and bool(dot) and epoch.isdecimal()


def sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def head_key(project: str) -> str:
    return f"projects/{project}/head"


def history_key(project: str, seq: int, digest: str) -> str:
    return f"projects/{project}/history/{seq:010}-{digest}"


def index_key(project: str, digest: str) -> str:
    return f"projects/{project}/index/{digest}"


def release_key(project: str, digest: str) -> str:
    return f"projects/{project}/release/{digest}"


def manifest_key(project: str, part: str) -> str:
    """``part`` is "<sha256>.<epoch>"."""
    return f"projects/{project}/manifest/{part}"


def pack_key(project: str, part: str) -> str:
    """``part`` is "<sha256>.<epoch>"."""
    return f"projects/{project}/pack/{part}"


def project_of_key(key: str) -> str:
    """The project that an object below ``projects/`` is of."""
    return key.split("/", 2)[1]


def collectable(digest: str, epoch: int) -> str:
    """The last part of a collectable object's key: the epoch fences slow deleters (docs/format.md, "collecting")."""
    return f"{digest}.{epoch}"
