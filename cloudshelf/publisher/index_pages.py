"""What an index says of its files besides: when each was uploaded, how large it is, where its provenance is.

pip's report does not have it. The index is asked for the JSON page of a project (PEP 691, PEP 700, PEP 740), each page
once. What cannot be had is not known: the index may speak HTML only, or want what only pip has.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from .pip import IndexOptions, pip_command
from .plan import Planned

TIMEOUT = 5.0  # seconds for an answer
_PAGE = 64 << 20  # bytes of an index's page, at most
_JSON = "application/vnd.pypi.simple.v1+json"


class IndexFile(NamedTuple):
    """Of one file; "" and None for what the index does not say. ``provenance`` is a URL."""

    uploaded: str = ""
    size: int | None = None
    provenance: str = ""


class IndexPages:
    """The pages of the indexes that pip asks with ``options``. From several threads."""

    def __init__(self, options: IndexOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._pages: dict[str, threading.Lock] = {}
        self._files: dict[str, dict[str, IndexFile]] = {}

    def file(self, item: Planned) -> IndexFile:
        """What there is to know of the wheel or archive of ``item``, by its digest."""
        if not is_indexed(item):
            return IndexFile()
        for index in self._indexes:
            found = self._page(f"{index.rstrip('/')}/{item.project}/").get(item.sha256)
            if found is not None:
                return found
        return IndexFile()

    def _page(self, url: str) -> Mapping[str, IndexFile]:
        """By the sha256 of each file."""
        with self._lock:
            lock = self._pages.setdefault(url, threading.Lock())
        with lock:
            if url not in self._files:
                self._files[url] = _parse_page(url)
            return self._files[url]

    @cached_property
    def _indexes(self) -> list[str]:
        return _indexes(self._options)


def is_indexed(item: Planned) -> bool:
    """Whether ``item`` is a file that an index listed."""
    return bool(item.sha256) and not item.direct and not item.shelved and item.path is None


def _parse_page(url: str) -> dict[str, IndexFile]:
    found = {}
    try:
        for file in json.loads(read_url(url, _PAGE, {"Accept": _JSON}))["files"]:
            digest, provenance = file.get("hashes", {}).get("sha256"), file.get("provenance")
            found[str(digest)] = IndexFile(
                uploaded=str(file.get("upload-time") or ""),
                size=_count(file.get("size")),
                provenance=urljoin(url, str(provenance)) if provenance else "",
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_url(url: str, largest: int, headers: Mapping[str, str]) -> bytes:
    """The answer of ``url``, which is http or https. Raises OSError, ValueError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("another kind of URL")
    deadline, data = time.monotonic() + TIMEOUT, b""
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=TIMEOUT) as answer:
        while part := answer.read1(1 << 20):
            data += part
            if len(data) > largest or time.monotonic() > deadline:
                raise ValueError("too large, or too slow")
    return data


def _indexes(options: IndexOptions) -> list[str]:
    """The indexes that pip asks; what is not said comes from its configuration."""
    if options.no_index:
        return []
    first = options.index_url or os.environ.get("PIP_INDEX_URL") or _configured() or _default()
    return [first, *options.extra_index_urls]


def _default() -> str:
    """What pip asks where nobody configured anything: it knows, so it is not written here again."""
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def _configured() -> str:
    for name in ("install.index-url", "global.index-url"):
        with suppress(OSError, subprocess.TimeoutExpired):
            command = pip_command("config", "get", name)
            asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
            if asked.returncode == 0 and asked.stdout.strip():
                return asked.stdout.strip()
    return ""
