"""Settings, and where each came from: the environment, then the user's file, then the machine's, then a default.

A configuration file is TOML with the keys ``shelf`` (a URL) and ``cache`` (a folder). Standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from .errors import UsageError

_ACCEPTED = "a shelf is s3://bucket/prefix, file:///path or the path of a folder"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)  # Amazon S3, "Bucket naming rules"
_PREFIX_PART = re.compile(r"[A-Za-z0-9_+=@~-][A-Za-z0-9._+=@~-]*", re.ASCII)
_SYSTEM_FILE = Path("/etc/cloudshelf.toml")


class Config(NamedTuple):
    """The shelf (``None``: nobody named one) and the cache folder; ``*_origin`` says where each was found."""

    url: str | None
    url_origin: str
    cache: Path
    cache_origin: str


def read_config(environ: Mapping[str, str] | None = None) -> Config:
    """The settings that hold for ``environ`` (default: the process's).

    CLOUDSHELF_URL and CLOUDSHELF_CACHE win. Then $XDG_CONFIG_HOME/cloudshelf/config.toml, then the machine's file,
    /etc/cloudshelf.toml; $CLOUDSHELF_CONFIG names one file to read in place of both. Raises UsageError for a URL that
    cannot be one and for a file that is not TOML; a file that is not there is no error, unless CLOUDSHELF_CONFIG
    names it.
    """
    environ = os.environ if environ is None else environ
    files = [(path, _read_file(path, required)) for path, required in _files(environ)]
    url, url_origin = _setting("CLOUDSHELF_URL", "shelf", environ, files)
    cache, cache_origin = _setting("CLOUDSHELF_CACHE", "cache", environ, files)
    if cache is None:
        cache, cache_origin = str(_home(environ, "XDG_CACHE_HOME", ".cache") / "cloudshelf"), "default"
    try:
        url = None if url is None else normalize_url(url)
    except UsageError as error:
        raise UsageError(f"The shelf's URL of {url_origin.replace('environment ', '')} is wrong: {error}") from None
    return Config(
        url=url,
        url_origin=url_origin,
        cache=Path(_expand(cache, environ)).absolute(),
        cache_origin=cache_origin,
    )


def default_shelf_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the embedded shelf is when nobody named one: a folder of this user."""
    return _home(os.environ if environ is None else environ, "XDG_DATA_HOME", ".local/share") / "cloudshelf" / "shelf"


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


def _files(environ: Mapping[str, str]) -> list[tuple[Path, bool]]:
    named = environ.get("CLOUDSHELF_CONFIG")
    if named:
        return [(Path(named), True)]
    return [(_home(environ, "XDG_CONFIG_HOME", ".config") / "cloudshelf" / "config.toml", False), (_SYSTEM_FILE, False)]


def _read_file(path: Path, required: bool) -> dict[str, object]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise UsageError(f"The configuration file {path} (CLOUDSHELF_CONFIG) is not there.") from None
        return {}
    except PermissionError:
        if required:
            raise UsageError(f"The configuration file {path} (CLOUDSHELF_CONFIG) cannot be read.") from None
        return {}
    import tomllib  # few people have a file; a kernel's start does not wait for its parser

    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise UsageError(f"The configuration file {path} is not TOML: {error}.") from None


def _setting(
    variable: str, name: str, environ: Mapping[str, str], files: list[tuple[Path, dict[str, object]]]
) -> tuple[str | None, str]:
    """The first that is set, and where."""
    if environ.get(variable):
        return environ[variable], f"environment {variable}"
    for path, content in files:
        value = content.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise UsageError(f"In the configuration file {path}, {name} is not text.")
        return value, str(path)
    return None, "not set"


def _home(environ: Mapping[str, str], variable: str, below: str) -> Path:
    """An XDG base folder; the specification ignores relative ones."""
    value = environ.get(variable, "")
    return Path(value) if value.startswith("/") else Path(_expand("~", environ)) / below


def _expand(path: str, environ: Mapping[str, str]) -> str:
    if path == "~" or path.startswith("~/"):
        return (environ.get("HOME") or str(Path.home())) + path[1:]
    return path
