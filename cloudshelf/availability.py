"""Whether a shelf has what the lines of files ask for, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from .codecs.names import named_project
from .errors import ADMINISTRATOR, NoGrant, ProjectMissing, ShelfError, Unsatisfiable
from .ordering import version_order
from .repository import shorten
from .requirements.wanted import MOST, Row, Wanted
from .shelf import Shelf

DENIED = "no grant"
Line = dict[str, Any]  # JSON: file, line, text, requirement, found


def report_lines(shelf: Shelf, rows: Sequence[Row]) -> list[Line]:
    """Each line with ``found``: what the shelf has for it, "missing" and why, or why it is left out."""
    shelf.repository.prefetch(dict.fromkeys(named_project(row.requirement) for row in rows if row.requirement))
    return [
        {
            "file": row.file,
            "line": row.line or None,
            "text": row.text,
            "requirement": row.requirement,
            "found": _on_shelf(shelf, row.requirement) if row.requirement else row.found,
        }
        for row in rows
    ]


def is_missing(line: Line) -> bool:
    """Whether a line of the report is one that the shelf cannot meet."""
    return str(line["found"]).startswith(("missing", DENIED))


def explain_missing(shelf: Shelf, wanted: Wanted, error: ShelfError) -> ShelfError:
    """``error`` of a resolution; where lines of files are the reason, one that names them all."""
    missing = [line for line in report_lines(shelf, wanted.rows) if is_missing(line)]
    if not missing or (len(missing) == 1 and isinstance(error, NoGrant)):
        return error
    told = [f"  {_place(line)}: {line['text']}: {line['found']}" for line in missing[:MOST]]
    told += [f"  and {len(missing) - MOST} more"] if len(missing) > MOST else []
    absent = [line for line in missing if not str(line["found"]).startswith(DENIED)]
    names = " ".join(dict.fromkeys(_quoted(str(line["requirement"])) for line in absent))
    count = "One line names" if len(missing) == 1 else f"{len(missing)} lines name"
    lacking = "does not have" if len(absent) == len(missing) else "does not have, or does not give you"
    told += [f"A curator adds it with: cloudshelf publish {names}"] if absent else []
    return Unsatisfiable("\n".join([f"{count} what the shelf {lacking}; nothing was changed.", *told]))


def _place(line: Line) -> str:
    return f"{line['file']} line {line['line']}" if line["line"] else str(line["file"])


def _quoted(requirement: str) -> str:
    plain = requirement.partition(";")[0].strip()
    return f"'{plain}'" if set(plain) & set("<>!~* [") else plain


def _on_shelf(shelf: Shelf, text: str) -> str:
    """ "on the shelf (1.2)", the version being one that satisfies; else "missing", with what is there."""
    requirement, project = Requirement(text), named_project(text)
    try:
        versions = shelf.repository.versions(project)
        default = shelf.repository.head(project).default
    except ProjectMissing:
        return "missing"
    except NoGrant as error:
        return f"{DENIED}; ask {error.contact or ADMINISTRATOR}"
    fitting = [version for version in versions if _admits(requirement, version)]
    if not fitting:
        return f"missing; the shelf has {', '.join(shorten(versions)) or 'no version of it'}"
    return f"on the shelf ({default if default in fitting else max(fitting, key=version_order)})"


def _admits(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
