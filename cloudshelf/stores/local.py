"""A shelf in a folder: on a local disk, or shared through NFS or EFS. Same keys, one file an object.

A key appears with link(2), which is atomic and refuses an existing name, and it appears whole: its bytes were written
and synced under a temporary name in the same folder. A replaced key is renamed over while a lock file is held.
Names that begin with a dot (temporary files, locks) are never keys and never listed. Modes follow the umask, because
others have to read what a curator writes.

NFS: link(2) may report EEXIST for a link that it did make, when the first reply was lost; the temporary file's link
count tells (open(2), "O_EXCL"). flock(2) is forwarded to the server there and needs the lock file open for writing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import AccessDenied, Conflict, DiskFull, ObjectInvalid, ObjectMissing, ShelfError, StoreUnreachable
from .keys import check_key, check_prefix, check_range, check_size
from .protocols import Stored

_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_LOCK_SECONDS = 30.0
_PART = 1 << 20  # bytes of a range that are read at once


class LocalStore:
    """The store in the folder ``root``, which the first write creates."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()
        self._url = self._root.as_uri()

    @property
    def url(self) -> str:
        return self._url

    def get(self, key: str) -> bytes:
        with self._errors(key), open(self._path(key), "rb") as file:
            check_size(key, os.fstat(file.fileno()).st_size)
            return file.read()

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        data = self.get(key)
        return data, _tag(data)

    def get_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        found = self.get_tagged(key)
        return None if found[1] == etag else found

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        check_range(key, start, length)
        with self._errors(key), open(self._path(key), "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if start + length > size:
                raise ObjectInvalid(key, f"it has {size} bytes, and ends before byte {start + length}")
            end = start + length
            while start < end:
                part = os.pread(file.fileno(), min(end - start, _PART), start)
                if not part:
                    raise ObjectInvalid(key, f"it ends before byte {end}")
                yield part
                start += len(part)

    def put_new(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._errors(key):
            if path.exists():  # the common case of publishing again, without writing it all first
                raise Conflict(key)
            with _written_beside(path, data) as temporary:
                self._create(key, path, temporary)
            _sync_folder(path.parent)

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        path = self._path(key)
        if etag is None:
            self.put_new(key, data)
            return _tag(data)
        with self._errors(key):
            if not path.parent.is_dir():
                raise Conflict(key)
            with self._locked(path):
                try:
                    found = _tag(path.read_bytes())
                except FileNotFoundError:
                    raise Conflict(key) from None
                if found != etag:
                    raise Conflict(key)
                with _written_beside(path, data) as temporary:
                    temporary.replace(path)
                _sync_folder(path.parent)
        return _tag(data)

    def list(self, prefix: str) -> Iterator[Stored]:
        check_prefix(prefix)
        folder = prefix[: prefix.rfind("/") + 1]
        with self._errors(prefix):
            for stored in self._walk(folder):
                if stored.key.startswith(prefix):
                    yield stored

    def delete(self, key: str) -> None:
        with contextlib.suppress(ObjectMissing), self._errors(key):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _walk(self, folder: str) -> Iterator[Stored]:
        """Every object under ``folder`` ("" or ending in "/"), in the order of their keys, as S3 lists them."""
        try:
            entries = [e for e in os.scandir(self._root / folder) if not e.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, entry in sorted((e.name + "/" if e.is_dir() else e.name, e) for e in entries):
            if name.endswith("/"):
                yield from self._walk(folder + name)
                continue
            with contextlib.suppress(FileNotFoundError):  # deleted since
                status = entry.stat()
                yield Stored(folder + name, status.st_size, status.st_mtime)

    def _create(self, key: str, path: Path, temporary: Path) -> None:
        """Give the finished file ``temporary`` its name. Raises Conflict if the name is taken."""
        try:
            os.link(temporary, path)
        except FileExistsError:
            if temporary.stat().st_nlink != 2:  # not ours: see NFS above
                raise Conflict(key) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with self._locked(path):
                if path.exists():
                    raise Conflict(key) from None
                temporary.rename(path)

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold the lock file of ``path``. The file stays: removing it would let two holders in."""
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            deadline = time.monotonic() + _LOCK_SECONDS
            while not _try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise StoreUnreachable(self._url, "another process holds the lock of a head and does not move")
                time.sleep(random.uniform(0.001, 0.02))  # flock(2) knows no timeout
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn the operating system's errors into ours."""
        try:
            yield
        except OSError as error:
            raise self._translated(error, key) from error

    def _translated(self, error: OSError, key: str) -> ShelfError:
        if error.errno in _MISSING:
            return ObjectMissing(key, self._url)
        if error.errno in _DENIED:
            return AccessDenied(key, self._url)
        if error.errno in _FULL:
            return DiskFull(str(self._root))
        return StoreUnreachable(self._url, os.strerror(error.errno) if error.errno else type(error).__name__)


def _tag(data: bytes) -> str:
    """The etag: content, because inode numbers and times are reused and rounded, on NFS most of all."""
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def _written_beside(path: Path, data: bytes) -> Iterator[Path]:
    """A synced temporary file with ``data`` in the folder of ``path``; gone afterwards unless it was renamed."""
    _make_folder(path.parent)
    temporary = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _make_folder(folder: Path) -> None:
    """Create ``folder`` and its parents so that a power failure keeps their names too."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make names durable. File systems that cannot sync a folder (some FUSE ones) are left as they are."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
