"""Settings, and where each came from: the environment, then the user's file, then the machine's, then a default.

A configuration file is TOML with the keys ``shelf`` (a URL, or a list of them: the first that holds a project
supplies it), ``cache`` (a folder), ``variant`` (such as "cpu": which builds are taken), ``lower_cache`` and
``lower_cache_owners`` (lists of folders and of user ids: lower_cache.py), ``trust`` (signing/pins.py), ``recall_age``
and ``recall_offline`` (recall/settings.py) and the FLAGS (true or false). ``allowed_shelves`` counts in the machine's
file alone. Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .cache_place import default_place
from .errors import ShelfForbidden, UsageError
from .urls import normalize_url, normalize_urls

_SYSTEM_FILE = Path("/etc/cloudshelf.toml")
_LISTS = ("shelf", "trust")
_OFF = {"0", "no", "off", "false"}
FLAGS = {  # on, unless somebody says otherwise: a key of the files, and the variable that wins over them
    "zero_step": "CLOUDSHELF_ZERO_STEP",  # an import in a cell pins what nobody pinned
    "background_fill": "CLOUDSHELF_BACKGROUND_FILL",  # the rest of a project follows its first import
    "usage_reports": "CLOUDSHELF_USAGE_REPORTS",  # fetchers tell a shelf that asks for it what was used
}


class Config(NamedTuple):
    """The shelf (``None``: nobody named one) and the cache folder; ``*_origin`` says where each was found.

    ``url`` may be several shelves (urls.join_urls).
    """

    url: str | None
    url_origin: str
    cache: Path
    cache_origin: str
    variant: str = ""  # which builds are taken, such as "cpu"; "" where the machine decides
    displaced: str = ""  # why the cache is not in the user's home, where nobody named a place
    lower: tuple[Path, ...] = ()  # read-only caches that are looked at before the network
    lower_owners: tuple[int, ...] = ()  # users who may own one, beside root


def read_config(environ: Mapping[str, str] | None = None, *, configured: str = "") -> Config:
    """The settings that hold for ``environ`` (default: the process's).

    CLOUDSHELF_URL, CLOUDSHELF_CACHE and CLOUDSHELF_VARIANT win. Then $XDG_CONFIG_HOME/cloudshelf/config.toml, then the
    machine's file, /etc/cloudshelf.toml; $CLOUDSHELF_CONFIG names one file to read in place of both. Raises UsageError
    for a URL that cannot be one and for a file that is not TOML; a file that is not there is no error, unless
    CLOUDSHELF_CONFIG names it. Where nobody named a shelf it is ``configured`` (c.CloudShelf.url), else the embedded
    one (``default_shelf_folder``), if there is one.
    """
    environ = os.environ if environ is None else environ
    files = [(path, _read_file(path, required)) for path, required in _files(environ)]
    url, url_origin = _setting("CLOUDSHELF_URL", "shelf", environ, files)
    if url is None and configured:
        url, url_origin = configured, "c.CloudShelf.url"
    cache, cache_origin = _setting("CLOUDSHELF_CACHE", "cache", environ, files)
    displaced = ""
    if cache is None:
        place = _home(environ, "XDG_CACHE_HOME", ".cache") / "cloudshelf"
        if not environ.get("XDG_CACHE_HOME", "").startswith("/"):  # else somebody chose it
            place, displaced = default_place(place, environ)
        cache, cache_origin = str(place), f"default, because {displaced}" if displaced else "default"
    try:
        url = None if url is None else normalize_urls(url)
    except UsageError as error:
        raise UsageError(f"The shelf's URL of {url_origin.replace('environment ', '')} is wrong: {error}") from None
    if url is None and (embedded := default_shelf_folder(environ)).joinpath("shelf.json").is_file():
        url, url_origin = normalize_url(str(embedded)), "embedded"
    return Config(
        url=url,
        url_origin=url_origin,
        cache=Path(_expand(cache, environ)).absolute(),
        cache_origin=cache_origin,
        displaced=displaced,
        variant=_setting("CLOUDSHELF_VARIANT", "variant", environ, files)[0] or "",
        lower=tuple(map(_lower_folder, *_listed("CLOUDSHELF_LOWER_CACHE", "lower_cache", environ, files))),
        lower_owners=tuple(
            map(_user_id, *_listed("CLOUDSHELF_LOWER_CACHE_OWNERS", "lower_cache_owners", environ, files))
        ),
    )


def read_flag(name: str, environ: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Whether ``name`` of FLAGS is on, and where that was said. Raises UsageError for a file that is not TOML, or has
    something else than true or false there."""
    environ = os.environ if environ is None else environ
    variable = FLAGS[name]
    if environ.get(variable, "").strip():
        return environ[variable].strip().lower() not in _OFF, f"environment {variable}"
    for path, required in _files(environ):
        value = _read_file(path, required).get(name)
        if isinstance(value, bool):
            return value, str(path)
        if value is not None:
            raise UsageError(f"In the configuration file {path}, {name} is neither true nor false.")
    return True, "default"


def read_osv(environ: Mapping[str, str] | None = None) -> str:
    """Where known vulnerabilities are looked up (vetting/osv.py): CLOUDSHELF_OSV, ``osv`` of the files, osv.dev."""
    [(found, _)] = read_settings({"CLOUDSHELF_OSV": "osv"}, environ)
    return found or "https://api.osv.dev"


def read_settings(names: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[tuple[str | None, str]]:
    """The text of each setting, None where nobody said one, and where it was said. ``names``: variable → key of the
    files, which are read once. Raises UsageError for a file that is not TOML, or has no text there.
    """
    environ = os.environ if environ is None else environ
    files = [(path, _read_file(path, required)) for path, required in _files(environ)]
    return [_setting(variable, name, environ, files) for variable, name in names.items()]


def read_trust(environ: Mapping[str, str] | None = None, *, configured: str = "") -> tuple[str, str]:
    """Whose signatures are required, as signing/pins.py reads it ("": nobody's), and where that was said.

    What the machine's file says counts, and nothing overrules it; then $CLOUDSHELF_TRUST, the user's file, and
    ``configured`` (c.CloudShelf.trust). Raises UsageError for a file that is not TOML.
    """
    machine = [(_SYSTEM_FILE, _read_file(_SYSTEM_FILE, False))]
    value, origin = _setting("CLOUDSHELF_TRUST", "trust", {}, machine)
    if not value:
        [(value, origin)] = read_settings({"CLOUDSHELF_TRUST": "trust"}, environ)
    if value:
        return value, origin
    return configured, "c.CloudShelf.trust" if configured else "not set"


def default_shelf_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the embedded shelf is when nobody named one: a folder of this user."""
    return _home(os.environ if environ is None else environ, "XDG_DATA_HOME", ".local/share") / "cloudshelf" / "shelf"


def check_allowed(url: str) -> None:
    """Raises ShelfForbidden for a shelf that the machine's administrator does not allow.

    ``allowed_shelves`` of the machine's file is a list of URLs, as written or ending in ``/*`` for all below; nothing
    overrules it.
    """
    allowed = _read_file(_SYSTEM_FILE, False).get("allowed_shelves")
    if allowed is None:
        return
    if not isinstance(allowed, list) or not all(isinstance(each, str) for each in allowed):
        raise UsageError(f"In the configuration file {_SYSTEM_FILE}, allowed_shelves is not a list of URLs.")
    for each in allowed:
        below = each.endswith("/*")
        known = normalize_url(each.removesuffix("*"))
        if url.startswith(f"{known}/") if below else url == known:
            return
    raise ShelfForbidden(url, allowed or ["none"], str(_SYSTEM_FILE))


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
        if isinstance(value, list) and value and name in _LISTS and all(isinstance(each, str) for each in value):
            value = ",".join(value)
        if not isinstance(value, str):
            raise UsageError(f"In the configuration file {path}, {name} is not text.")
        return value, str(path)
    return None, "not set"


def _listed(
    variable: str, name: str, environ: Mapping[str, str], files: list[tuple[Path, dict[str, object]]]
) -> tuple[list[str], list[str]]:
    """The texts of a setting, and beside each where it was said; in a variable they have colons between them."""
    if environ.get(variable):
        found = [part for part in environ[variable].split(":") if part]
        return found, [f"environment {variable}"] * len(found)
    for path, content in files:
        value = content.get(name)
        if isinstance(value, list):
            return [str(each) for each in value], [str(path)] * len(value)
        if value is not None:
            raise UsageError(f"In the configuration file {path}, {name} is not a list.")
    return [], []


def _lower_folder(text: str, origin: str) -> Path:
    if not text.startswith("/"):
        raise UsageError(f"{text!r} ({origin}) is no absolute path, and so no lower cache.")
    return Path(text)


def _user_id(text: str, origin: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text!r} ({origin}) is no user id such as 1000, and so owns no lower cache.")
    return int(text)


def _home(environ: Mapping[str, str], variable: str, below: str) -> Path:
    """An XDG base folder; the specification ignores relative ones."""
    value = environ.get(variable, "")
    return Path(value) if value.startswith("/") else Path(_expand("~", environ)) / below


def _expand(path: str, environ: Mapping[str, str]) -> str:
    if path == "~" or path.startswith("~/"):
        return (environ.get("HOME") or str(Path.home())) + path[1:]
    return path
