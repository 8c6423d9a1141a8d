"""What a folder of the drive shows: the interface between the file system and what stands behind.

Paths are relative to the view's root: `""` is the root, parts are joined by `/`, and there is no
leading one. Every method may be called by any thread.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

Kind = Literal["d", "f", "l"]


class Entry(NamedTuple):
    """The attributes of a folder (`"d"`), a file (`"f"`) or a symbolic link (`"l"`)."""

    kind: Kind
    mode: int  # permission bits
    size: int
    mtime: int  # seconds
    target: str = ""  # where a symbolic link leads


class Opened(Protocol):
    """A file that is open for reading."""

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset`; fewer only at the file's end. Raises ShelfError."""
        ...

    def close(self) -> None: ...


class View(Protocol):
    """A tree of folders, files and links whose attributes are known before its contents are here."""

    def entry(self, path: str) -> Entry | None:
        """The attributes of `path`; None where there is nothing."""
        ...

    def names(self, path: str) -> Iterable[tuple[str, Entry]]:
        """What lies in the folder `path`; raises FileNotFoundError or NotADirectoryError."""
        ...

    def is_fixed(self, path: str) -> bool:
        """Whether what lies in the folder `path` stays as it is for as long as it is mounted."""
        ...

    def open(self, path: str) -> Opened:
        """The file `path`, which `entry` said is one.

        Raises ShelfError where its contents cannot be had (an outage, damage, a full disk).
        """
        ...
