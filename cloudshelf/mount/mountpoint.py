"""The folder where the drive is mounted: what lies over it now, who uses it, and how it becomes free again."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import MountBusy, MountFailed, UsageError
from ..mount_table import read_mounts
from ..quantities import count

TYPE = "fuse.cloudshelf"
MODULE = "cloudshelf.mount"  # what the process of a mount runs
_ENVIRONMENT = "--environment"
_ENDING = 30.0  # seconds that the process of a mount gets to end
_MOST_NAMED = 5


class Mounted(NamedTuple):
    """A mount: where, of which kind (that of a file system), of what, and the process that serves it (0: none)."""

    directory: str
    kind: str
    source: str
    pid: int


def real_place(directory: str) -> str:
    """``directory`` without links, as the kernel names it; it need not be there, and may be a mount nobody serves."""
    return str(Path(directory).resolve())


def find_mount(directory: str) -> Mounted | None:
    """What is mounted on exactly ``directory``; the uppermost, where there are several."""
    return next((each for each in reversed(_mounts()) if each.directory == directory), None)


def own_mounts() -> list[Mounted]:
    return [each for each in _mounts() if each.kind == TYPE]


def make_ready(directory: str) -> str:
    """Have an empty folder there, over which can be mounted; a line about what was done, or "".

    A mount whose process is gone is taken away. Raises UsageError, MountFailed.
    """
    note = ""
    while (mount := find_mount(directory)) is not None:
        if mount.kind != TYPE:
            raise UsageError(
                f"{directory} is a mount already, of {mount.source} ({mount.kind}). Choose another folder."
            )
        if mount.pid:
            raise _mounted_already(directory)
        detach(directory)
        note = "The mount that was there before had lost its process (it was killed); it was taken away."
    path = Path(directory)
    try:
        if not path.exists():
            path.mkdir()
        elif not path.is_dir():
            raise UsageError(f"{directory} is a file; a drive is mounted on an empty folder.")
        elif next(path.iterdir(), None) is not None:
            raise UsageError(f"{directory} is not empty, and a mount would hide what is in it. Choose another folder.")
    except FileNotFoundError:
        raise UsageError(f"{directory} cannot be made: there is no folder {path.parent}.") from None
    except OSError as error:
        raise MountFailed(directory, error.strerror or str(error)) from None
    return note


def claim(directory: str) -> int:
    """Be the only process that mounts on the folder ``directory``, until the descriptor is closed that comes out.

    Of many that are started at once the first one mounts; the others raise UsageError. Raises MountFailed.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise MountFailed(directory, error.strerror or str(error)) from None
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    if find_mount(directory) is not None:
        raise _mounted_already(directory)
    return descriptor


def unmount(directory: str) -> str:
    """Take the mount on ``directory`` away, and wait for its process to end; a line about it.

    Raises UsageError where none of ours is, MountBusy, MountFailed.
    """
    mount = find_mount(directory)
    if mount is None or mount.kind != TYPE:
        others = ", ".join(each.directory for each in own_mounts())
        raise UsageError(f"Nothing of cloudshelf is mounted on {directory}. Mounted: {others or 'nothing'}.")
    if not mount.pid:
        detach(directory)
        return f"Took {directory} away, whose process was gone already (it was killed)."
    reason = _fusermount("-u", directory)
    if reason and find_mount(directory) is not None:
        if "busy" in reason:
            raise MountBusy(directory, _users(directory) or "a program")
        raise MountFailed(directory, f"it cannot be unmounted ({reason})")
    _wait_for_end(mount.pid)
    return f"Unmounted {directory}."


def detach(directory: str) -> None:
    """Take a mount away that nobody serves, although a program may have files of it open. Raises MountFailed."""
    reason = _fusermount("-uz", directory)
    if reason:
        raise MountFailed(directory, f"what was mounted there before cannot be taken away ({reason})")


def _mounted_already(directory: str) -> UsageError:
    return UsageError(f"{directory} is mounted already. Another lock there: cloudshelf umount {directory}, first.")


def _mounts() -> list[Mounted]:
    return [
        Mounted(directory, kind, source, _server_of(directory) if kind == TYPE else 0)
        for directory, kind, source in read_mounts()
    ]


def command_of(mounted: Mounted) -> list[str]:
    """The command of the process that serves a mount; empty where there is none any more."""
    try:
        words = Path("/proc", str(mounted.pid), "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [os.fsdecode(word) for word in words[:-1]]


def environment_on(directory: str) -> str:
    """The folder of the environment that is mounted on ``directory``; "" where there is none."""
    mounted = find_mount(directory)
    words = command_of(mounted) if mounted is not None else []
    return words[words.index(_ENVIRONMENT) + 1] if _ENVIRONMENT in words else ""


def _server_of(directory: str) -> int:
    """The process that serves ``directory``; 0 where there is none any more."""
    own = os.fsencode(directory)
    for pid, folder in _processes():
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if MODULE.encode() in words and own in words:
                return pid
    return 0


def _processes() -> Iterator[tuple[int, Path]]:
    return ((int(each.name), each) for each in Path("/proc").iterdir() if each.name.isdecimal())


def _fusermount(option: str, directory: str) -> str:
    """What fusermount3 says against it, "" when it is done."""
    program = shutil.which("fusermount3")
    words = [program, option] if program else ["umount", *(["-l"] if "z" in option else [])]
    done = subprocess.run([*words, "--", directory], capture_output=True, text=True, check=False)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""


def _users(directory: str) -> str:
    """The programs that have something below ``directory`` open, run it, or work in it: "python (process 123)"."""
    users = []
    for pid, folder in _processes():
        with suppress(OSError):
            if any(_is_inside(place, directory) for place in _places(folder)):
                users.append(f"{(folder / 'comm').read_text().strip()} (process {pid})")
    more = [f"{count(len(users) - _MOST_NAMED, 'other')}"] if len(users) > _MOST_NAMED else []
    return ", ".join([*users[:_MOST_NAMED], *more])


def _places(process: Path) -> Iterator[str]:
    for name in ("cwd", "root", "exe"):
        yield str((process / name).readlink())
    for each in (process / "fd").iterdir():
        with suppress(OSError):
            yield str(each.readlink())
    for line in (process / "maps").read_text("utf-8", "surrogateescape").split("\n"):
        yield line.partition("/")[1] + line.partition("/")[2]


def _is_inside(place: str, directory: str) -> bool:
    return f"{place}/".startswith(f"{directory}/")


def _wait_for_end(pid: int) -> None:
    with suppress(OSError):  # it has ended
        descriptor = os.pidfd_open(pid)
        try:
            select.select([descriptor], [], [], _ENDING)
        finally:
            os.close(descriptor)
