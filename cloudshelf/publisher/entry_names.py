"""Names of files in a wheel: those that stay inside, mean one file on every file system, and can be written to one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ..errors import WheelInvalid

_LONGEST_PART = 230  # bytes; file systems take 255, and "__pycache__" adds ".cpython-311.opt-1.pyc"
_LONGEST = 1024  # bytes; Linux takes 4,096 with what the environment's folder is called
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control and format characters, halves of characters, line ends


def check_name(name: str, understood: str, wheel: str) -> None:
    """``understood`` is what zipfile makes of ``name``. Raises WheelInvalid, naming it."""
    parts = name.removesuffix("/").split("/")
    if "\0" in name:
        raise WheelInvalid(wheel, f"the name {name!r} holds a NUL")
    if "\\" in name:
        raise WheelInvalid(wheel, f"the name {name!r} holds a backslash")
    if name.startswith("/") or (len(parts[0]) > 1 and parts[0][1] == ":"):
        raise WheelInvalid(wheel, f"the name {name!r} is absolute")
    if any(not part.strip(".") for part in parts):  # "", ".", "..", and those that only look like them
        raise WheelInvalid(wheel, f"the name {name!r} leaves its folder")
    if not (name.isprintable() if name.isascii() else not any(unicodedata.category(c) in _UNSEEN for c in name)):
        raise WheelInvalid(wheel, f"the name {name!r} holds what cannot be seen")
    if max(map(len, parts)) * 4 > _LONGEST_PART and max(len(part.encode()) for part in parts) > _LONGEST_PART:
        raise WheelInvalid(wheel, f"a part of the name {name[:80]!r}… is longer than {_LONGEST_PART} bytes")
    if len(name) * 4 > _LONGEST and len(name.encode()) > _LONGEST:
        raise WheelInvalid(wheel, f"the name {name[:80]!r}… is longer than {_LONGEST} bytes")
    if understood != name:
        raise WheelInvalid(wheel, f"the name {name!r} means {understood!r} to others")


def check_apart(names: Iterable[str], wheel: str) -> None:
    """No two of ``names`` are one file anywhere, and none is a file where another needs a folder. Raises WheelInvalid.

    Alike are names that differ in case or in how Unicode writes them (NFKC, as Python reads identifiers): some file
    systems, and ``import``, take them for one.
    """
    files = set(names)
    folded: dict[str, str] = {}  # of files, and of folders
    for name in files:
        _keep_apart(name, folded, wheel)
    folders: set[str] = set()
    for name in files:
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            if folder in files:
                raise WheelInvalid(wheel, f"{folder} is a file and a folder")
            _keep_apart(folder, folded, wheel)
            folders.add(folder)
            folder = folder.rpartition("/")[0]


def _keep_apart(name: str, folded: dict[str, str], wheel: str) -> None:
    twin = folded.setdefault(_fold(name), name)
    if twin != name:
        how = "case" if twin.casefold() == name.casefold() else "how Unicode writes them"
        raise WheelInvalid(wheel, f"the entries {' and '.join(sorted((twin, name)))} differ in {how} only")


def _fold(name: str) -> str:
    return (
        name.casefold()
        if name.isascii()
        else unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    )
