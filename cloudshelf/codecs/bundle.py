"""Bundle: a selection of a shelf in one tar file. What its index says; see docs/format.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ObjectInvalid
from ..model import Entry
from .envelope import Fields, format_object, parse_object
from .head import encode_versions, parse_versions
from .names import is_normalized, is_sha256
from .recall import Block, encode_blocks, parse_blocks

INDEX = "cloudshelf-bundle.json"
README = "README.txt"
_WHEEL = re.compile(r"engine/[A-Za-z0-9_][A-Za-z0-9._+!-]*\.whl", re.ASCII)
_OBJECT = re.compile(
    r"projects/(?P<project>[a-z0-9-]+)/(?:(?:pack|manifest)/(?P<part>[0-9a-f]{64})\.\d{1,18}"
    r"|(?:release|index|provenance)/(?P<digest>[0-9a-f]{64})|head)"
)
_TRUST = re.compile(r"trust/(?:_head|_history/\d{10,18}-(?P<digest>[0-9a-f]{64}))")


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the bundle: an object by its key on the shelf, a wheel of the engine, or the text for people."""

    name: str
    size: int
    sha256: str

    @property
    def project(self) -> str:
        """Whose object it is; "" for what is none."""
        found = _OBJECT.fullmatch(self.name)
        return found["project"] if found else ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a project's head says of the versions that the bundle has."""

    project: str
    default: str | None
    versions: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The index: ``members`` in the order of the file; ``shelf`` is the name of the one that they are from.

    ``blocks`` are what nobody may use there, whether the bundle has it or not.
    """

    shelf: str
    requirements: tuple[str, ...]
    projects: tuple[Carried, ...]
    members: tuple[Member, ...]
    blocks: tuple[Block, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.size for member in self.members)

    @property
    def engine(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.name.startswith("engine/"))


def format_bundle(bundle: Bundle) -> bytes:
    return format_object(
        "bundle",
        {
            "shelf": bundle.shelf,
            "requirements": list(bundle.requirements),
            "projects": [
                {"project": each.project, "default": each.default, "versions": encode_versions(each.versions)}
                for each in bundle.projects
            ],
            "members": [[member.name, member.size, member.sha256] for member in bundle.members],
            **({"blocks": encode_blocks(bundle.blocks)} if bundle.blocks else {}),
        },
    )


def parse_bundle(data: bytes) -> Bundle:
    """Raises ObjectInvalid, or FormatUnknown for one of a later cloudshelf."""
    fields = parse_object(data, "bundle", INDEX)
    members = tuple(_parse_member(row) for row in fields.rows("members"))
    projects = tuple(_parse_carried(each) for each in fields.items("projects"))
    names = {member.name for member in members}
    if len(names) != len(members) or len({each.project for each in projects}) != len(projects):
        raise ObjectInvalid(INDEX, "it names something twice")
    for each in projects:
        for version, entry in each.versions.items():
            if f"projects/{each.project}/release/{entry.release}" not in names:
                raise ObjectInvalid(INDEX, f"it has no release of {each.project} {version}")
    blocks = parse_blocks(fields) if "blocks" in fields.raw else ()
    return Bundle(fields.text("shelf"), fields.texts("requirements"), projects, members, blocks)


def _parse_member(row: Any) -> Member:
    match row:
        case [str(name), int(size), str(digest)] if size >= 0 and is_sha256(digest):
            found = _OBJECT.fullmatch(name)
            if found and is_normalized(found["project"]) and digest == (found["part"] or found["digest"] or digest):
                return Member(name, size, digest)
            trust = _TRUST.fullmatch(name)
            if name == README or _WHEEL.fullmatch(name) or (trust and digest == (trust["digest"] or digest)):
                return Member(name, size, digest)
    raise ObjectInvalid(INDEX, f"its member {row!r:.100} is none that a bundle has")


def _parse_carried(fields: Fields) -> Carried:
    project = fields.text("project")
    if not is_normalized(project):
        raise ObjectInvalid(INDEX, f"{project!r:.100} is not the name of a project")
    return Carried(project, fields.text_or_none("default"), parse_versions(fields))
