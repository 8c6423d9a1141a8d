"""Catalog: derived listings, rebuildable from the heads. See docs/format.md.

Four kinds of objects, so that no request and no upload grows with the shelf more than it must:

``catalog/modules/<xx>``      256 shards by the sha256 of a module's first name: module → project that owns it
``catalog/projects/<x>``      16 shards by the sha256 of a project's name, zstd: what ls and search show
``catalog/closure/<project>`` one a project: the dependency closure of its default version, a hint
``catalog/internal``          names of projects whose default came from a file, for publishers
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import zstandard

from ..errors import ObjectInvalid
from .compression import decompress_object
from .envelope import Fields, format_object, parse_object
from .names import is_normalized, is_sha256, sha256

INTERNAL = "catalog/internal"
LARGEST = 1 << 26  # bytes of JSON in one shard: 16 of them hold a million projects
PROJECT_SHARDS = "0123456789abcdef"
Row = tuple[str, str, str]  # project, version, digest of the release


class ProjectFacts(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """What the catalog tells of a project; ``seq`` is that of the head it was derived from."""

    project: str
    seq: int
    summary: str
    default: str | None
    latest: str | None
    versions: int
    modules: tuple[str, ...]  # of the default version; dotted for parts of a namespace
    requires: tuple[str, ...] | None = None  # projects that the default needs; None where nobody wrote it down
    # Only in objects of their own:
    from_file: bool = False  # the default, or a wheel of it, came from a file
    closure: tuple[Row, ...] = ()  # of the default
    extras: Mapping[str, tuple[Row, ...]] = {}  # what each extra of the default needs besides


def format_internal(names: Collection[str]) -> bytes:
    return format_object("internal", {"projects": sorted(names)})


def parse_internal(data: bytes) -> set[str]:
    return {name for name in parse_object(data, "internal", INTERNAL).texts("projects") if is_normalized(name)}


def modules_key(module: str) -> str:
    """Parts of one namespace share a shard, so that any dotted name is answered by one request."""
    return f"catalog/modules/{sha256(module.partition('.')[0].encode())[:2]}"


def modules_keys() -> tuple[str, ...]:
    return tuple(f"catalog/modules/{shard:02x}" for shard in range(256))


def projects_key(project: str) -> str:
    return f"catalog/projects/{sha256(project.encode())[0]}"


def projects_keys() -> tuple[str, ...]:
    return tuple(f"catalog/projects/{shard}" for shard in PROJECT_SHARDS)


def closure_key(project: str) -> str:
    return f"catalog/closure/{project}"


def format_modules(owners: Mapping[str, str]) -> bytes:
    return format_object("modules", {"owners": dict(owners)})


def parse_modules(data: bytes, key: str) -> dict[str, str]:
    owners = parse_object(data, "modules", key).mapping("owners")
    for module, project in owners.items():
        if type(project) is not str or not is_normalized(project):
            raise ObjectInvalid(key, f"the owner of {module} is not a project")
    return owners


def format_listing(facts: Collection[ProjectFacts]) -> bytes:
    rows = {f.project: [f.seq, f.summary, f.default, f.latest, f.versions, list(f.modules)] for f in facts}
    fields: dict[str, Any] = {"projects": rows}
    requires = {f.project: list(f.requires) for f in facts if f.requires is not None}
    if requires:
        fields["requires"] = requires
    return zstandard.ZstdCompressor(level=6).compress(format_object("listing", fields))


def parse_listing(data: bytes, key: str) -> dict[str, ProjectFacts]:
    facts = {}
    fields = parse_object(decompress_object(data, "listing", LARGEST, key), "listing", key)
    requires = fields.mapping("requires") if "requires" in fields.raw else {}
    for project, row in fields.mapping("projects").items():
        match row:
            case [
                int(seq),
                str(summary),
                None | str() as default,
                None | str() as latest,
                int(count),
                list(modules),
            ] if is_normalized(project) and all(type(module) is str for module in modules):
                needed = _parse_requires(requires.get(project), project, key)
                facts[project] = ProjectFacts(project, seq, summary, default, latest, count, tuple(modules), needed)
            case _:
                raise ObjectInvalid(key, f"its row of {project} is malformed")
    return facts


def _parse_requires(names: object, project: str, key: str) -> tuple[str, ...] | None:
    if names is None:
        return None
    if not isinstance(names, list) or not all(type(name) is str and is_normalized(name) for name in names):
        raise ObjectInvalid(key, f"what {project} needs is malformed")
    return tuple(names)


def format_closure(facts: ProjectFacts) -> bytes:
    fields: dict[str, Any] = {"project": facts.project, "seq": facts.seq, "closure": [list(r) for r in facts.closure]}
    if facts.extras:
        rows = sorted({row for needed in facts.extras.values() for row in needed})
        number = {row: i for i, row in enumerate(rows)}
        fields["extras"] = {
            "rows": [list(row) for row in rows],
            "of": {extra: [number[row] for row in needed] for extra, needed in facts.extras.items()},
        }
    return format_object("closure", fields)


def parse_closure(data: bytes, project: str, key: str, extras: Collection[str] = ()) -> tuple[Row, ...]:
    """What the default of ``project`` needs, and what ``extras`` (normalized) of it need."""
    fields = parse_object(data, "closure", key)
    if fields.text("project") != project:
        raise ObjectInvalid(key, f"it is the closure of {fields.text('project')!r}")
    found = dict.fromkeys(_parse_row(row, key) for row in fields.rows("closure"))
    if "extras" in fields.raw:
        known = Fields(fields.mapping("extras"), key)
        rows = [_parse_row(row, key) for row in known.rows("rows")]
        for extra, numbers in known.mapping("of").items():
            if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < len(rows) for n in numbers):
                raise ObjectInvalid(key, f"what {extra} needs is malformed")
            if extra in extras:
                found |= dict.fromkeys(rows[n] for n in numbers)
    return tuple(found)


def _parse_row(row: object, key: str) -> Row:
    match row:
        case [str(name), str(version), str(release)] if is_normalized(name) and is_sha256(release):
            return name, version, release
    raise ObjectInvalid(key, "a row of it is malformed")
