"""What an ELF file needs: the DT_NEEDED names of its dynamic section (System V ABI, chapter 5)."""

from __future__ import annotations

from typing import BinaryIO

MAGIC = b"\x7fELF"


def is_elf(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is an ELF object, executable or shared library."""
    return head.startswith(MAGIC)


def needed(stream: BinaryIO) -> tuple[str, ...]:
    """The names of the shared libraries that the ELF file ``stream`` asks the loader for, in its order.

    A file that is damaged or statically linked needs nothing: what cannot be read here cannot be loaded either, and
    says so itself when it is.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile

    try:
        for segment in ELFFile(stream).iter_segments("PT_DYNAMIC"):
            if isinstance(segment, DynamicSegment):
                return tuple(
                    str(tag.needed)  # type: ignore[attr-defined]
                    for tag in segment.iter_tags("DT_NEEDED")
                )
    except (ELFError, ValueError, OverflowError, UnicodeDecodeError, AssertionError, AttributeError, KeyError):
        return ()
    return ()
