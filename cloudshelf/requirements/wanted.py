"""What files of requirements ask for, as a value that travels as JSON. Standard library only: a warm start loads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST = 20  # lines of what is wrong that a message has
INTERPRETER = "the interpreter"


class Row(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """A line of a file, for people. ``found``: why it is left out, or "" for a requirement."""

    file: str
    line: int  # 0 where the format has no line of its own for it
    text: str
    requirement: str = ""
    found: str = ""
    conda: bool = False  # of an environment.yml, whose lines are reported one by one


class Hashed(NamedTuple):
    """A requirement whose wheel must have one of these sha256."""

    requirement: str
    sha256: tuple[str, ...]
    where: str


class Wanted:  # as those above, and what reads files changes it
    """What all files come to. ``pythons``: (specifier, the file that has it)."""

    __slots__ = ("constraints", "empty", "hashes", "pythons", "require_hashes", "requirements", "rows")

    def __init__(self) -> None:
        self.requirements: list[str] = []
        self.constraints: list[str] = []
        self.hashes: list[Hashed] = []
        self.require_hashes = False
        self.pythons: list[tuple[str, str]] = []
        self.rows: list[Row] = []
        self.empty = ""  # the files' names, where they ask for nothing

    def notes(self, *, conda: bool = True) -> list[str]:
        """One line for each file and reason to leave something out."""
        left: dict[tuple[str, str], list[str]] = {}
        for row in self.rows:
            if row.found and not row.requirement and row.found != INTERPRETER and (conda or not row.conda):
                place = f"{row.text} (line {row.line})" if row.line else row.text
                left.setdefault((row.file, row.found), []).append(place)
        lines = [f"{file}: {', '.join(places)} left out: {why}." for (file, why), places in left.items()]
        return [*lines, f"{self.empty} asks for nothing."] if self.empty else lines

    def to_json(self) -> dict[str, Any]:
        return {
            "requirements": list(self.requirements),
            "constraints": list(self.constraints),
            "hashes": [each._asdict() for each in self.hashes],
            "require_hashes": self.require_hashes,
            "pythons": list(self.pythons),
            "rows": [row._asdict() for row in self.rows],
            "empty": self.empty,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Wanted:
        """What ``to_json`` made of one, also after JSON made lists of tuples."""
        found = cls()
        found.requirements = list(map(str, raw["requirements"]))
        found.constraints = list(map(str, raw["constraints"]))
        found.hashes = [Hashed(str(h["requirement"]), tuple(h["sha256"]), str(h["where"])) for h in raw["hashes"]]
        found.require_hashes = bool(raw["require_hashes"])
        found.pythons = [(str(specifier), str(file)) for specifier, file in raw["pythons"]]
        found.rows = [Row(**row) for row in raw["rows"]]
        found.empty = str(raw["empty"])
        return found
