"""Where a user's cache is when nobody says so: on a local disk that can be written; and what is wrong with a place.

Standard library only.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

_NETWORK = re.compile(  # types of file systems, as mountinfo names them
    r"nfs\d?|cifs|smb\d?|smbfs|ceph|lustre|gpfs|beegfs\w*|afs|9p|panfs|pvfs2|orangefs|ocfs2|gfs2|glusterfs"
    r"|fuse\.[\w.-]*(ssh|s3|gcs|gluster|ceph|rclone|blobfuse|juicefs|cvmfs)[\w.-]*"
)
NOEXEC = "it is on a file system mounted noexec, from which no library can be loaded"
_MOUNTS = Path("/proc/self/mountinfo")


def default_place(usual: Path, environ: Mapping[str, str]) -> tuple[Path, str]:
    """Where the cache is by default, and why that is not ``usual``; "" where it is, also where nothing else is better.

    A home on a network is slow for thousands of small files, and a home that cannot be written (in a container, or for
    a service) holds none: then a folder on a local disk, or at last in memory.
    """
    reason = _drawback(usual)
    if reason:
        for place in _others(environ):
            if not _drawback(place):
                return place, f"{usual} {reason}"
    return usual, ""


def file_system(path: Path) -> str:
    """The type of the file system that ``path`` is on, such as "ext4" or "nfs4"; "" where that cannot be told."""
    wanted, found = f"{os.path.realpath(path)}/", ("", "")
    try:
        lines = _MOUNTS.read_text(errors="surrogateescape").split("\n")[
            :-1
        ]  # other line ends may be in a folder's name
    except OSError:
        return ""
    for line in lines:  # proc(5): "36 35 98:0 /root /mount/point options [tags] - type source super-options"
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), before.split(" ")[4])
        if wanted.startswith(point if point.endswith("/") else f"{point}/") and len(point) >= len(found[0]):
            found = point, after.split(" ")[0]
    return found[1]


def network_of(path: Path) -> str:
    """The type of the file system where that is one of a network; else ""."""
    try:
        if os.major(_existing(path).stat().st_dev):  # a block device of this machine, and nothing to read
            return ""
    except OSError:
        return ""
    kind = file_system(_existing(path))
    return kind if _NETWORK.fullmatch(kind) else ""


def is_noexec(path: Path) -> bool:
    """Whether libraries cannot be loaded from there."""
    try:
        return bool(os.statvfs(_existing(path)).f_flag & os.ST_NOEXEC)
    except OSError:
        return False


def replaceable(path: Path) -> str:
    """The first folder above ``path`` in which others could put something else in its place; "" for none.

    Such are those that others can write to, if they are not sticky (inode(7)), and those of a user other than root.
    """
    for folder in path.resolve().parents:
        status = folder.stat()
        by_others = status.st_mode & (0o002 if status.st_gid == os.getegid() else 0o022)  # one's own group is oneself
        is_open = by_others and not status.st_mode & stat.S_ISVTX
        if is_open or status.st_uid not in (0, os.geteuid()):
            return str(folder)
    return ""


def remarks(place: Path, why: str) -> list[str]:
    """What a user is told once, when the cache begins: ``why`` it is not in its usual place, or that it is slow."""
    if why:
        return [f"Files are kept in {place}, because {why}. To have them elsewhere: CLOUDSHELF_CACHE."]
    if kind := network_of(place):
        return [f"The cache {place} is on a network ({kind}), which is slow. On a local disk: CLOUDSHELF_CACHE."]
    return []


def _others(environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders of this user in places for temporary files, the lasting ones first. The last two are in memory."""
    folders = environ.get("TMPDIR", ""), "/var/tmp", "/tmp", "/dev/shm", environ.get("XDG_RUNTIME_DIR", "")
    for folder in folders:
        if folder.startswith("/") and Path(folder).is_dir():
            yield Path(folder, f"cloudshelf-cache-{os.geteuid()}")


def _drawback(place: Path) -> str:
    """What speaks against ``place`` for a cache; "" for nothing."""
    try:
        status = place.lstat()
    except OSError:
        status = None
    if status is not None and (not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid()):
        return "is not a folder of yours"
    if not os.access(_existing(place), os.W_OK | os.X_OK):
        return "cannot be written"
    if kind := network_of(place):
        return f"is on a network ({kind})"
    return "is on a file system mounted noexec" if is_noexec(place) else ""


def _existing(path: Path) -> Path:
    """``path``, or the nearest folder above it that is there."""
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110  (which raises for a closed folder)
        path = path.parent
    return path
