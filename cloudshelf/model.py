"""The values that everything passes around: frozen, without I/O, standard library only.

Named tuples: every start of a command and of the fetcher makes these classes, and a dataclass takes seven times as long
(0.5 ms each, and 6 ms for the module ``dataclasses``). There are thousands of frames and files, each of which would
take four times as long to make.

Versions and requirements are text here (PEP 440, PEP 508); whoever compares them uses ``packaging``.
Digests are lower-case hexadecimal sha256.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a file of an installed tree is; decides when it is fetched (docs/architecture.md, "what is there, when")."""

    SOURCE = "s"  # importable .py
    BYTECODE = "b"  # __pycache__/*.pyc, made when publishing
    EXTENSION = "x"  # importable native module
    LIBRARY = "l"  # other ELF file: bundled libraries, executables
    DATA = "d"  # anything a program may open
    IDLE = "i"  # tests, headers, static libraries, stubs: only when touched, or by fill
    INLINE = "m"  # small text carried in the manifest itself: dist-info, scripts, .pth


class Frame(NamedTuple):
    """One zstd frame of a pack: ``length`` bytes at ``offset`` of ``pack`` decompress to ``size`` bytes."""

    pack: str  # "<sha256>.<epoch>", the last part of the pack's key
    offset: int
    length: int
    size: int
    digest: str  # sha256 of the compressed bytes


class File(NamedTuple):
    """One file of an installed tree.

    ``path`` begins with the scheme: ``site/``, ``scripts/``, ``data/`` or ``headers/`` (PEP 427 names; site is purelib
    and platlib together). Its bytes begin ``offset`` bytes into frame number ``frame`` and may run on through the
    frames that follow. An inline file has frame -1 and its bytes in ``Manifest.inline``.
    """

    path: str
    size: int
    mode: int  # permission bits
    mtime: int  # seconds since 1970
    digest: str
    kind: Kind
    frame: int
    offset: int


class Profile(NamedTuple):
    """What a real ``import module`` touched: file numbers in order, those it opened itself, projects it pulled in."""

    module: str
    order: tuple[int, ...]
    opened: tuple[int, ...]  # part of ``order``: opened or listed by the program, not by the import system
    projects: tuple[str, ...]  # normalized names, in the order they were first imported
    error: str = ""  # why the import failed when it was recorded; order is then what came before
    modules: tuple[str, ...] = ()  # of these other projects, by absolute name, in order


class Manifest(NamedTuple):
    """One wheel's installed tree for one interpreter.

    Files stand in pack order: the first ``eager`` are what an import needs.
    """

    project: str
    version: str
    wheel: str
    interpreter: str  # sys.implementation.cache_tag of the bytecode, or "" for none
    files: tuple[File, ...]
    frames: tuple[Frame, ...]
    eager: int
    inline: Mapping[str, bytes]
    needs: Mapping[int, tuple[str, ...]]  # native file number → ELF NEEDED names
    profiles: tuple[Profile, ...]
    links: Mapping[str, str] = {}  # symbolic links of a plain tree: path → target
    imports: Mapping[int, tuple[str, ...]] = {}  # module's file number → modules it imports
    later: Mapping[int, tuple[str, ...]] = {}  # → modules that only its functions import


class Tree(NamedTuple):
    """Where a wheel's installed tree for one interpreter is: the manifest's key part and what it weighs."""

    manifest: str  # "<sha256>.<epoch>"
    packed: int  # bytes of all frames
    eager: int  # bytes of the frames that an import needs


class Wheel(NamedTuple):
    """One wheel of a release, as the release records it (metadata differs between the wheels of some projects)."""

    filename: str
    sha256: str  # of the wheel file as it came
    size: int
    origin: str  # URL it came from without credentials, or "" for a local file
    requires_python: str
    requires_dist: tuple[str, ...]
    extras: tuple[str, ...]
    modules: tuple[str, ...]  # top-level modules; dotted for parts of a namespace
    scripts: tuple[str, ...]
    files: int
    installed: int  # bytes
    trees: Mapping[str, Tree]  # interpreter ("cpython-311", or "" without bytecode) → tree
    released: str = ""  # when the index says that it was uploaded (RFC 3339); "" where it does not
    provenance: str = ""  # sha256 of projects/<name>/provenance/<sha256> (PEP 740); "" for none


