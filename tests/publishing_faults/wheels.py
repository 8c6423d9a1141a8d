"""Four packed wheels of one project, as a publish holds them before its upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudshelf.codecs.names import sha256
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.model import File, Frame, Head, Kind, Manifest, Wheel
from cloudshelf.publisher.packing import LocalPack, Packed
from cloudshelf.publisher.upload import NewWheel, PackUploads, upload
from cloudshelf.repository import Repository

PROJECT = "demo"


def packed_wheels(folder: Path) -> dict[str, NewWheel]:
    """Two of version 1; one of version 2 that shares its pack with the first; one of version 3 that needs no pack."""
    rows = (("1", "py3", b"A"), ("1", "cp311", b"B"), ("2", "py3", b"A"), ("3", "py3", b""))
    return {f"{version}-{tag}": _wheel(folder, version, tag, content) for version, tag, content in rows}


def put_wheel(store: Any, wheel: NewWheel) -> Head:
    """The upload and the commit of a publish."""
    repository = Repository(store)
    with PackUploads(store, repository, wheel.project) as sent:
        for pack in wheel.packed.packs:
            sent.send(pack)
        return upload(store, repository, wheel, sent, by="ann")


def _wheel(folder: Path, version: str, tag: str, content: bytes) -> NewWheel:
    name = f"{PROJECT}-{version}-{tag}-none-any.whl"
    files = [File("site/note.txt", len(tag), 0o644, 1, sha256(tag.encode()), Kind.INLINE, -1, 0)]
    frames: tuple[Frame, ...] = ()
    packs: tuple[LocalPack, ...] = ()
    if content:
        frame = compress_frame(content)
        path = folder / sha256(frame)
        path.write_bytes(frame)
        packs = (LocalPack(path, sha256(frame), len(frame)),)
        frames = (Frame(sha256(frame), 0, len(frame), len(content), sha256(frame)),)
        files.insert(0, File("site/demo.py", len(content), 0o644, 1, sha256(content), Kind.SOURCE, 0, 0))
    manifest = Manifest(
        project=PROJECT,
        version=version,
        wheel=name,
        interpreter="",
        files=tuple(files),
        frames=frames,
        eager=1 if content else 0,
        inline={"site/note.txt": tag.encode()},
        needs={},
        profiles=(),
    )
    wheel = Wheel(name, sha256(name.encode()), 100, "", "", (), (), ("demo",), (), len(files), 10, {})
    return NewWheel(PROJECT, version, "", "MIT", wheel, "", Packed(packs, manifest))
