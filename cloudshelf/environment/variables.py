"""The variables with which programs of any kind find what an environment has: commands, headers, libraries.

Written when the environment is built, from its index; read by ``run``, by the process that pins (``use``), and by
``env``. Where the environment is mounted its files are at another place, so paths are kept relative. Standard library
only: the process that imports reads them, too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FILE = ".cloudshelf/variables"
SEARCHED = (  # lists of folders
    "PATH",
    "PYTHONPATH",
    "PKG_CONFIG_PATH",
    "CMAKE_PREFIX_PATH",
    "CPATH",
    "LIBRARY_PATH",
    "LD_LIBRARY_PATH",
)
PACKAGES = "PYTHONPATH"  # for a Python without us, once every file is there: its own and ours have them without
_HEADERS = (".h", ".hh", ".hpp", ".hxx")
_BARE: Mapping[str, Sequence[str]] = {"PATH": ("bin",)}  # of an environment that an earlier cloudshelf built


class Variables(NamedTuple):
    """``paths``: variables that are lists of folders, which go before what is there; ``values``: the others.

    ``headers``: folders of headers inside of packages (numpy's), which no variable names.
    """

    paths: Mapping[str, Sequence[str]]
    values: Mapping[str, str]
    headers: Sequence[str] = ()


def find_variables(index: Mapping[str, Any], minor: str, trees: Sequence[str]) -> str:
    """The text of FILE for the environment of ``index``, with plain trees in the folders ``trees``.

    Only what exists is named. CPATH and LIBRARY_PATH, where compilers look before the system's folders, name what was
    put into the environment's own ``include`` and ``lib`` to be compiled and linked with, not what is inside of
    packages: torch alone has headers of a dozen other projects. Those have pkg-config and CMake. LD_LIBRARY_PATH, which
    changes every program that is started, is there only where a plain tree has shared libraries: what wheels bring
    works without, as installed.
    """
    site: str = index["site"]
    folders = {folder: set(names) for folder, names in index["folders"].items()}
    for place in index["forest"]:
        folder, _, name = place.rpartition("/")
        folders.setdefault(folder, set()).add(name)
    inside = sorted(f for f in folders if f.startswith(f"{site}/") and os.pathsep not in f)
    configs = [f for f in inside if _last(f) == "pkgconfig" and _has(folders[f], ".pc")]
    includes = folders.get("include", set()) - {"site"}
    libraries = [name for f in trees for name in folders.get(f"{f}/lib", ())]
    for_debian = sorted(f for f in folders if _is_for_debian(f, trees))
    headers = [f for f in (f"include/site/python{minor}",) if f in folders]  # of wheels, by the scheme of PEP 427
    found = (
        ["bin"],
        [site],
        [
            *(f for f in ("lib/pkgconfig", "share/pkgconfig") if f in folders),
            *(f for each in for_debian if _has(folders.get(f := f"{each}/pkgconfig", ()), ".pc")),
            *configs,
        ],
        ["", *_cmake_prefixes(inside)],
        [*(["include"] if includes else []), *headers],
        [
            *(["lib"] if any(map(_is_library, folders.get("lib", ()))) else []),
            *(each for each in for_debian if any(map(_is_library, folders[each]))),
        ],
        [
            *(["lib"] if any(map(_is_shared, libraries)) else []),
            *(each for each in for_debian if any(map(_is_shared, folders[each]))),
        ],
    )
    paths = {name: named for name, named in zip(SEARCHED, found, strict=True) if named}
    packaged = [f for f in inside if _last(f) == "include" and _holds_headers(f, inside, folders)]
    return json.dumps({"paths": paths, "headers": packaged})


def read_variables(environment: str, root: str | None = None) -> Variables:
    """The variables of ``environment``, whose files are below ``root`` (where it is mounted; default: where it is).

    A tree sets no variable that is a list of ours.
    """
    root = root or environment
    try:
        with open(f"{environment}/{FILE}", encoding="utf-8") as stream:
            raw = json.load(stream)
    except FileNotFoundError:
        raw = {"paths": _BARE, "headers": ()}
    paths = {name: [_below(root, folder) for folder in folders] for name, folders in raw["paths"].items()}
    values: dict[str, str] = {}
    if Path(root, "opt").is_dir():
        from .trees import trees_of  # most have none

        for tree in trees_of(Path(root)):
            values = {name: value for name, value in tree.env.items() if name not in SEARCHED} | values
    return Variables(paths, values, [_below(root, folder) for folder in raw["headers"]])


def entered(environ: Mapping[str, str], environment: str) -> dict[str, str]:
    """``environ`` of a process that sees what ``environment`` has; its own Python and ours need no PYTHONPATH."""
    variables, inner = read_variables(environment), dict(environ)
    for name, folders in variables.paths.items():
        if name != PACKAGES:
            rest = [folder for folder in _parts(inner, name) if folder not in folders]
            inner[name] = os.pathsep.join([*folders, *rest])
    return inner | dict(variables.values)


def left(environ: Mapping[str, str], environment: str) -> dict[str, str]:
    """``environ`` without what ``entered`` put there; the environment may be gone meanwhile."""
    variables, outer = read_variables(environment), dict(environ)
    for name in SEARCHED:
        before = _parts(outer, name)
        rest = [folder for folder in before if not f"{folder}/".startswith(f"{environment}/")]
        if rest:
            outer[name] = os.pathsep.join(rest)
        elif before:
            del outer[name]
    return {name: value for name, value in outer.items() if variables.values.get(name) != value}


def _parts(environ: Mapping[str, str], name: str) -> list[str]:
    return environ[name].split(os.pathsep) if environ.get(name) else []


def _is_for_debian(folder: str, trees: Sequence[str]) -> bool:
    """Whether it is ``lib/x86_64-linux-gnu`` of a tree: there builds on Debian and Ubuntu install (its Multiarch)."""
    above, _, name = folder.rpartition("/")
    return "-linux-" in name and above.removesuffix("/lib") in trees and above.endswith("/lib")


def _cmake_prefixes(inside: Sequence[str]) -> list[str]:
    """Folders inside of packages in which CMake's find_package looks for ``(lib|share)/cmake/<name>``."""
    found = (f.removesuffix(end) for f in inside for end in ("/lib/cmake", "/share/cmake") if f.endswith(end))
    return list(dict.fromkeys(found))


def _holds_headers(folder: str, inside: Sequence[str], folders: Mapping[str, Iterable[str]]) -> bool:
    """Whether there are headers in it, or in a folder below; not in a dist-info, where licences have such paths."""
    if ".dist-info/" in folder:
        return False
    below = (f for f in inside if f == folder or f.startswith(f"{folder}/"))
    return any(name.endswith(_HEADERS) for each in below for name in folders[each])


def _below(root: str, folder: str) -> str:
    return f"{root}/{folder}" if folder else root


def _last(folder: str) -> str:
    return folder.rpartition("/")[2]


def _has(names: Iterable[str], ending: str) -> bool:
    return any(name.endswith(ending) for name in names)


def _is_shared(name: str) -> bool:
    """libm.so, libm.so.6."""
    return name.endswith(".so") or ".so." in name


def _is_library(name: str) -> bool:
    return _is_shared(name) or name.endswith(".a")
