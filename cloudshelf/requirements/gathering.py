"""The files behind ``-r`` and ``-c``, read where the person is: their texts, and the variables that they name.

Standard library only, since a kernel does this. What the texts say is found out by ``sources.py``, where the verb runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..codecs.requirements_txt import decode, parse_lines, variables_of
from ..errors import UsageError

Gathered = dict[str, Any]  # JSON: it travels to the fetcher
CELL = "this cell"
_PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")  # PEP 751, "file name"
_IN_YAML = re.compile(r"""^\s*-\s*["']?(?P<option>-r|-c|--requirement|--constraint)[ =]+(?P<file>[^"'#\n]+)""", re.M)
_SCRIPT = re.compile(r"^# /// script\s*$", re.M)


def gather(
    requirements: Iterable[str | os.PathLike[str]] = (),
    constraints: Iterable[str | os.PathLike[str]] = (),
    *,
    cell: str | None = None,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    require_hashes: bool = False,
    folder: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Gathered | None:
    """All of these files, with those that they name; None where nothing was named.

    ``cell`` is the body of a ``%%shelf`` cell, in a notebook in ``folder`` (default: where this runs). Raises
    UsageError for a file that cannot be read or includes itself.
    """
    environ = os.environ if environ is None else environ
    wanted = [os.fspath(path) for path in requirements]
    only_groups = bool(groups) and not extras and not any(_is_pyproject(path) for path in wanted)
    if (groups or extras) and not any(_is_pyproject(path) for path in wanted):
        wanted.append("pyproject.toml")  # as pip takes --group
    found: Gathered = {
        "roots": [],
        "files": {},
        "variables": {},
        "extras": list(extras),
        "groups": list(groups),
        "only_groups": only_groups,
        "require_hashes": require_hashes,
    }
    for kind, paths in (("requirement", wanted), ("constraint", [os.fspath(path) for path in constraints])):
        for path in paths:
            found["roots"].append([kind, _read(path, Path.cwd(), found, environ, ())])
    if cell is not None:
        _add(CELL, CELL, Path(folder or Path.cwd()), "requirements.txt", cell, found, environ, ())
        found["roots"].append(["requirement", CELL])
    return found if found["roots"] or require_hashes else None


def only_lock(gathered: Mapping[str, Any] | None) -> str | None:
    """The name of the lock, where that is all that was gathered: it is used as it is, and nothing is resolved."""
    if gathered is None or len(gathered["roots"]) != 1 or gathered["extras"] or gathered["groups"]:
        return None
    kind, path = gathered["roots"][0]
    file = gathered["files"][path]
    return str(file["name"]) if kind == "requirement" and file["kind"] == "pylock.toml" else None


def kind_of(name: str) -> str:
    """Which of the kinds a file is. Raises UsageError for one that cannot be read."""
    path = path_of(Path.cwd(), name)
    return _kind(path, _text(name, path, ""))


def names_of(gathered: Mapping[str, Any] | None) -> list[str]:
    """What the files are called that a person named."""
    return [str(gathered["files"][path]["name"]) for _, path in gathered["roots"]] if gathered else []


def options_of(gathered: Mapping[str, Any] | None) -> list[str]:
    """The options that name all of this, as a person types them."""
    if gathered is None:
        return []
    roots = [(kind, str(gathered["files"][path]["name"])) for kind, path in gathered["roots"]]
    words = [word for kind, name in roots for word in ("-r" if kind == "requirement" else "-c", name)]
    words += [word for name in gathered["extras"] for word in ("--extra", str(name))]
    return words + [word for name in gathered["groups"] for word in ("--group", str(name))]


def path_of(folder: str | Path, name: str) -> str:
    """Where a file is that one in ``folder`` names."""
    return os.path.normpath(Path(folder) / Path(name).expanduser())


def _read(
    name: str, folder: Path, found: Gathered, environ: Mapping[str, str], above: tuple[str, ...], where: str = ""
) -> str:
    """Add a file and those that it names; its key."""
    if "://" in name:
        raise UsageError(f"{_without_password(name)} is a URL{where}; download that file, then name it: -r FILE")
    path = path_of(folder, name)
    if path in above:
        raise UsageError(f"{name} includes itself{where}.")
    if path not in found["files"]:
        text = _text(name, path, where)
        _add(path, name, Path(path).parent, _kind(path, text), text, found, environ, (*above, path))
    return path


def _add(
    path: str,
    name: str,
    folder: Path,
    kind: str,
    text: str,
    found: Gathered,
    environ: Mapping[str, str],
    above: tuple[str, ...],
) -> None:
    if kind in ("requirements.txt", "environment.yml"):
        found["variables"] |= {each: environ[each] for each in variables_of(text) if environ.get(each)}
    found["files"][path] = {"name": name, "folder": str(folder), "kind": kind, "text": text}
    for inner, where in _included(kind, text, found["variables"]):
        _read(inner, folder, found, environ, above, f" ({name}{where})")


def _included(kind: str, text: str, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    if kind == "requirements.txt":
        lines = parse_lines(text, variables)
        return [(line.value, f" line {line.number}") for line in lines if line.kind in ("include", "limit")]
    if kind == "environment.yml":
        return [(each["file"].strip(), "") for each in _IN_YAML.finditer(text)]
    return []


def _kind(path: str, text: str) -> str:
    """What sort of file it is, by its name, else by what it begins with."""
    name = Path(path).name.lower()
    if _PYLOCK.fullmatch(name) or (name.endswith(".toml") and re.search(r"^lock-version\s*=", text, re.M)):
        return "pylock.toml"
    if name.endswith(".toml"):
        return "pyproject.toml"
    if name.endswith((".yml", ".yaml")):
        return "environment.yml"
    if name.endswith((".py", ".pyw")) or _SCRIPT.search(text):
        return "script"
    if name.endswith(".ipynb"):
        raise UsageError(f"{path} is a notebook, and no list of requirements.")
    return "requirements.txt"


def _is_pyproject(path: str) -> bool:
    return path.endswith(".toml") and not _PYLOCK.fullmatch(Path(path).name)


def _text(name: str, path: str, where: str) -> str:
    try:
        return decode(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"{name} cannot be read{where}: {error.strerror}.") from None
    except ValueError:
        raise UsageError(f"{name} is not text{where}; is it a file of requirements?") from None


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)[^/\s@]+@", "", url)
