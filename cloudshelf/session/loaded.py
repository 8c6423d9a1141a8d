"""Which installed distributions this process has imported, and who asked for them. Standard library only.

``importlib.metadata.packages_distributions()`` reads every RECORD of every distribution (a second in a large
environment). Here only the folder names of dist-info are read, and of few distributions one small file.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HOST = "this notebook"
DIRECT = "an editable or direct-URL install"


def find_loaded(environments: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """The distributions that have a top-level module in ``sys.modules``, by normalized project.

    Each has ``version``, ``by`` (the loaded distributions that require it, else "this notebook"), ``requires`` (its
    Requires-Dist lines) and ``installed`` (False: it came from one of ``environments``, which need not be in sys.path
    any more). An editable or direct-URL install (PEP 610) is there too when nothing has imported it yet; then
    ``imported`` is False.
    """
    shelf = tuple(f"{environment}{os.sep}" for environment in environments)
    places = _module_places(
        f"{root}lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages" for root in shelf
    )
    found: dict[str, dict[str, Any]] = {}
    infos: dict[str, Path] = {}
    for folder, modules in places.items():
        for info in _dist_infos(folder):
            name, _, version = info.name.removesuffix(".dist-info").partition("-")
            project = _normalize(name)
            if not version or project in found:
                continue
            if _top_level(info, name) & modules:
                installed = not folder.startswith(shelf)
                requires = list(_required(info))
                found[project] = {"version": version, "by": HOST, "requires": requires, "installed": installed}
                infos[project] = info
            elif (info / "direct_url.json").exists():
                found[project] = {"version": version, "by": DIRECT, "imported": False, "requires": []}
    for project, info in infos.items():
        for needed in _required_names(info):
            if needed in found and needed != project:
                by = found[needed]["by"]
                found[needed]["by"] = project if by == HOST else by if len(by) > 60 else f"{by}, {project}"
    return found


def find_installed(folders: Iterable[str]) -> dict[str, tuple[str, str, bool]]:
    """What is installed in site folders, by normalized project: version, folder, and whether it is editable or from a
    direct URL (PEP 610). The first folder wins, as in sys.path."""
    found: dict[str, tuple[str, str, bool]] = {}
    for folder in folders:
        for info in _dist_infos(folder):
            name, _, version = info.name.removesuffix(".dist-info").partition("-")
            if version:
                found.setdefault(_normalize(name), (version, folder, (info / "direct_url.json").exists()))
    return found


def site_folders() -> list[str]:
    """The site-packages of this process, those of environments included, in their order."""
    return [path for path in sys.path if path.endswith(("/site-packages", "/dist-packages"))]


def _module_places(further: Iterable[str]) -> dict[str, set[str]]:
    """Names of loaded top-level modules (and the parts of namespaces) by the site folder that they came from."""
    places: dict[str, set[str]] = {folder: set() for folder in (*further, *site_folders())}
    for name, module in list(sys.modules.items()):
        if name.count(".") > 1:
            continue
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if not isinstance(origin, str):
            continue
        parent = os.path.dirname(origin)  # noqa: PTH120  (called a thousand times; Path costs 20 times as much)
        if origin.endswith(("/__init__.py", "/__init__.pyc")):
            parent = os.path.dirname(parent)  # noqa: PTH120
        for _ in range(name.count(".")):
            parent = os.path.dirname(parent)  # noqa: PTH120
        if parent in places:
            places[parent].add(name)
    return places


def _dist_infos(folder: str) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".dist-info"):
                    yield Path(entry.path)
    except OSError:
        return


@functools.lru_cache(maxsize=4096)  # an installed version does not change; its folder names it
def _top_level(info: Path, name: str) -> set[str]:
    """Module names of a distribution: its top_level.txt, else RECORD's first components, else its own name."""
    try:
        return {line.strip().replace("/", ".") for line in (info / "top_level.txt").read_text().splitlines()}
    except OSError:
        pass
    try:
        record = (info / "RECORD").read_text()
    except (OSError, UnicodeDecodeError):
        return {name.lower()}
    tops: set[str] = set()
    for path in re.findall(r"^\"?([^,\"\n]+\.(?:py|so))\b", record, re.MULTILINE):
        first, slash, rest = path.partition("/")
        tops.add(first if slash else first.partition(".")[0])
        if slash and "/" in rest:  # a part of a namespace: jaraco/classes/__init__.py
            tops.add(f"{first}.{rest.partition('/')[0]}")
    return {top for top in tops if not top.startswith(".")}


@functools.lru_cache(maxsize=4096)
def _required(info: Path) -> tuple[str, ...]:
    """The Requires-Dist lines, those of extras left out."""
    try:
        head = (info / "METADATA").read_text("utf-8", "replace").partition("\n\n")[0]
    except OSError:
        return ()
    lines = re.findall(r"^Requires-Dist: (.+)$", head, re.MULTILINE)
    return tuple(line for line in lines if not re.search(r"extra *==", line))


def _required_names(info: Path) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in _required(info))
    return {_normalize(name[0]) for name in names if name}


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
