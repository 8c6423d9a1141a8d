"""Whether this machine can mount: FUSE in the kernel, and the program of libfuse 3 that mounts."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from ..errors import NoFuse
from .kernel.device import PROGRAM

DEVICE = Path("/dev/fuse")
_SYS_ADMIN = 21  # the bit of the capability, in capability.h of Linux
_CONTAINER = "A container needs: docker run --device /dev/fuse --cap-add SYS_ADMIN; a machine: modprobe fuse."
_PACKAGE = "Install libfuse 3 (Debian, Ubuntu: apt install fuse3; Fedora, Amazon Linux: dnf install fuse3)."


def check_machine() -> None:
    """Raises NoFuse, with what is missing and how to get it."""
    try:
        os.close(os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        raise NoFuse(f"it has no {DEVICE}", _CONTAINER) from None
    except OSError as error:
        denied = error.errno in (errno.EACCES, errno.EPERM)
        reason = f"you may not open {DEVICE}" if denied else f"{DEVICE} cannot be opened ({error.strerror})"
        raise NoFuse(reason, _CONTAINER) from None
    if not os.geteuid() and not _may_mount():
        raise NoFuse("this root may not mount (it lacks CAP_SYS_ADMIN)", _CONTAINER)
    if shutil.which(PROGRAM) is None:
        raise NoFuse(f"{PROGRAM}, which mounts, was not found", _PACKAGE)


def _may_mount() -> bool:
    """Whether this process has CAP_SYS_ADMIN (capabilities(7)), which the root of most containers has not."""
    status = Path("/proc/self/status").read_text()
    return bool(int(status.partition("CapEff:")[2].split()[0], 16) >> _SYS_ADMIN & 1)
