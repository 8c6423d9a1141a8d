"""Reading a bundle: a tar file whose members are exactly those of its index. Nothing is ever extracted to a path."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from ..codecs.bundle import INDEX, Bundle, Member, parse_bundle
from ..codecs.names import sha256
from ..errors import BundleInvalid, FormatUnknown, ObjectInvalid

LARGEST_INDEX = 1 << 28
_PART = 1 << 20
_CUT = "it is cut off; copy it again, and compare sha256sum with what export said"


class BundleFile:
    """An open bundle. Raises BundleInvalid for a file that is none, is cut off, or is of a later format."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise BundleInvalid(str(path), f"it cannot be read ({error.strerror})") from None
        try:
            self._places = self._find_members()
            self.index = self._read_index()
            self._compare()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> BundleFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def check(self, name: str) -> None:
        """Raises BundleInvalid when there is no member ``name``."""
        if name not in self._members:
            raise self._refused(f"it lacks {name}, which another object in it names")

    def size(self, name: str) -> int:
        """Bytes of a member."""
        return self._members[name].size

    def read(self, name: str) -> bytes:
        """A member's bytes, verified. From any thread."""
        self.check(name)
        offset, size = self._places[name]
        data = self._range(offset, size)
        if sha256(data) != self._members[name].sha256:
            raise self._refused(f"{name} is damaged")
        return data

    def verify(self, progress: Callable[[int, str], None]) -> None:
        """Hash every member. Raises BundleInvalid that names the first that is not what the index says."""
        done = 0
        for member in self.index.members:
            progress(done, member.project or member.name)
            offset, size = self._places[member.name]
            digest = hashlib.sha256()
            for at in range(offset, offset + size, _PART):
                digest.update(self._range(at, min(_PART, offset + size - at)))
            if digest.hexdigest() != member.sha256:
                raise self._refused(f"{member.name} is damaged; copy it again, and compare sha256sum")
            done += size

    def _find_members(self) -> dict[str, tuple[int, int]]:
        """Name → offset and size, from the headers alone; the end of a file that was cut off shows here."""
        found: dict[str, tuple[int, int]] = {}
        try:
            with open(self._descriptor, "rb", closefd=False) as file, tarfile.open(fileobj=file, mode="r:") as archive:
                for entry in archive:
                    if not entry.isreg() or entry.name in found:
                        raise self._refused(f"{entry.name!r:.100} does not belong in it")
                    found[entry.name] = (entry.offset_data, entry.size)
        except tarfile.ReadError:
            if not found:
                raise self._refused("it is not a bundle, or its beginning is missing") from None
            if INDEX not in found:
                raise self._refused("it is not a bundle that cloudshelf export made") from None
            raise self._refused(_CUT) from None
        except (tarfile.TarError, OSError, ValueError, OverflowError) as error:
            raise self._refused(f"it cannot be read as a tar file ({type(error).__name__})") from None
        if next(iter(found), None) != INDEX:
            raise self._refused("it is not a bundle that cloudshelf export made")
        return found

    def _read_index(self) -> Bundle:
        offset, size = self._places[INDEX]
        if size > LARGEST_INDEX:
            raise self._refused("its index is too large to be one")
        try:
            return parse_bundle(self._range(offset, size))
        except FormatUnknown as error:
            raise self._refused(
                f"it has format {error.found}, and this cloudshelf reads up to {error.known}; a newer one comes in a "
                "bundle that was made with: cloudshelf export --engine"
            ) from None
        except ObjectInvalid as error:
            raise self._refused(f"its index is damaged: {error.reason}") from None

    def _compare(self) -> None:
        self._members: dict[str, Member] = {member.name: member for member in self.index.members}
        sizes = {name: size for name, (_, size) in self._places.items() if name != INDEX}
        missing = [name for name in self._members if name not in sizes]
        if missing:
            raise self._refused(f"{len(missing)} of its {len(self._members)} members are missing: {_CUT}")
        for name, size in sizes.items():
            if name not in self._members:
                raise self._refused(f"{name!r:.100} is not in its index")
            if size != self._members[name].size:
                raise self._refused(f"{name} has another size than its index says")

    def _range(self, offset: int, size: int) -> bytes:
        parts = []
        while size:
            try:
                part = os.pread(self._descriptor, size, offset)
            except OSError as error:
                raise self._refused(f"it cannot be read ({error.strerror})") from None
            if not part:
                raise self._refused(_CUT)
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return b"".join(parts)

    def _refused(self, reason: str) -> BundleInvalid:
        return BundleInvalid(str(self.path), reason)
