"""A shelf's URL, or several in order: one spelling of each, so that equal shelves have equal text.

Standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from .errors import UsageError

_ACCEPTED = "a shelf is s3://bucket/prefix, file:///path or the path of a folder"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)  # Amazon S3, "Bucket naming rules"
_PREFIX_PART = re.compile(r"[A-Za-z0-9_+=@~-][A-Za-z0-9._+=@~-]*", re.ASCII)


def normalize_url(text: str) -> str:
    """The one spelling of a shelf's URL: no trailing slash, paths as absolute file URLs.

    Raises UsageError that says what is accepted. A URL with credentials is refused, and not repeated.
    """
    text = text.strip()
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if not scheme:
        return _normalize_path(text)
    kind = scheme[1].lower()
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise UsageError(
            f"The {kind} URL holds credentials, which would end up in notebooks and logs. Leave them out; "
            "use AWS_PROFILE, AWS_ACCESS_KEY_ID or a role."
        )
    if kind == "memory":
        return "memory:" + text[len("memory:") :].strip("/")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a URL ({error}); {_ACCEPTED}.") from None
    if parts.query or parts.fragment:
        raise UsageError(f"A shelf's URL has no part after ? or #; {_ACCEPTED}.")
    if kind == "s3":
        return _normalize_s3(parts.netloc, parts.path)
    if kind == "file":
        return _normalize_file(parts.netloc, parts.path)
    raise UsageError(f"{kind}:// is not a kind of shelf; {_ACCEPTED}.")


def normalize_urls(text: str) -> str:
    """One or several shelves, separated by commas, each as ``normalize_url`` spells it; the order counts.

    A folder whose name has a comma is one shelf, when it is there. Raises UsageError.
    """
    if "," in text and Path(text.strip()).expanduser().is_dir():
        return normalize_url(text)
    return join_urls(normalize_url(part) for part in text.split(","))


def join_urls(urls: Iterable[str]) -> str:
    """Several shelves as one text, the first one first. A URL has no comma (RFC 3986 has them encoded)."""
    return ",".join(dict.fromkeys(urls))


def split_urls(text: str) -> list[str]:
    """The shelves of such a text, in their order."""
    return text.split(",")


def _normalize_s3(bucket: str, path: str) -> str:
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{bucket!r} is not the name of a bucket; {_ACCEPTED}.")
    prefix = path.strip("/")
    if prefix and not all(_PREFIX_PART.fullmatch(part) for part in prefix.split("/")):
        raise UsageError(
            f"{prefix!r} cannot be a shelf's prefix: use letters, digits and - _ . + = @ ~ between single slashes."
        )
    return f"s3://{bucket}/{prefix}".rstrip("/")


def _normalize_file(host: str, path: str) -> str:
    if host not in ("", "localhost"):  # RFC 8089, section 2
        raise UsageError(f"file://{host} names another machine; write file:///path, with three slashes.")
    if not path.startswith("/"):
        raise UsageError(f"A file URL has an absolute path: file:///path; {_ACCEPTED}.")
    return _normalize_path(unquote(path))


def _normalize_path(text: str) -> str:
    if not text or "\0" in text:
        raise UsageError(f"{text!r} is not the URL of a shelf; {_ACCEPTED}.")
    return "file://" + quote(os.path.normpath(Path(text).expanduser().absolute()))
