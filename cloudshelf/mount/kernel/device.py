"""Mounting: fusermount3 makes the mount, and hands over the descriptor by which the kernel asks.

As libfuse has it done for users (its util/fusermount.c): _FUSE_COMMFD has the number of a socket, and the descriptor
comes through that.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess

from ...errors import MountFailed

PROGRAM = "fusermount3"


def open_mount(directory: str, *, source: str, kind: str) -> int:
    """Mount over ``directory``, read-only; the descriptor of /dev/fuse. ``source`` is what ``mount`` and ``df`` show.

    Raises MountFailed with what fusermount3 said.
    """
    options = f"ro,nosuid,nodev,fsname={_escaped(source)},subtype={kind}"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environ = {**os.environ, "_FUSE_COMMFD": str(theirs.fileno()), "LC_ALL": "C"}
        done = subprocess.run(
            [shutil.which(PROGRAM) or PROGRAM, "-o", options, "--", directory],
            env=environ,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # Ctrl-C is for us: without it, one half done leaves a mount that nobody serves
        )
        if done.returncode:
            said = done.stderr.strip().removeprefix(f"{PROGRAM}: ").rstrip(".")
            raise MountFailed(directory, said or f"{PROGRAM} gave no reason")
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    os.set_inheritable(descriptors[0], False)
    return descriptors[0]


def _escaped(text: str) -> str:
    """A comma ends an option, and a backslash goes before one that does not."""
    return text.replace("\\", "\\\\").replace(",", "\\,")
