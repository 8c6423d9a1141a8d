"""Where the files of a wheel may land: nowhere that belongs to the environment, to Python, or to another distribution.

Looked at when the wheel is spread, so that what goes there by way of its ``.data`` folder is seen too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..codecs.names import normalize
from ..codecs.wheel import is_script_name
from ..errors import WheelInvalid
from .entry_names import check_apart

_OWN_PROGRAMS = re.compile(r"python[\d.]*t?|activate(\..*)?|Activate\.ps1|deactivate")  # of every virtual environment
_OWN_FILES = re.compile(r"(lib|lib64)/python[^/]*(/.*)?|pyvenv\.cfg|\.cloudshelf(/.*)?|lib|lib64|bin")
_START = "00_cloudshelf.pth"  # environment/build.py: what fills the environment
_LARGEST_PTH = 64 << 10


def check_places(paths: Iterable[str], project: str, dist_info: str, wheel: str) -> None:
    """``paths`` are those of an installed tree, with their scheme. Raises WheelInvalid, naming one."""
    paths = list(paths)
    check_apart(paths, wheel)
    for path in paths:
        scheme, _, rest = path.partition("/")
        if why := _CHECKS[scheme](rest, project, dist_info):
            raise WheelInvalid(wheel, f"{path} {why}")


def _why_not_site(rest: str, project: str, dist_info: str) -> str:
    top, slash, _ = rest.partition("/")
    stem, dot, kind = top.rpartition(".")
    if rest == _START:
        return "is the environment's own"
    if kind == "dist-info" and top != dist_info:
        return "would be another distribution"
    if kind in ("egg-info", "egg-link") and normalize(stem.partition("-")[0]) != project:
        return "would be another distribution"
    if kind == "data" and dot and slash:
        return "is spread by some installers and not by others"
    if kind == "libs" and slash and normalize(stem) != project:  # auditwheel names it after the distribution
        return f"is among the libraries of {normalize(stem)}"
    return ""


def _why_not_script(rest: str, project: str, dist_info: str) -> str:
    if _OWN_PROGRAMS.fullmatch(rest):
        return "would replace the environment's own"
    return "" if is_script_name(rest) else "is no name of a command that a shell takes as it stands"


def _why_not_data(rest: str, project: str, dist_info: str) -> str:
    folder, _, name = rest.rpartition("/")
    if _OWN_FILES.fullmatch(rest) or (folder == "bin" and _OWN_PROGRAMS.fullmatch(name)):
        return "would replace the environment's own, or lie among other distributions"
    return ""


def _why_not_header(rest: str, project: str, dist_info: str) -> str:
    return ""  # they are below a folder of the project's name


_CHECKS = {
    "site": _why_not_site,
    "scripts": _why_not_script,
    "data": _why_not_data,
    "headers": _why_not_header,
}


def find_startup(paths: Iterable[str], root: Path, wheel: str) -> tuple[str, ...]:
    """The ``.pth`` files among ``paths``, which are in ``root``, with code that every start of Python runs (site.py).

    That is how some projects work, so it is allowed, and told. Raises WheelInvalid for one that adds a folder to
    ``sys.path`` which is not the wheel's, or that Python could not read.
    """
    found = []
    for path in paths:
        name = path.removeprefix("site/")
        if not path.startswith("site/") or "/" in name or not name.endswith(".pth"):
            continue
        content = (root / path).read_bytes()
        try:
            lines = content.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise WheelInvalid(wheel, f"{path} is not UTF-8") from None
        if b"\0" in content or len(content) > _LARGEST_PTH:
            raise WheelInvalid(wheel, f"{path} is not a file that Python reads when it starts")
        code = [line for line in lines if line.startswith(("import ", "import\t"))]
        for line in lines:
            if line not in code and (line.startswith("/") or ".." in line.strip().split("/")):
                raise WheelInvalid(wheel, f"{path} adds {line.strip()[:100]!r} to sys.path, which is not the wheel's")
        if code:
            found.append(name)
    return tuple(sorted(found))