class Release(NamedTuple):
    """One version of a project: its wheels."""

    project: str
    version: str
    summary: str
    license: str
    wheels: tuple[Wheel, ...]


class Entry(NamedTuple):
    """A version in a head: which release, and the yank reason (PEP 592); ``None`` when not yanked."""

    release: str  # sha256
    yanked: str | None = None


class Link(NamedTuple):
    """An earlier head of a chain: its sequence, its digest, and the latest ``time`` of it and of all before it."""

    seq: int
    digest: str
    latest: str


class Purge(NamedTuple):
    """A version that was removed for good, its bytes too: what the locks that pin it are told."""

    releases: tuple[str, ...]  # digests of every release that was this version
    manifests: tuple[str, ...]  # "<sha256>.<epoch>" of theirs
    reason: str
    by: str
    time: str  # as ``Head.time``


def without_purged(versions: Mapping[str, Entry], purged: Mapping[str, Purge]) -> dict[str, Entry]:
    """Those of ``versions``, which some head of a project named, that were not ``purged`` from it."""
    gone = {digest for purge in purged.values() for digest in purge.releases}
    return {version: entry for version, entry in versions.items() if entry.release not in gone}


class Head(NamedTuple):
    """The one replaceable object of a project.

    ``versions`` holds the newest writes, ``older`` names an index of the rest.
    """

    project: str
    seq: int
    epoch: int
    write_id: str
    prev: str | None  # sha256 of the head before, which history keeps
    time: str  # RFC 3339, UTC, the publisher's clock: for people, never compared
    by: str
    action: str
    default: str | None
    versions: Mapping[str, Entry]
    older: str | None = None  # sha256 of projects/<name>/index/<sha256>
    latest: str = ""  # the latest ``time`` of this head and of all before it; "" where nobody wrote it down
    skips: tuple[Link, ...] = ()  # earlier heads, ever farther away: see chain.py
    purged: Mapping[str, Purge] = {}  # by version

    @property
    def vacant(self) -> bool:
        """Whether nothing was ever published: a collector cleaned up after a first publish that never ended."""
        return not self.versions and self.older is None and not self.purged


class Pin(NamedTuple):
    """One line of a lock: exactly these bytes of exactly this wheel."""

    project: str
    version: str
    release: str  # sha256
    wheel: str  # file name
    sha256: str  # of the wheel file
    size: int
    origin: str
    manifest: str  # "<sha256>.<epoch>"
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()  # normalized names of pins this one asked for
    extras: tuple[str, ...] = ()
    shelf: str = ""  # its URL; "" where the lock has only one


class Lock(NamedTuple):
    """The complete set of pins, with what was asked for and for which interpreter."""

    shelf: str  # URL, never with credentials; several as config.join_urls does
    requirements: tuple[str, ...]
    python: str  # full version it was resolved for
    tag: str  # cache tag of the interpreter, "cpython-311"
    pins: tuple[Pin, ...]  # sorted by project
    as_of: str = ""  # resolved on the shelf as it was at this moment (RFC 3339, UTC); "" for as it was just then


class Loaded(NamedTuple):
    """A distribution that the kernel has imported: it can only be this version there.

    ``by`` names who brought it (for messages), ``installed`` whether the kernel's own site-packages has it (else it
    came from a shelf), ``requires`` its Requires-Dist lines. One that is not ``imported`` is an editable or direct-URL
    install (PEP 610), which is not to be shadowed either.
    """

    version: str
    by: str
    installed: bool = True
    requires: tuple[str, ...] = ()
    imported: bool = True
