"""Writing a bundle: the index first, then every member, a few at a time in memory; equal selections, equal bytes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import tarfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..codecs.bundle import INDEX, README, Bundle, Member, format_bundle
from ..codecs.names import sha256
from ..errors import BundleUnwritten, ObjectInvalid
from ..stores.protocols import StreamRange

AHEAD = 4  # members in memory while one is written, each at most a pack (64 MiB)
_BLOCK = 512  # of a tar file
_FULL = {errno.ENOSPC, errno.EDQUOT}

README_TEXT = b"""\
This is a bundle of cloudshelf: distributions of a shelf, to be carried where no network leads.

If cloudshelf is not installed there yet, and this bundle has a folder "engine":

    tar -xf BUNDLE engine
    python -m pip install --no-index --find-links engine "cloudshelf[publish]"

Then put it on the shelf of that place (a folder, file:///shared/shelf, or a bucket, s3://bucket/prefix):

    cloudshelf init URL                       (once)
    cloudshelf import BUNDLE --shelf URL
"""


class Content(Protocol):
    """Where the bytes of a member come from."""

    def __call__(self, member: Member) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Written:
    """The finished file: its bytes, and the sha256 of all of it, by which a copy is compared (``sha256sum``)."""

    size: int
    sha256: str


def shelf_content(stores: Mapping[str, StreamRange], wheels: Path, kept: Mapping[str, bytes]) -> Content:
    """Objects come from the store of their project, wheels from a folder, what may have moved on since from ``kept``.

    Each is verified before it is written.
    """

    def read(member: Member) -> bytes:
        if member.name == README:
            data = README_TEXT
        elif member.name in kept:
            data = kept[member.name]
        elif member.name.startswith("engine/"):
            data = (wheels / member.name.removeprefix("engine/")).read_bytes()
        else:
            data = b"".join(stores[member.project].stream_range(member.name, start=0, length=member.size))
        if sha256(data) != member.sha256:
            raise ObjectInvalid(member.name, "its bytes are not those that its name says")
        return data

    return read


def write_bundle(path: Path, bundle: Bundle, content: Content, progress: Callable[[int, str], None]) -> Written:
    """Write ``bundle`` to ``path``, whole or not at all; ``progress`` gets bytes done and a member's name.

    Raises BundleUnwritten when the folder is not there, not writable or too full, and what ``content`` raises.
    """
    readme = Member(README, len(README_TEXT), sha256(README_TEXT))
    bundle = replace(bundle, members=(readme, *bundle.members))
    index = format_bundle(bundle)
    _check_room(path, len(index), bundle.members)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "xb") as file:
            counted = _Hashing(file)
            with tarfile.open(fileobj=counted, mode="w", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
                _add(archive, INDEX, index)
                done = 0
                for member, data in _read_ahead(bundle.members, content):
                    progress(done, member.project or member.name)
                    _add(archive, member.name, data)
                    done += member.size
                progress(done, "")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise BundleUnwritten(str(path), _reason(error)) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return Written(counted.size, counted.digest.hexdigest())


def _check_room(path: Path, index: int, members: Sequence[Member]) -> None:
    """Raises BundleUnwritten before anything is read in vain."""
    if not path.parent.is_dir():
        raise BundleUnwritten(str(path), f"there is no folder {path.parent}")
    if path.is_dir():
        raise BundleUnwritten(str(path), "it is a folder; name a file in it")
    needed = 2 * _BLOCK + index + sum(2 * _BLOCK + member.size for member in members)
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise BundleUnwritten(str(path), f"it takes {needed:,} bytes, and {free:,} are free there")


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Nothing but name and bytes: no time, no owner, so that equal selections make equal files."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o644
    archive.addfile(entry, io.BytesIO(data))


def _read_ahead(members: Sequence[Member], content: Content) -> Iterator[tuple[Member, bytes]]:
    """Members with their bytes, in order, the next few read meanwhile."""
    with ThreadPoolExecutor(AHEAD, thread_name_prefix="cloudshelf-export") as pool:
        waiting: deque[tuple[Member, Future[bytes]]] = deque()
        try:
            for member in members:
                waiting.append((member, pool.submit(content, member)))
                if len(waiting) >= AHEAD:
                    first, job = waiting.popleft()
                    yield first, job.result()
            while waiting:
                first, job = waiting.popleft()
                yield first, job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _reason(error: OSError) -> str:
    if error.errno in _FULL:
        return "no space is left there"
    return error.strerror or type(error).__name__


class _Hashing:
    """A file that is written from beginning to end, with the digest of what was written."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.size
