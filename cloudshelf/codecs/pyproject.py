"""What a project or a script says that it needs: pyproject.toml (PEP 621, PEP 735), a script's block (PEP 723)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import UsageError
from .names import named_project, normalize
from .toml import load_toml

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")  # PEP 723's own


class Declared(NamedTuple):
    """Requirements as they are written, and the specifier of Python versions ("" for any)."""

    requirements: tuple[str, ...]
    requires_python: str = ""


def parse_script(text: str, source: str) -> Declared:
    """What the ``# /// script`` block of a program declares. Raises UsageError that names ``source``."""
    blocks = [found["content"] for found in _BLOCK.finditer(_with_end(text)) if found["type"] == "script"]
    if not blocks:
        raise UsageError(
            f"{source} has no block that begins with the line '# /// script' (PEP 723), so it names nothing that it "
            "needs. Name it: --with REQUIREMENT"
        )
    if len(blocks) > 1:
        raise UsageError(f"{source} has {len(blocks)} blocks '# /// script'; PEP 723 allows one.")
    lines = (line[2:] if line.startswith("# ") else line[1:] for line in blocks[0].splitlines())
    table = load_toml("\n".join(lines), f"The '# /// script' block of {source}")
    requirements = _texts(table.get("dependencies", []), f"dependencies of {source}")
    return Declared(requirements, _text(table.get("requires-python", ""), f"requires-python of {source}"))


def parse_pyproject(
    text: str, source: str, *, extras: Sequence[str] = (), groups: Sequence[str] = (), only_groups: bool = False
) -> Declared:
    """The dependencies of a project, with those of ``extras`` and dependency ``groups``.

    ``only_groups`` leaves the project's own out. Raises UsageError that names ``source`` and what it has.
    """
    table = load_toml(text, source)
    project = _table(table.get("project", {}), f"[project] of {source}")
    groups_table = _table(table.get("dependency-groups", {}), f"[dependency-groups] of {source}")
    if not project and not groups_table:
        raise UsageError(f"{source} has neither [project] nor [dependency-groups], so it names no requirements.")
    found: list[str] = []
    if not only_groups:
        if "dependencies" in _texts(project.get("dynamic", []), f"dynamic of {source}"):
            raise UsageError(
                f"{source} leaves its dependencies to its build (dynamic), so they are not in it. Name them, or the "
                "file that has them: -r requirements.txt"
            )
        found += _texts(project.get("dependencies", []), f"dependencies of {source}")
    optional = _table(project.get("optional-dependencies", {}), f"optional-dependencies of {source}")
    for extra in extras:
        found += _of_extra(extra, optional, normalize(str(project.get("name", ""))), source, ())
    for group in groups:
        found += _of_group(group, groups_table, source)
    requires = "" if only_groups else project.get("requires-python", "")
    return Declared(tuple(dict.fromkeys(found)), _text(requires, f"requires-python of {source}"))


def _of_extra(
    extra: str, optional: Mapping[str, Any], project: str, source: str, seen: tuple[str, ...]
) -> Iterator[str]:
    """An extra's lines; one that names the project itself (``ours[other]``) means that other extra."""
    known = {normalize(name): name for name in optional}
    wanted = normalize(extra)
    if wanted in seen:
        return
    if wanted not in known:
        raise UsageError(f"{source} has no extra {extra!r}; it has: {', '.join(sorted(known)) or 'none'}.")
    for line in _texts(optional[known[wanted]], f"the extra {extra} of {source}"):
        own = re.match(r"\s*[A-Za-z0-9._-]+\s*\[([^\]]*)\]", line) if project else None
        if own is None or named_project(line) != project:
            yield line
            continue
        for other in own[1].split(","):
            yield from _of_extra(other.strip(), optional, project, source, (*seen, wanted))


def _of_group(group: str, table: Mapping[str, Any], source: str) -> list[str]:
    from packaging.dependency_groups import DependencyGroupResolver

    if normalize(group) not in map(normalize, table):
        names = ", ".join(sorted(table)) or "none"
        raise UsageError(f"{source} has no dependency group {group!r}; it has: {names}.")
    try:
        return [str(requirement) for requirement in DependencyGroupResolver(table).resolve(group)]
    except ExceptionGroup as errors:  # packaging collects all that is wrong
        said = str(errors.exceptions[0]).splitlines()[0].rstrip(".")
        raise UsageError(f"The dependency group {group!r} of {source} is malformed: {said}.") from None


def _with_end(text: str) -> str:
    """PEP 723's expression wants a line's end behind the block's last line, and knows no other than ``\\n``."""
    return text.replace("\r\n", "\n") + "\n"


def _table(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is not a table.")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{what} is not text.")
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{what} is not a list of texts.")
    return tuple(value)
