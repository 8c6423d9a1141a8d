"""What a wheel says about itself: file name, METADATA, WHEEL, RECORD, entry points, importable modules.

Text in, values out. Sources: the binary distribution format (PEP 427, PEP 491), core metadata, recording installed
projects (PEP 376, PEP 627), entry points (packaging.python.org specifications).
"""

from __future__ import annotations

import csv
import email
import email.message
import email.policy
import io
import re
from collections.abc import Collection, Iterable, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from ..errors import WheelInvalid
from .names import is_normalized, normalize

_EXTENSION = re.compile(r"(?P<name>\w+)(\.cpython-\w+(-\w+)*|\.abi3t?|\.pypy\w+(-\w+)*)?\.so", re.ASCII)
_ENTRY_POINT = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<attribute>[\w.]+)\s*(\[.*\])?", re.ASCII)
_SCRIPT_NAME = re.compile(r"[\w.+@\[][\w.+@\[\]~-]*", re.ASCII)
# Folders that wheels ship beside their packages by mistake; nobody imports them by that name.
BYSTANDERS = frozenset({"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "conftest"})
_SIZE = re.compile(r"[0-9]{1,18}")
_LONGEST_LICENSE = 100  # many projects put the whole text where the name belongs


@dataclass(frozen=True, slots=True)
class WheelName:
    """A wheel's file name, taken apart; ``project`` is normalized."""

    project: str
    version: str
    tags: frozenset[Tag]
    build: tuple[int, str] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of METADATA that a release records; ``project`` is normalized, ``version`` canonical."""

    project: str
    version: str
    summary: str
    license: str
    requires_python: str
    requires_dist: tuple[str, ...]
    extras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A script of an installed project: ``name`` runs ``attribute`` of ``module``."""

    name: str
    module: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of RECORD; hash and size are empty for RECORD itself and its signatures."""

    algorithm: str
    digest: str  # urlsafe base64 without padding
    size: int | None


def parse_wheel_name(filename: str) -> WheelName:
    """Raises WheelInvalid when the name is not ``name-version(-build)?-python-abi-platform.whl``."""
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise WheelInvalid(filename, f"its file name is not that of a wheel ({error})") from None
    if not is_normalized(name):
        raise WheelInvalid(filename, f"{name!r} is not a name of a project")
    return WheelName(name, str(version), tags, build)


def parse_metadata(data: bytes, wheel: str) -> Metadata:
    """METADATA of the file ``wheel``. Raises WheelInvalid without a name or a valid version."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    name, version = _text(message, "Name"), _text(message, "Version")
    if not name or not version:
        raise WheelInvalid(wheel, "its METADATA has no name or no version")
    try:
        canonical = str(Version(version))
    except InvalidVersion:
        raise WheelInvalid(wheel, f"its METADATA has the version {version!r}") from None
    return Metadata(
        project=normalize(name),
        version=canonical,
        summary=" ".join(_text(message, "Summary").split()),
        license=_license(message),
        requires_python=_text(message, "Requires-Python"),
        requires_dist=_texts(message, "Requires-Dist"),
        extras=tuple(map(normalize, _texts(message, "Provides-Extra"))),
    )


def _texts(message: email.message.Message, name: str) -> tuple[str, ...]:
    return tuple(" ".join(str(value).split()) for value in message.get_all(name, []))


def _text(message: email.message.Message, name: str) -> str:
    values = _texts(message, name)
    return values[0] if values and values[0] != "UNKNOWN" else ""


def _license(message: email.message.Message) -> str:
    return describe_license(
        _text(message, "License-Expression"), _texts(message, "Classifier"), _text(message, "License")
    )


def describe_license(expression: str, classifiers: Iterable[str], field: str) -> str:
    """The SPDX expression (PEP 639), else a short License field, else the classifiers."""
    if expression:
        return expression
    field = " ".join(field.split())
    if 0 < len(field) <= _LONGEST_LICENSE and field != "UNKNOWN":
        return field
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return "; ".join(each for each in names if each != "OSI Approved")


def parse_record(text: str, wheel: str) -> dict[str, Recorded]:
    """RECORD's rows by path. Raises WheelInvalid for a malformed row or a path that stands twice."""
    rows: dict[str, Recorded] = {}
    try:
        found = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise WheelInvalid(wheel, f"its RECORD is malformed ({error})") from None
    for row in found:
        if len(row) != 3 or not row[0] or (row[2] and not _SIZE.fullmatch(row[2])):
            raise WheelInvalid(wheel, f"its RECORD has a malformed row {','.join(row)[:200]!r}")
        path, hash_, size = row
        algorithm, _, digest = hash_.partition("=")
        if path in rows:
            raise WheelInvalid(wheel, f"its RECORD names {path} twice")
        rows[path] = Recorded(algorithm, digest, int(size) if size else None)
    return rows


def parse_entry_points(text: str, wheel: str) -> tuple[EntryPoint, ...]:
    """The console and GUI scripts of entry_points.txt. Raises WheelInvalid for one that cannot be run."""
    config = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    config.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        config.read_string(text)
    except ConfigError as error:
        raise WheelInvalid(wheel, f"its entry_points.txt is malformed ({error.message.splitlines()[0]})") from None
    found = []
    for section in ("console_scripts", "gui_scripts"):
        for name, value in config.items(section) if config.has_section(section) else ():
            match = _ENTRY_POINT.fullmatch(value.strip())
            if match is None or not is_script_name(name):
                raise WheelInvalid(wheel, f"its script {name} = {value} cannot be made")
            found.append(EntryPoint(name, match["module"], match["attribute"]))
    return tuple(found)


def is_script_name(name: str) -> bool:
    """Whether a command may have this name: it means the same in a shell, in a path and in a list of names."""
    return _SCRIPT_NAME.fullmatch(name) is not None and bool(name.strip("."))


def extension_name(filename: str) -> str:
    """The module that a native file would be imported as (``name.cpython-311-x86_64-linux-gnu.so``), or ""."""
    match = _EXTENSION.fullmatch(filename)
    return match["name"] if match else ""


def importable_modules(paths: Iterable[str], namespaces: Collection[str] = ()) -> tuple[str, ...]:
    """Top-level modules among ``paths`` (relative to site-packages), sorted.

    A folder without ``__init__`` is a namespace (PEP 420): the first regular packages and modules below it are named
    with dots, as in ``google.protobuf``. ``namespaces`` are folders whose ``__init__`` only declares a namespace
    (pkgutil's ``extend_path``, pkg_resources): they are looked through likewise.
    """
    tree: dict[str, object] = {}
    for path in paths:
        folder = tree
        *folders, filename = path.split("/")
        for part in folders:
            folder = folder.setdefault(part, {})  # type: ignore[assignment]
        folder[filename] = None
    found = sorted(_modules(tree, "", namespaces))
    return tuple(m for m in found if m.partition(".")[0] not in BYSTANDERS) or tuple(found)


def _modules(folder: Mapping[str, object], prefix: str, namespaces: Collection[str]) -> Iterable[str]:
    for name, below in folder.items():
        if isinstance(below, dict):
            dotted = prefix + name
            if not name.isidentifier() or name == "__pycache__":
                continue
            if _is_regular(below) and dotted.replace(".", "/") not in namespaces:
                yield dotted
            else:
                yield from _modules(below, f"{dotted}.", namespaces)
        elif (module := _module(name)) and module not in ("__init__", "__main__"):
            yield prefix + module


def _is_regular(folder: Mapping[str, object]) -> bool:
    return any(_module(name) == "__init__" for name, below in folder.items() if below is None)


def _module(filename: str) -> str:
    name = filename.removesuffix(".py") if filename.endswith(".py") else extension_name(filename)
    return name if name.isidentifier() else ""
