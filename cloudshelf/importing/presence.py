"""Which files of an environment are in place: one byte a file, in ``.cloudshelf/presence``.

Every start of an environment's python asks, so what is loaded here is loaded by all of them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap


def is_complete(path: str) -> bool:
    """Whether every file of an environment is in place: then it is a virtual environment like any other.

    Raises CacheUnusable when there is no environment.
    """
    file = f"{path}/.cloudshelf/presence"
    try:
        with open(file, "rb") as stream:
            return b"\0" not in stream.read()
    except OSError as error:
        from ..errors import CacheUnusable

        raise CacheUnusable(path, f"it is not an environment ({error.strerror})") from None


def map_presence(path: str, count: int) -> mmap | bytes:
    """One byte a file, not zero when it is in place; seen by all who map it, as soon as the fetcher writes it."""
    import mmap

    from ..errors import CacheUnusable

    file = f"{path}/.cloudshelf/presence"
    try:
        with open(file, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size < count:
                raise CacheUnusable(path, "its presence file does not fit its index")
            return mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ) if size else b""
    except OSError as error:
        raise CacheUnusable(file, error.strerror or str(error)) from None
