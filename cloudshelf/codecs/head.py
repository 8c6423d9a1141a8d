"""Head and index: a project's versions. See docs/format.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ObjectInvalid
from ..model import Entry, Head, Link, Purge
from .envelope import Fields, format_object, parse_object
from .names import is_collectable, is_sha256


def format_head(head: Head) -> bytes:
    return format_object(
        "head",
        {
            "project": head.project,
            "seq": head.seq,
            "epoch": head.epoch,
            "write_id": head.write_id,
            "prev": head.prev,
            "time": head.time,
            "by": head.by,
            "action": head.action,
            "default": head.default,
            "versions": encode_versions(head.versions),
            "older": head.older,
            **format_skips(head.latest, head.skips),
            **({"purged": _encode_purged(head.purged)} if head.purged else {}),
        },
    )


def parse_head(data: bytes, project: str, key: str) -> Head:
    """The head of ``project``; a head that names another project is refused (it was put under this name)."""
    fields = parse_object(data, "head", key)
    if fields.text("project") != project:
        raise ObjectInvalid(key, f"it is the head of {fields.text('project')!r}")
    older, prev = fields.text_or_none("older"), fields.text_or_none("prev")
    if not all(digest is None or is_sha256(digest) for digest in (older, prev)):
        raise ObjectInvalid(key, "it names something that is not a digest")
    return Head(
        project=project,
        seq=fields.count("seq"),
        epoch=fields.count("epoch"),
        write_id=fields.text("write_id"),
        prev=prev,
        time=fields.text("time"),
        by=fields.text("by"),
        action=fields.text("action"),
        default=fields.text_or_none("default"),
        versions=parse_versions(fields),
        older=older,
        latest=parse_latest(fields),
        skips=parse_skips(fields),
        purged=_parse_purged(fields) if "purged" in fields.raw else {},
    )


def format_skips(latest: str, skips: Sequence[Link]) -> dict[str, Any]:
    """What lets a reader find an earlier head without reading all between; nothing where it is not known."""
    return {"latest": latest, "skips": [list(link) for link in skips]} if latest else {}


def parse_latest(fields: Fields) -> str:
    return fields.text("latest") if "latest" in fields.raw else ""


def parse_skips(fields: Fields) -> tuple[Link, ...]:
    """The nearest first. Raises ObjectInvalid for one that does not lead back."""
    links: list[Link] = []
    for value in fields.rows("skips") if "skips" in fields.raw else ():
        before = links[-1].seq if links else fields.count("seq")
        match value:
            case [int(seq), str(digest), str(latest)] if 0 < seq < before and is_sha256(digest):
                links.append(Link(seq, digest, latest))
            case _:
                raise ObjectInvalid(fields.key, "one of its skips is malformed")
    return tuple(links)


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
            case [str(release), None | str() as yanked] if is_sha256(release):
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
