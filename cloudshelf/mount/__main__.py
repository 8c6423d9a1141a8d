"""python -m cloudshelf.mount --directory DIR --cache DIR …: the process of one mount (process.Mount).

In the background it is nobody's child, and what it prints goes to its log once the drive is there. It ends when the
drive is unmounted, and unmounts when it is told to end (SIGTERM, SIGINT, SIGHUP).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ShelfError
from ..fetcher.daemon import open_log
from ..fetcher.engine import Engine
from ..fetcher.wire import error_fields
from ..importing.activate import hold
from ..importing.paths import private_folder
from .mountpoint import TYPE, claim, detach, find_mount
from .process import FOREGROUND, Mount, tell
from .view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .contents import Contents
    from .kernel.session import Session

log = logging.getLogger(__name__)
SWITCH = 0.0001  # seconds; in the usual 5 ms that one thread places files, a program could have asked a hundred times
WATCHED = 0.1  # seconds between looks at what is blocked
UNKNOWN = 10.0  # seconds before the next look where one has failed
MOST_OPEN = 32_768  # files; a process may have millions, which cost memory
YOUNG = 100_000  # objects after which garbage is looked for; the rows of a large version are hundreds of thousands


def main(arguments: list[str]) -> int:
    """0 when it was unmounted, else the exit code of what kept it from mounting."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing yet to take away
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # which the command held back (interrupts.py)
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
    from .contents import Contents
    from .environment_view import EnvironmentView
    from .filesystem import FileSystem
    from .kernel.device import open_mount
    from .kernel.foresight import foresee
    from .kernel.session import Session

    os.environ["CLOUDSHELF_CACHE"] = mount.cache
    most_open = _allow_open_files() // 2  # besides those of connections, and files that are being filled
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(YOUNG)
    private_folder(str(mount.log.parent))
    engine = Engine(Path(mount.cache), os.environ.get("CLOUDSHELF_CONFIG", ""))
    contents = Contents(engine.get()[0], engine.recalled)
    views = _views(mount, engine, contents)
    files = FileSystem(views)
    claimed = claim(mount.directory)
    try:
        kind = TYPE.removeprefix("fuse.")
        told: list[int] = []
        _when_told_to_end(lambda number, _: told.append(number))  # the mount is there before it is handed over
        device = open_mount(mount.directory, source=mount.shelf or "cloudshelf", kind=kind)
        session = Session(files, device, most_open=most_open)
        _when_told_to_end(lambda *_: session.end())
        os.close(claimed)
        session.begin()
        if told:
            session.end()
        threading.Thread(target=_watch_blocks, args=(contents, session), daemon=True).start()
        if not foreground:
            open_log(mount.log)
        if isinstance(env := views.get("env"), EnvironmentView):
            foresee(session, mount.directory, "env", env.expected())
        if foreground:
            print(f"Mounted on {mount.directory}. Ctrl-C, or cloudshelf umount {mount.directory}, ends it.", flush=True)
        else:
            tell(ready=os.getpid())
            _print_to(mount.log)
        session.wait()
        mounted = find_mount(mount.directory)
        if mounted is not None and mounted.pid == os.getpid():
            detach(mount.directory)
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


def _when_told_to_end(handle: Callable[[int, FrameType | None], object]) -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, handle)


def _watch_blocks(contents: Contents, session: Session) -> None:
    """The kernel gives what it has without asking: what is blocked has to be taken from it."""
    known: frozenset[tuple[Path, str]] = frozenset()
    while True:
        begun = time.monotonic()
        try:
            found = contents.blocked()
        except Exception:  # whatever it is, what is blocked later must be noticed
            log.exception("What is blocked cannot be looked up")
            found = known
            time.sleep(UNKNOWN)
        looked = time.monotonic() - begun
        if found != known:
            known = found
            session.renew()
            time.sleep(WATCHED)
            session.renew()  # what was being answered then, as it was before
        time.sleep(max(WATCHED, 20 * looked))  # of the looking alone: renewing many names takes long, and is rare


def _allow_open_files() -> int:
    """As many files as the system lets this process have open, for each that a program reads is one; how many."""
    with contextlib.suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_OPEN)


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
