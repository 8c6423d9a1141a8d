"""Head and index: a project's versions. See docs/format.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ObjectInvalid
from ..model import Entry, Head, Purge
from .chained import format_place, parse_place
from .envelope import Fields, format_object, parse_object
from .names import is_collectable, is_sha256, is_version


def format_head(head: Head) -> bytes:
    return format_object(
        "head",
        {
            "project": head.project,
            "epoch": head.epoch,
            "default": head.default,
            "versions": encode_versions(head.versions),
            "older": head.older,
            **format_place(head),
            **({"purged": _encode_purged(head.purged)} if head.purged else {}),
        },
    )


def parse_head(data: bytes, project: str, key: str) -> Head:
    """The head of ``project``; a head that names another project is refused (it was put under this name)."""
    fields = parse_object(data, "head", key)
    if fields.text("project") != project:
        raise ObjectInvalid(key, f"it is the head of {fields.text('project')!r}")
    older = fields.text_or_none("older")
    if not (older is None or is_sha256(older)):
        raise ObjectInvalid(key, "it names something that is not a digest")
    return Head(
        project=project,
        epoch=fields.count("epoch"),
        default=fields.text_or_none("default"),
        versions=parse_versions(fields),
        older=older,
        **parse_place(fields),
        purged=_parse_purged(fields) if "purged" in fields.raw else {},
    )


def format_index(project: str, versions: Mapping[str, Entry]) -> bytes:
    """The older part of a project's versions, immutable, folded out of the head so that a publish stays small."""
    return format_object("index", {"project": project, "versions": encode_versions(versions)})


def parse_index(data: bytes, project: str, key: str) -> dict[str, Entry]:
    fields = parse_object(data, "index", key)
    if fields.text("project") != project:
        raise ObjectInvalid(key, f"it is the index of {fields.text('project')!r}")
    return parse_versions(fields)


def encode_versions(versions: Mapping[str, Entry]) -> dict[str, Any]:
    return {version: [entry.release, entry.yanked] for version, entry in versions.items()}


def parse_versions(fields: Fields) -> dict[str, Entry]:
    versions = {}
    for version, value in fields.mapping("versions").items():
        match value:
            case [str(release), None | str() as yanked] if is_sha256(release) and is_version(version):
                versions[version] = Entry(release, yanked)
            case _:
                raise ObjectInvalid(fields.key, f"its entry of version {version!r} is malformed")
    return versions


def _encode_purged(purged: Mapping[str, Purge]) -> dict[str, Any]:
    return {
        version: [list(purge.releases), list(purge.manifests), purge.reason, purge.by, purge.time]
        for version, purge in purged.items()
    }


def _parse_purged(fields: Fields) -> dict[str, Purge]:
    purged = {}
    for version, value in fields.mapping("purged").items():
        match value:
            case [list(releases), list(manifests), str(reason), str(by), str(time)] if all(
                isinstance(digest, str) and is_sha256(digest) for digest in releases
            ) and all(isinstance(part, str) and is_collectable(part) for part in manifests):
                purged[version] = Purge(tuple(releases), tuple(manifests), reason, by, time)
            case _:
                raise ObjectInvalid(fields.key, f"its entry of the purged version {version!r} is malformed")
    return purged
