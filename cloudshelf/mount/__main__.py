"""python -m cloudshelf.mount --directory DIR --cache DIR …: the process of one mount (process.Mount).

In the background it is nobody's child, and what it prints goes to its log once the drive is there. It ends when the
drive is unmounted, and unmounts when it is told to end (SIGTERM, SIGINT, SIGHUP).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import resource
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MountFailed, ShelfError
from ..fetcher.daemon import open_log
from ..fetcher.engine import Engine
from ..fetcher.wire import error_fields
from ..importing.activate import hold
from ..importing.paths import private_folder
from .machine import find_libfuse
from .mountpoint import claim
from .process import FOREGROUND, Mount, tell
from .view import View

if TYPE_CHECKING:
    from .contents import Contents

SWITCH = 0.0001  # seconds; in the usual 5 ms that one thread places files, a program could have asked a hundred times

YOUNG = 100_000  # objects after which garbage is looked for; the rows of a large version are hundreds of thousands


def main(arguments: list[str]) -> int:
    """0 when it was unmounted, else the exit code of what kept it from mounting."""
    parser = argparse.ArgumentParser()
    for name in Mount._fields:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument(FOREGROUND, action="store_true")
    options = vars(parser.parse_args(arguments))
    foreground = options.pop("foreground")
    mount = Mount(**options)
    if not foreground and os.fork():  # nobody's child: who started it may live on, and does not wait for its end
        os._exit(0)
    try:
        serve(mount, foreground=foreground)
    except ShelfError as error:
        if foreground:
            sys.stderr.write(f"cloudshelf: {error}\n")
        else:
            tell(**error_fields(error))
        return error.exit_code
    return 0


def serve(mount: Mount, *, foreground: bool) -> None:
    """Mount, and return when it is unmounted. Raises MountFailed, UsageError, and errors of the environment."""
    os.environ["FUSE_LIBRARY_PATH"] = find_libfuse()  # mfusepy takes libfuse 2 where both are
    from .contents import Contents
    from .filesystem import FileSystem
    from .fuse import Session

    os.environ["CLOUDSHELF_CACHE"] = mount.cache
    _allow_open_files()
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(YOUNG)
    private_folder(str(mount.log.parent))
    engine = Engine(Path(mount.cache), os.environ.get("CLOUDSHELF_CONFIG", ""))
    contents = Contents(engine.get()[0], engine.recalled)
    files = FileSystem(_views(mount, engine, contents))
    is_there = threading.Event()
    claimed = claim(mount.directory)

    def ready() -> None:
        is_there.set()
        os.close(claimed)
        if foreground:
            print(f"Mounted on {mount.directory}. Ctrl-C, or cloudshelf umount {mount.directory}, ends it.", flush=True)
            return
        open_log(mount.log)
        tell(ready=os.getpid())
        _print_to(mount.log)

    try:
        Session(files, mount.directory, source=mount.shelf or "cloudshelf", ready=ready)
    except RuntimeError as error:  # libfuse has printed what it is
        if not is_there.is_set():  # else it was told to end
            raise MountFailed(mount.directory, f"libfuse cannot ({error})") from None
    finally:
        contents.close()
        engine.close()


def _views(mount: Mount, engine: Engine, contents: Contents) -> dict[str, View]:
    from ..verbs.common import shelf_of
    from .environment_view import EnvironmentView
    from .projects_view import ProjectsView

    views: dict[str, View] = {}
    transfer, environments = engine.get()
    if mount.environment:
        hold(mount.environment)  # until this process ends
        environment = environments.get(mount.environment)
        views["env"] = EnvironmentView(transfer, environment, contents, f"{mount.directory}/env")
    if mount.shelf:
        shelf = shelf_of({"shelf": mount.shelf, "trust": mount.trust or None})
        views["projects"] = ProjectsView(shelf, Path(mount.cache), contents)
    return views


def _allow_open_files() -> None:
    """As many files as the system lets this process have open: each that a program reads is one."""
    with contextlib.suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _print_to(log: Path) -> None:
    """What libraries print from now on goes to ``log``: who started this process listens no more."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)
    os.chdir("/")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads that still wait for a network must not keep the process
