"""What gathered files ask for: requirements, constraints, hashes, a Python; and what of them is left out, with why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..codecs.conda import parse_environment
from ..codecs.lock import parse_lock
from ..codecs.pyproject import Declared, parse_pyproject, parse_script
from ..codecs.requirements_txt import Line, parse_lines
from ..errors import PythonUnfit, RequirementInvalid, UsageError
from ..target import Target
from .gathering import names_of, path_of
from .requirement import parse_requirement
from .wanted import INTERPRETER, MOST, Hashed, Row, Wanted


def read_sources(gathered: Mapping[str, Any], target: Target) -> Wanted:
    """The meaning of what ``gathering.gather`` brought, for ``target``.

    Raises UsageError that names every line that cannot be taken from a shelf, with its file and why.
    """
    reading = _Reading(gathered, target)
    for kind, path in gathered["roots"]:
        reading.read(path, limit=kind == "constraint")
    if reading.refused:
        more = len(reading.refused) - MOST
        shown = [*reading.refused[:MOST], *([f"and {more} more"] if more > 0 else [])]
        told = "\n  ".join(shown)
        raise UsageError(f"Nothing was changed, because of what no shelf can answer:\n  {told}")
    if gathered.get("require_hashes"):
        reading.wanted.require_hashes = True
    if not reading.wanted.requirements and not reading.wanted.constraints:
        reading.wanted.empty = ", ".join(names_of(gathered))
    return reading.wanted


def check_python(pythons: Iterable[tuple[str, str]], target: Target) -> None:
    """Raises PythonUnfit where a file wants another Python than ``target``."""
    for specifier, file in pythons:
        if not SpecifierSet(specifier).contains(target.python, prereleases=True):
            raise PythonUnfit(file, specifier, target.python)


class _Reading:
    """One reading of all files; ``refused`` collects what is wrong in any of them."""

    def __init__(self, gathered: Mapping[str, Any], target: Target) -> None:
        self.gathered, self.target = gathered, target
        self.variables = gathered["variables"]
        self.wanted, self.refused = Wanted(), list[str]()

    def read(self, path: str, *, limit: bool = False) -> None:
        """One file, and what it includes."""
        file = self.gathered["files"][path]
        name, kind, text = str(file["name"]), file["kind"], str(file["text"])
        if kind == "requirements.txt":
            self._lines(name, str(file["folder"]), parse_lines(text, self.variables), limit=limit)
        elif limit:
            self.refused.append(f"{name} is no file of constraints: those are lines, as in requirements.txt.")
        elif kind == "environment.yml":
            self._conda(name, str(file["folder"]), text)
        elif kind == "pylock.toml":
            self._lock(name, text)
        elif kind == "script":
            self._declared(name, parse_script(text, name))
        else:
            names = {key: tuple(self.gathered[key]) for key in ("extras", "groups")}
            only = bool(self.gathered["only_groups"])
            self._declared(name, parse_pyproject(text, name, **names, only_groups=only))

    def _lines(self, name: str, folder: str, lines: Iterable[Line], *, limit: bool, conda: bool = False) -> None:
        for line in lines:
            where = f"{name} line {line.number}" if line.number else name
            if line.kind in ("include", "limit"):
                self.read(path_of(folder, line.value), limit=limit or line.kind == "limit")
            elif line.kind == "require-hashes":
                self.wanted.require_hashes = True
            elif line.kind == "ignored":
                self.wanted.rows.append(Row(name, line.number, line.text, found=line.value, conda=conda))
            elif line.kind == "refused":
                self.refused.append(f"{where}: {line.text}: {line.value}.")
            else:
                self._requirement(name, line, where, limit=limit, conda=conda)

    def _requirement(self, name: str, line: Line, where: str, *, limit: bool, conda: bool) -> None:
        try:
            requirement = parse_requirement(line.value)
        except RequirementInvalid as error:
            self.refused.append(f"{where}: {line.text}: that is not a requirement: {error.reason}.")
            return
        if limit and requirement.extras:
            self.refused.append(f"{where}: {line.text}: a constraint has no extras.")
            return
        if line.hashes:
            self.wanted.hashes.append(Hashed(line.value, line.hashes, where))
            self.wanted.require_hashes = True  # as pip: one hash asks for all
        if limit:
            self.wanted.constraints.append(line.value)
            return
        self.wanted.requirements.append(line.value)
        applies = requirement.marker is None or requirement.marker.evaluate(dict(self.target.environment))
        found = "" if applies else "its marker does not hold here"
        self.wanted.rows.append(Row(name, line.number, line.text, line.value if applies else "", found, conda))

    def _declared(self, name: str, declared: Declared) -> None:
        if declared.requires_python:
            self._python(declared.requires_python, name)
        for text in declared.requirements:
            self._lines(name, "", [line._replace(number=0) for line in parse_lines(text)], limit=False)

    def _python(self, specifier: str, where: str) -> None:
        try:
            SpecifierSet(specifier)
        except InvalidSpecifier:
            self.refused.append(f"{where}: {specifier!r} is no specifier of Python versions.")
            return
        self.wanted.pythons.append((specifier, where))

    def _lock(self, name: str, text: str) -> None:
        """A lock among other requirements: each pin by version and sha256."""
        lock = parse_lock(text, name, environment=self.target.environment, tags=self.target.tags)
        for pin in lock.pins:
            requirement = f"{pin.project}=={pin.version}"
            self.wanted.requirements.append(requirement)
            self.wanted.hashes.append(Hashed(requirement, (pin.sha256,), name))
            self.wanted.rows.append(Row(name, 0, requirement, requirement))

    def _conda(self, name: str, folder: str, text: str) -> None:
        for line in parse_environment(text, name):
            where = f"{name} line {line.number}"
            if line.kind == "requirement":
                as_line = Line(line.number, line.text, "requirement", line.value)
                self._requirement(name, as_line, where, limit=False, conda=True)
            elif line.kind == "pip":
                inner = [each._replace(number=line.number) for each in parse_lines(line.value, self.variables)]
                self._lines(name, folder, inner, limit=False, conda=True)
            elif line.kind == "refused":
                self.refused.append(f"{where}: {line.text}: {line.value}.")
            elif line.kind == "python":
                if line.value:
                    self._python(line.value, where)
                self.wanted.rows.append(Row(name, line.number, line.text, found=INTERPRETER, conda=True))
            else:
                found = f"not Python; {line.value}" if line.kind == "not Python" else line.value
                self.wanted.rows.append(Row(name, line.number, line.text, found=found, conda=True))
