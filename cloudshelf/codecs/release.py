"""Release: one version of a project, its wheels. See docs/format.md."""

from __future__ import annotations

from typing import Any

from ..errors import ObjectInvalid
from ..model import Release, Tree, Wheel
from .envelope import Fields, format_object, parse_object
from .names import is_sha256


def format_release(release: Release) -> bytes:
    return format_object(
        "release",
        {
            "project": release.project,
            "version": release.version,
            "summary": release.summary,
            "license": release.license,
            "wheels": [_encode_wheel(wheel) for wheel in sorted(release.wheels, key=lambda w: w.filename)],
        },
    )


def parse_release(data: bytes, project: str, version: str, key: str) -> Release:
    """The release; one of another project or version is refused."""
    fields = parse_object(data, "release", key)
    if (fields.text("project"), fields.text("version")) != (project, version):
        raise ObjectInvalid(key, f"it is the release {fields.text('project')} {fields.text('version')}")
    return Release(
        project=project,
        version=version,
        summary=fields.text("summary"),
        license=fields.text("license"),
        wheels=tuple(_parse_wheel(wheel) for wheel in fields.items("wheels")),
    )


def _encode_wheel(wheel: Wheel) -> dict[str, Any]:
    return {
        "filename": wheel.filename,
        "sha256": wheel.sha256,
        "size": wheel.size,
        "origin": wheel.origin,
        "requires_python": wheel.requires_python,
        "requires_dist": list(wheel.requires_dist),
        "extras": list(wheel.extras),
        "modules": list(wheel.modules),
        "scripts": list(wheel.scripts),
        "files": wheel.files,
        "installed": wheel.installed,
        "trees": {
            interpreter: {"manifest": tree.manifest, "packed": tree.packed, "eager": tree.eager}
            for interpreter, tree in wheel.trees.items()
        },
        **({"released": wheel.released} if wheel.released else {}),
        **({"provenance": wheel.provenance} if wheel.provenance else {}),
    }


def _parse_wheel(fields: Fields) -> Wheel:
    provenance = fields.text("provenance") if "provenance" in fields.raw else ""
    if provenance and not is_sha256(provenance):
        raise ObjectInvalid(fields.key, "it names something that is not a digest")
    return Wheel(
        filename=fields.text("filename"),
        sha256=fields.text("sha256"),
        size=fields.count("size"),
        origin=fields.text("origin"),
        requires_python=fields.text("requires_python"),
        requires_dist=fields.texts("requires_dist"),
        extras=fields.texts("extras"),
        modules=fields.texts("modules"),
        scripts=fields.texts("scripts"),
        files=fields.count("files"),
        installed=fields.count("installed"),
        trees=dict(_parse_tree(interpreter, raw, fields.key) for interpreter, raw in fields.mapping("trees").items()),
        released=fields.text("released") if "released" in fields.raw else "",
        provenance=provenance,
    )


def _parse_tree(interpreter: str, raw: Any, key: str) -> tuple[str, Tree]:
    if not isinstance(raw, dict):
        raise ObjectInvalid(key, f"its tree for {interpreter!r} is malformed")
    fields = Fields(raw, key)
    return interpreter, Tree(fields.text("manifest"), fields.count("packed"), fields.count("eager"))
