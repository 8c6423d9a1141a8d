"""Ordered files become packs: their frames, written to local files of about 64 MiB each.

The same tree makes the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..codecs.manifest import format_manifest
from ..codecs.names import collectable
from ..codecs.pack import GROUP, LARGE
from ..model import File, Frame, Kind, Manifest, Profile
from .compressor import Compressor, Piece, is_compressed, pieces_of_large
from .order import Ordered
from .profile import Recording
from .tree import InstalledTree, TreeFile

PACK = 64 << 20  # compressed bytes after which a pack is closed
FOLDER_FRAME = 128 << 10  # a frame this full is not continued into the next folder


@dataclass(frozen=True, slots=True)
class LocalPack:
    """A finished pack in a local file, waiting for its upload."""

    path: Path
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A tree's packs and its manifest, in which frames name packs by digest alone: the epoch comes when uploading."""

    packs: tuple[LocalPack, ...]
    manifest: Manifest

    @property
    def packed(self) -> int:
        """Bytes of all frames."""
        return sum(pack.size for pack in self.packs)

    @property
    def eager(self) -> int:
        """Bytes of the frames that an import needs."""
        used = {number for file in self.manifest.files[: self.manifest.eager] for number in frames_of(file, self)}
        return sum(self.manifest.frames[number].length for number in used)

    def manifest_for(self, epoch: int) -> bytes:
        """The manifest's bytes for packs that are stored under ``epoch``."""
        frames = tuple(frame._replace(pack=collectable(frame.pack, epoch)) for frame in self.manifest.frames)
        return format_manifest(self.manifest._replace(frames=frames))


def pack_tree(
    tree: InstalledTree,
    ordered: Ordered,
    compressor: Compressor,
    folder: Path,
    *,
    tag: str,
    closed: Callable[[LocalPack], object] = lambda pack: None,
    progress: Callable[[int], None] = lambda n: None,
) -> Packed:
    """Compress ``tree`` in its order into files below ``folder``.

    ``closed`` gets each pack when it is complete, while the next is compressed; ``progress`` the bytes done so far.
    """
    pieces = list(_pieces(ordered))
    writer = _PackWriter(folder, closed)
    done = 0
    for piece, (data, digest) in zip(pieces, compressor.compress(tree.root, pieces), strict=True):
        writer.add(data, digest, piece.size)
        done += piece.size
        progress(done)
    packs, frames = writer.finish()
    places = _places(ordered, pieces)
    files = tuple(_file(row, places) for row in ordered.rows)
    return Packed(packs, _manifest(tree, ordered, tag, files, frames))


def frames_of(file: File, packed: Packed) -> range:
    """The numbers of the frames that hold ``file``."""
    if file.frame < 0:
        return range(0)
    end, left = file.frame, file.size + file.offset
    while left > packed.manifest.frames[end].size:
        left -= packed.manifest.frames[end].size
        end += 1
    return range(file.frame, end + 1)


def _pieces(ordered: Ordered) -> Iterator[Piece]:
    """Cut the order into frames; a frame never spans recorded, eager, rest and idle files."""
    starts = {ordered.recorded, ordered.eager, ordered.rest}
    group: list[TreeFile] = []
    filled = 0
    folder, compressed = "", False
    for number, row in enumerate(ordered.rows[: ordered.idle]):
        new_folder = number >= ordered.eager and _folder(row.path) != folder
        if group and (
            number in starts
            or filled + row.size > GROUP
            or (new_folder and filled >= FOLDER_FRAME)
            or compressed is not is_compressed(row.path)
        ):
            yield Piece(tuple(r.path for r in group), 0, filled)
            group, filled = [], 0
        folder, compressed = _folder(row.path), is_compressed(row.path)
        if row.size > LARGE:
            yield from pieces_of_large(row.path, row.size)
            continue
        group.append(row)
        filled += row.size
    if group:
        yield Piece(tuple(r.path for r in group), 0, filled)


def _folder(path: str) -> str:
    return path.rpartition("/")[0].removesuffix("/__pycache__")


class _PackWriter:
    """Appends frames to pack files and starts a new one when a pack is large enough."""

    def __init__(self, folder: Path, closed: Callable[[LocalPack], object]) -> None:
        self._folder, self._closed = folder, closed
        self._packs: list[LocalPack] = []
        self._frames: list[Frame] = []
        self._open: list[Frame] = []  # frames of the pack that is being written, which has no name yet
        self._size = 0
        self._hash = hashlib.sha256()

    def add(self, data: bytes, digest: str, size: int) -> None:
        if self._open and self._size + len(data) > PACK:
            self._close()
        with self._path.open("ab") as stream:
            stream.write(data)
        self._hash.update(data)
        self._open.append(Frame("", self._size, len(data), size, digest))
        self._size += len(data)

    def finish(self) -> tuple[tuple[LocalPack, ...], tuple[Frame, ...]]:
        if self._open:
            self._close()
        return tuple(self._packs), tuple(self._frames)

    @property
    def _path(self) -> Path:
        return self._folder / f"pack-{len(self._packs)}"

    def _close(self) -> None:
        digest = self._hash.hexdigest()
        self._frames += [frame._replace(pack=digest) for frame in self._open]
        self._packs.append(LocalPack(self._path, digest, self._size))
        self._open, self._size, self._hash = [], 0, hashlib.sha256()
        self._closed(self._packs[-1])


def _places(ordered: Ordered, pieces: list[Piece]) -> dict[str, tuple[int, int]]:
    """Path → the frame in which it begins, and where in that."""
    sizes = {row.path: row.size for row in ordered.rows}
    places: dict[str, tuple[int, int]] = {}
    for number, piece in enumerate(pieces):
        offset = 0
        for path in piece.paths:
            places.setdefault(path, (number, offset))
            offset += sizes[path]
    return places


def _file(row: TreeFile, places: dict[str, tuple[int, int]]) -> File:
    frame, offset = places.get(row.path, (-1, 0))
    return File(row.path, row.size, row.mode, row.mtime, row.digest, row.kind, frame, offset)


def _manifest(
    tree: InstalledTree, ordered: Ordered, tag: str, files: tuple[File, ...], frames: tuple[Frame, ...]
) -> Manifest:
    number = {file.path: i for i, file in enumerate(files)}
    inline = {row.path: _inline(tree, row.path) for row in ordered.rows if row.kind is Kind.INLINE}
    return Manifest(
        project=tree.metadata.project,
        version=tree.metadata.version,
        wheel=tree.wheel,
        interpreter=tag,
        files=files,
        frames=frames,
        eager=ordered.eager,
        inline=inline,
        needs={number[row.path]: row.needs for row in ordered.rows if row.needs},
        profiles=tuple(_profile(recording, number) for recording in ordered.profiles),
        imports={number[path]: names for path, names in ordered.imports.items()},
        later={number[path]: names for path, names in ordered.later.items()},
        links=tree.links,
    )


def _inline(tree: InstalledTree, path: str) -> bytes:
    return tree.rewritten[path] if path in tree.rewritten else (tree.root / path).read_bytes()


def _profile(recording: Recording, number: dict[str, int]) -> Profile:
    return Profile(
        module=recording.module,
        order=tuple(number[path] for path in recording.order),
        opened=tuple(number[path] for path in recording.opened),
        projects=tuple(recording.projects),
        error=recording.error,
        modules=tuple(recording.modules),
    )
