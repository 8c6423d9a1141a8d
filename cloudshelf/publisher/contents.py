"""How many files a wheel has, before anybody brings it: its directory stands at its end, and a few requests read that.

As pip's lazy wheel does. What cannot be had is not known: an index that answers no ranges, a source archive.
"""

from __future__ import annotations

import io
import urllib.request
import zipfile
from typing import NamedTuple
from urllib.parse import urlsplit

from .plan import Planned

TIMEOUT = 5.0  # seconds for an answer
TAILS = (1 << 16, 1 << 20, 1 << 24)  # bytes of a wheel's end, until its directory is in them


class Contents(NamedTuple):
    """Files of a wheel, and their bytes unpacked; None for what is not known."""

    files: int | None = None
    bytes: int | None = None


def read_contents(item: Planned) -> Contents:
    """Of the wheel of ``item``, a file or a URL; nothing is raised for one that cannot be read here."""
    if not item.is_wheel:
        return Contents()
    try:
        if item.path is not None:
            with zipfile.ZipFile(item.path) as wheel:
                return _count(wheel)
        return _read_remote(item.url)
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile):
        return Contents()


def _read_remote(url: str) -> Contents:
    if urlsplit(url).scheme not in ("http", "https"):
        return Contents()
    for length in TAILS:
        request = urllib.request.Request(url, headers={"Range": f"bytes=-{length}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            if answer.status != 206:  # all of it would come
                return Contents()
            tail = answer.read(length)
        try:
            with zipfile.ZipFile(io.BytesIO(tail)) as wheel:  # an offset is counted from the end where the begin lacks
                return _count(wheel)
        except zipfile.BadZipFile:
            if len(tail) < length:
                break
    return Contents()


def _count(wheel: zipfile.ZipFile) -> Contents:
    files = [entry for entry in wheel.infolist() if not entry.is_dir()]
    return Contents(len(files), sum(entry.file_size for entry in files))
