"""What the shelf holds of what a workload opens: frames and ranges, read from the manifests of its lock."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import floor
from benchmarks.opened import looked_at_files, opened_files
from benchmarks.required import required_files, with_sources
from benchmarks.stage import CLOUDSHELF, FOLDER, Stage, check, clean_environ
from benchmarks.wheel_index import normalize
from benchmarks.workloads import Workload
from cloudshelf.codecs.lock import parse_lock
from cloudshelf.codecs.names import pack_key
from cloudshelf.model import Lock, Manifest
from cloudshelf.repository import Repository
from cloudshelf.stores.opening import open_store


@dataclass(frozen=True, slots=True)
class Opened:
    """Of a workload: how many files it opens, and the bytes of the frames that hold them; see required.py."""

    files: int
    packed: int
    required: int  # bytes of the frames that hold what the rules require
    projects: int  # of the lock


class ShelfFacts:
    """Asked of the S3 server itself, past all links; each workload's once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._direct = int(stage.s3.endpoint.rpartition(":")[2])
        self._repository = Repository(open_store(stage.s3.url, environ=stage.aws(self._direct)))
        self.lock_text = functools.cache(self._lock_text)
        self.opened = functools.cache(self._opened)
        self._plan = functools.cache(self._make_plan)

    def _lock_text(self, workload: Workload) -> str:
        environ = clean_environ(self._stage.aws(self._direct) | {"CLOUDSHELF_CACHE": str(FOLDER / "locking")})
        name = FOLDER / "locks" / f"{normalize(workload.name.replace('+', '-').replace(' ', '-'))}.toml"
        name.parent.mkdir(exist_ok=True)
        check(
            [*CLOUDSHELF, "lock", "--shelf", self._stage.s3.url, "--output", str(name), *workload.requirements], environ
        )
        return name.read_text()

    def plan(self, workload: Workload, port: int) -> dict[str, Any]:
        """For ``floor.fetch``, through ``port``."""
        s3 = self._stage.s3
        store = {
            "bucket": s3.bucket,
            "access_key_id": s3.identity.access_key,
            "secret_access_key": s3.identity.secret_key,
            "endpoint": f"http://127.0.0.1:{port}",
            "region": "us-east-1",
        }
        return {**self._plan(workload), "store": store}

    def _opened(self, workload: Workload) -> Opened:
        opened, lock = set(opened_files(workload)), self._read_lock(workload)
        packed = required = 0
        for pin in lock.pins:
            manifest = self._repository.manifest(pin.project, pin.manifest)
            itself = [n for n, file in enumerate(manifest.files) if file.path.removeprefix("site/") in opened]
            packed += packed_size(manifest, itself)
            required += packed_size(manifest, required_files(manifest, opened))
        return Opened(len(opened), packed, required, len(lock.pins))

    def _read_lock(self, workload: Workload) -> Lock:
        return parse_lock(self.lock_text(workload), "the lock")

    def _make_plan(self, workload: Workload) -> dict[str, Any]:
        lock = self._read_lock(workload)
        wanted = with_sources(opened_files(workload)) | set(looked_at_files(workload))
        frames: list[tuple[int, int, int, str]] = []
        files: list[tuple[str, int, str, int, int, int]] = []
        inline: list[tuple[str, str]] = []
        ranges: list[tuple[str, int, int, list[int]]] = []
        for pin in lock.pins:
            manifest = self._repository.manifest(pin.project, pin.manifest)
            base = len(frames)
            frames += [(f.offset, f.length, f.size, f.digest) for f in manifest.frames]
            needed: set[int] = set()
            sizes = [frame.size for frame in manifest.frames]
            for file in manifest.files:
                path = file.path.removeprefix("site/")
                if path not in wanted:
                    continue
                if file.frame < 0:
                    inline.append((path, manifest.inline[file.path].decode("latin-1")))
                    continue
                files.append((path, file.size, file.digest, file.mtime, base + file.frame, file.offset))
                needed |= _frames_of(sizes, file.frame, file.offset, file.size)
            ranges += _ranges(manifest, needed, base)
        return {"frames": frames, "files": files, "ranges": ranges, "inline": inline}


def packed_size(manifest: Manifest, numbers: Iterable[int]) -> int:
    """Bytes of the frames that hold these files."""
    sizes, frames = [frame.size for frame in manifest.frames], set[int]()
    for file in (manifest.files[number] for number in numbers):
        if file.frame >= 0:
            frames |= _frames_of(sizes, file.frame, file.offset, file.size)
    return sum(manifest.frames[number].length for number in frames)


def _frames_of(sizes: Sequence[int], frame: int, offset: int, size: int) -> set[int]:
    """The frames, of these decompressed sizes, that hold ``size`` bytes from ``offset`` of ``frame`` on."""
    found = set()
    while size > 0:
        found.add(frame)
        size -= sizes[frame] - offset
        frame, offset = frame + 1, 0
    return found


def _ranges(manifest: Manifest, needed: set[int], base: int) -> list[tuple[str, int, int, list[int]]]:
    """Consecutive frames of one pack in requests of at most ``floor.LARGEST`` bytes."""
    ranges: list[tuple[str, int, int, list[int]]] = []
    for number in sorted(needed):
        frame = manifest.frames[number]
        key, stop = pack_key(manifest.project, frame.pack), frame.offset + frame.length
        if ranges and ranges[-1][0] == key and ranges[-1][2] == frame.offset and stop - ranges[-1][1] <= floor.LARGEST:
            ranges[-1] = (key, ranges[-1][1], stop, [*ranges[-1][3], base + number])
        else:
            ranges.append((key, frame.offset, stop, [base + number]))
    return ranges
