"""From a shelf's URL to its store. What a kind of store needs is imported only when a URL asks for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..config import check_allowed
from ..urls import normalize_url
from .protocols import Store

_SHARED_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}

_shared: dict[tuple[object, ...], Store] = {}
_shared_lock = threading.Lock()


def open_store(url: str, *, environ: Mapping[str, str] | None = None) -> Store:
    """The store at ``url``: s3://bucket/prefix, file:///path, a path, or memory: (a new empty one each time).

    Makes no request. ``environ`` (default: the process's) holds the AWS settings and CLOUDSHELF_TIMEOUT. Raises
    UsageError for a URL that cannot be one, ShelfForbidden for one that this machine does not allow; a request of an
    s3 URL raises CredentialsMissing when it finds none.
    """
    environ = os.environ if environ is None else environ
    url = normalize_url(url)
    check_allowed(url)
    parts = urlsplit(url)
    if parts.scheme == "memory":
        from .memory import MemoryStore

        return MemoryStore(url)
    if parts.scheme == "s3":
        from .object_store import open_object_store

        return open_object_store(parts.netloc, parts.path.strip("/"), environ)
    from .local import LocalStore

    return LocalStore(unquote(parts.path))


def shared_store(url: str) -> Store:
    """The store at ``url`` that this process opened before, with its connections and credentials; else a new one.

    After a change of the AWS variables or of the shared files it is a new one. Raises as ``open_store``.
    """
    url = normalize_url(url)
    if not url.startswith("s3:"):  # the others have nothing to keep
        return open_store(url)
    facts = [(name, value) for name, value in sorted(os.environ.items()) if name.startswith(("AWS_", "CLOUDSHELF_"))]
    key = (url, *facts, *(_modified(os.environ.get(name) or usual) for name, usual in _SHARED_FILES.items()))
    with _shared_lock:
        if key not in _shared:
            _shared[key] = open_store(url)
        return _shared[key]


def _modified(file: str) -> int:
    try:
        return Path(file).expanduser().stat().st_mtime_ns
    except (OSError, RuntimeError):  # none, or a user without a home
        return 0
