"""What files of requirements ask for, as a value that travels as JSON. Standard library only: a warm start loads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 20  # lines of what is wrong that a message has
INTERPRETER = "the interpreter"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file, for people. ``found``: why it is left out, or "" for a requirement."""

    file: str
    line: int  # 0 where the format has no line of its own for it
    text: str
    requirement: str = ""
    found: str = ""
    conda: bool = False  # of an environment.yml, whose lines are reported one by one


@dataclass(frozen=True, slots=True)
class Hashed:
    """A requirement whose wheel must have one of these sha256."""

    requirement: str
    sha256: tuple[str, ...]
    where: str


@dataclass(slots=True)
class Wanted:
    """What all files come to. ``pythons``: (specifier, the file that has it)."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    hashes: list[Hashed] = field(default_factory=list)
    require_hashes: bool = False
    pythons: list[tuple[str, str]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    empty: str = ""  # the files' names, where they ask for nothing

    def notes(self, *, conda: bool = True) -> list[str]:
        """One line for each file and reason to leave something out."""
        left: dict[tuple[str, str], list[str]] = {}
        for row in self.rows:
            if row.found and not row.requirement and row.found != INTERPRETER and (conda or not row.conda):
                place = f"{row.text} (line {row.line})" if row.line else row.text
                left.setdefault((row.file, row.found), []).append(place)
        lines = [f"{file}: {', '.join(places)} left out: {why}." for (file, why), places in left.items()]
        return [*lines, f"{self.empty} asks for nothing."] if self.empty else lines

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Wanted:
        """What ``dataclasses.asdict`` made of one, also after JSON made lists of tuples."""
        return cls(
            requirements=list(map(str, raw["requirements"])),
            constraints=list(map(str, raw["constraints"])),
            hashes=[Hashed(str(h["requirement"]), tuple(h["sha256"]), str(h["where"])) for h in raw["hashes"]],
            require_hashes=bool(raw["require_hashes"]),
            pythons=[(str(specifier), str(file)) for specifier, file in raw["pythons"]],
            rows=[Row(**row) for row in raw["rows"]],
            empty=str(raw["empty"]),
        )
