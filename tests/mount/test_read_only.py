"""Nobody writes to the drive: every kind of write is refused as on a disk that is mounted read-only."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .drives import Drive, needs_fuse

pytestmark = needs_fuse

WRITES: dict[str, Callable[[Path], object]] = {
    "create": lambda site: (site / "new.py").touch(),
    "open to write": lambda site: os.open(site / "badone/__init__.py", os.O_RDWR),
    "open to append": lambda site: os.open(site / "badone/__init__.py", os.O_WRONLY | os.O_APPEND),
    "unlink": lambda site: (site / "badone/__init__.py").unlink(),
    "make a folder": lambda site: (site / "new").mkdir(),
    "remove a folder": lambda site: (site / "badone/late").rmdir(),
    "rename": lambda site: (site / "badone").rename(site / "other"),
    "rename over": lambda site: (site / "badone/__init__.py").replace(site / "badone/late/inner.py"),
    "link": lambda site: os.link(site / "badone/__init__.py", site / "badone/other.py"),
    "symbolic link": lambda site: (site / "link").symlink_to("badone"),
    "change a mode": lambda site: (site / "badone/__init__.py").chmod(0o777),
    "change an owner": lambda site: os.chown(site / "badone/__init__.py", 1, 1),
    "change a time": lambda site: os.utime(site / "badone/__init__.py"),
    "truncate": lambda site: os.truncate(site / "badone/__init__.py", 0),
    "set an attribute": lambda site: os.setxattr(site / "badone/__init__.py", "user.x", b"1"),
    "remove an attribute": lambda site: os.removexattr(site / "badone/__init__.py", "user.x"),
    "make a pipe": lambda site: os.mkfifo(site / "pipe"),
    "make a device": lambda site: os.mknod(site / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3)),
}


@pytest.fixture
def site(drive: Drive) -> Iterator[Path]:
    drive.mount("--with", "badone==1.0")
    yield drive.site


@pytest.mark.parametrize("where", ["in the environment", "at the top"])
def test_every_write_is_refused(site: Path, drive: Drive, where: str) -> None:
    before = sorted(os.listdir(site))  # noqa: PTH208
    place = site if where == "in the environment" else drive.folder
    refused = {}
    for name, write in WRITES.items():
        if where == "at the top" and not name.startswith(("create", "make", "symbolic")):
            continue
        with pytest.raises(OSError) as caught:
            write(place)
        refused[name] = errno.errorcode[caught.value.errno or 0]
    assert set(refused.values()) == {"EROFS"}, refused
    assert sorted(os.listdir(site)) == before  # noqa: PTH208


def test_nothing_there_can_take_another_users_rights(site: Path, drive: Drive) -> None:
    flags = os.statvfs(drive.folder).f_flag
    assert flags & os.ST_RDONLY and flags & os.ST_NOSUID and flags & os.ST_NODEV
