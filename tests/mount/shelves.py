"""Small shelves of any tree, without a publisher: what one writes, and what people write who mean harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cloudshelf.chains.commit import put_immutable
from cloudshelf.codecs.manifest import format_manifest
from cloudshelf.codecs.names import manifest_key, pack_key, sha256
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.model import File, Frame, Kind, Manifest, Release, Tree
from cloudshelf.stores.protocols import Store
from tests.repository import shelves

MTIME = 1_600_000_000


@dataclass
class Wheel:
    """Files by their path in the manifest (``site/…``); ``large`` cuts each into frames of so many bytes."""

    project: str
    version: str = "1.0"
    files: Mapping[str, bytes] = field(default_factory=dict)
    inline: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    tag: str = "py3-none-any"
    large: int = 4 << 20

    def manifest(self) -> tuple[Manifest, bytes]:
        """With the pack that it is about."""
        body, frames, files = b"", list[Frame](), list[File]()
        for path, content in {**self.files, **self.inline}.items():
            first = -1 if path in self.inline else len(frames)
            files.append(
                File(path, len(content), self.modes.get(path, 0o644), MTIME, sha256(content), Kind.DATA, first, 0)
            )
            for start in range(0, max(1, len(content)), self.large) if first >= 0 else ():
                part = content[start : start + self.large]
                data = compress_frame(part, level=1)
                frames.append(Frame("", len(body), len(data), len(part), sha256(data)))
                body += data
        pack = f"{sha256(body)}.0"
        return Manifest(
            project=self.project,
            version=self.version,
            wheel=f"{self.project.replace('-', '_')}-{self.version}-{self.tag}.whl",
            interpreter="",
            files=tuple(files),
            frames=tuple(frame._replace(pack=pack) for frame in frames),
            eager=0,
            inline=self.inline,
            needs={},
            profiles=(),
            links=self.links,
        ), body


def put(store: Store, *wheels: Wheel) -> Release:
    """One version of a project, with these wheels of it."""
    rows = []
    for wheel in wheels:
        manifest, body = wheel.manifest()
        data = format_manifest(manifest)
        part = f"{sha256(data)}.0"
        put_immutable(store, manifest_key(wheel.project, part), data)
        if body:
            put_immutable(store, pack_key(wheel.project, f"{sha256(body)}.0"), body)
        row = shelves.make_wheel(store, wheel.project, wheel.version, tag=wheel.tag)
        rows.append(row._replace(trees={"": Tree(part, len(body), 0)}, sha256=sha256(data)))
    return shelves.publish(store, wheels[0].project, wheels[0].version, wheels=rows)
