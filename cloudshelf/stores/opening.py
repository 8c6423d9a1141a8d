"""From a shelf's URL to its store. What a kind of store needs is imported only when a URL asks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from ..config import check_allowed
from ..urls import normalize_url
from .protocols import Store


def open_store(url: str, *, environ: Mapping[str, str] | None = None) -> Store:
    """The store at ``url``: s3://bucket/prefix, file:///path, a path, or memory: (a new empty one each time).

    Makes no request. ``environ`` (default: the process's) holds the AWS settings and CLOUDSHELF_TIMEOUT. Raises
    UsageError for a URL that cannot be one, ShelfForbidden for one that this machine does not allow,
    CredentialsMissing when an s3 URL finds none.
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
