"""Where wheels say that they were built (PEP 740): from files that a curator has, or from the index that has the wheel.

pip does not bring it. The index is asked as PEP 691 and PEP 740 have it: its JSON page of the project names, beside
each file, the URL of its provenance. What cannot be had is no reason for a publish to fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ..codecs.provenance import LARGEST, parse_provenance
from ..errors import ObjectInvalid, UsageError
from ..parallel import map_parallel
from .pip import IndexOptions
from .plan import Planned

TIMEOUT = 5.0  # seconds for each of two answers
PARALLEL = 8
_PAGE = 64 << 20  # bytes of an index's page, at most
_JSON = "application/vnd.pypi.simple.v1+json"
_PYPI = "https://pypi.org/simple"


class Provenances:
    """What there is of the wheels of one publish: ``files`` of a curator, else what the index offers of ``items``.

    The index is asked meanwhile. Raises UsageError for a file that is no attestation.
    """

    def __init__(self, files: Iterable[str], items: Sequence[Planned], options: IndexOptions) -> None:
        self._given = _read_files(files)
        pool = ThreadPoolExecutor(1, thread_name_prefix="cloudshelf-provenance")
        self._offered = pool.submit(find_provenance, items, options)
        pool.shutdown(wait=False)

    def check(self, wheels: Mapping[str, str]) -> None:
        """Raises UsageError for a file that is about none of ``wheels``, their names by sha256."""
        if self._given and not self._given.keys() & wheels.keys():
            names = ", ".join(wheels.values())
            raise UsageError(f"--attestation is about another file than {names}: none of its digests is theirs.")

    def of(self, digest: str) -> bytes:
        """That of the wheel with this sha256, as it came; empty for none."""
        return self._given.get(digest) or self._offered.result().get(digest, b"")


def _read_files(files: Iterable[str]) -> dict[str, bytes]:
    """By the sha256 of what each is about."""
    found: dict[str, bytes] = {}
    for file in files:
        try:
            data = Path(file).read_bytes()
            found |= dict.fromkeys(parse_provenance(data, file).subjects, data)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
        except ObjectInvalid as error:
            raise UsageError(f"{file} cannot be kept: {error.reason}.") from None
    return found


def find_provenance(items: Sequence[Planned], options: IndexOptions) -> dict[str, bytes]:
    """What the index offers of ``items``, by the sha256 of each wheel; nothing for what it does not say."""
    wanted = [item for item in items if item.is_wheel and item.sha256 and not item.direct and item.path is None]
    found: dict[str, bytes] = {}
    for index in _indexes(options) if wanted else ():
        left = [item for item in wanted if item.sha256 not in found]
        answers = map_parallel(partial(_ask, index), left, PARALLEL)
        found |= {item.sha256: data for item, data in zip(left, answers, strict=True) if data is not None}
    return found


def _ask(index: str, item: Planned) -> bytes | None:
    page = f"{index.rstrip('/')}/{item.project}/"
    try:
        for file in json.loads(_read(page, _PAGE, {"Accept": _JSON}))["files"]:
            if file.get("hashes", {}).get("sha256") == item.sha256 and file.get("provenance"):
                url = urljoin(page, str(file["provenance"]))
                data = _read(url, LARGEST, {"Accept": "application/json"})
                return data if item.sha256 in parse_provenance(data, url).subjects else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ObjectInvalid):
        return None  # an index that has none, cannot be reached, or wants what only pip has
    return None


def _read(url: str, largest: int, headers: Mapping[str, str]) -> bytes:
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
    first = options.index_url or os.environ.get("PIP_INDEX_URL") or _configured() or _PYPI
    return [first, *options.extra_index_urls]


def _configured() -> str:
    for name in ("install.index-url", "global.index-url"):
        with suppress(OSError, subprocess.TimeoutExpired):
            command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "get", name]
            asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
            if asked.returncode == 0 and asked.stdout.strip():
                return asked.stdout.strip()
    return ""
