"""The METADATA file of a wheel (core metadata specification): what a details page shows of it, as text."""

from __future__ import annotations

from email.message import Message
from typing import Literal
from urllib.parse import urlsplit

from packaging.metadata import RawMetadata, parse_email

from cloudshelf.model import File

from . import wire
from .folders import Tree

LONGEST_README = 1 << 20
_LONGEST_LICENSE = 200
_TYPES: dict[str, Literal["text/markdown", "text/x-rst", "text/plain"]] = {
    "text/markdown": "text/markdown",
    "text/x-rst": "text/x-rst",
    "text/plain": "text/plain",
}


def find_metadata(tree: Tree) -> File | None:
    """The file ``*.dist-info/METADATA`` of a tree."""
    found = (f for path, f in tree.files.items() if path.count("/") == 2 and path.endswith(".dist-info/METADATA"))
    return next(found, None)


def parse_metadata(data: bytes) -> wire.Metadata:
    """What is malformed is left out."""
    raw = _parse(data)
    home = {"Homepage": raw["home_page"]} if "home_page" in raw else {}
    urls = home | dict(raw.get("project_urls", {}))
    return wire.Metadata(
        author=_person(raw.get("author"), raw.get("author_email")),
        maintainer=_person(raw.get("maintainer"), raw.get("maintainer_email")),
        license=raw.get("license_expression") or _short(raw.get("license", "")),
        keywords=list(raw.get("keywords", [])),
        classifiers=list(raw.get("classifiers", [])),
        urls={label: url for label, url in urls.items() if is_web(url)},
    )


def parse_readme(data: bytes) -> wire.Readme | None:
    """The description; without a type it is reStructuredText (core metadata, "Description-Content-Type")."""
    raw = _parse(data)
    text = raw.get("description", "").strip()
    if not text:
        return None
    header = Message()
    header["Content-Type"] = raw.get("description_content_type") or "text/x-rst"
    kind = _TYPES.get(header.get_content_type(), "text/plain")
    return wire.Readme(text=text[:LONGEST_README], type=kind, truncated=len(text) > LONGEST_README)


def is_web(url: str) -> bool:
    """Whether a browser may be offered ``url``: http or https, and nothing that shows a password."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _short(text: str) -> str:
    """A name of a license; some wheels have the whole text in its place."""
    return "" if "\n" in text or len(text) > _LONGEST_LICENSE else text


def _person(name: str | None, address: str | None) -> str:
    return ", ".join(part for part in (name, address) if part)


def _parse(data: bytes) -> RawMetadata:
    return parse_email(data)[0]
