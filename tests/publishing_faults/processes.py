"""Real publishes in processes of their own, started from one that has all libraries loaded.

The wheels are for a processor that is not this one: such a publish compiles and imports nothing, all else is as ever.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from cloudshelf.errors import ShelfError
from tests.publisher.wheels import build_wheel

TAG = "cp311-cp311-manylinux_2_28_riscv64"
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["cloudshelf.publisher.publish", "cloudshelf.stores.object_store", __name__])


def foreign_wheel(folder: Path, project: str, version: str) -> Path:
    """A wheel of one module and a data file."""
    files = {
        f"{project}/__init__.py": f"VERSION = {version!r}\n".encode(),
        f"{project}/data.bin": version.encode() * 99,
    }
    return build_wheel(folder, project, version, files, tag=TAG)


def start_publishes(
    url: str,
    environ: Mapping[str, str],
    wheels: Sequence[Path],
    said: Path,
    *,
    dies_at: int | None = None,
) -> BaseProcess:
    """A process that publishes one wheel after the other; what it says of each is a line of ``said``.

    On a shelf in a folder it kills itself before its step number ``dies_at``: a step is what makes, opens for writing,
    links, renames or removes a file there. The last line says how many there were.
    """
    args = (url, dict(environ), [*map(str, wheels)], str(said), dies_at)
    process = _CONTEXT.Process(target=_publish_all, args=args)
    process.start()
    return process


def _publish_all(url: str, environ: dict[str, str], wheels: list[str], said: str, dies_at: int | None) -> None:
    from cloudshelf.publisher.publish import PublishRequest, publish
    from cloudshelf.stores.opening import open_store

    os.environ["CLOUDSHELF_CACHE"] = tempfile.gettempdir() + "/cloudshelf-no-cache"
    store = open_store(url, environ=environ)
    steps = _count_steps(url.removeprefix("file://"), dies_at) if dies_at is not None else []
    with open(said, "a") as lines:
        for wheel in wheels:
            try:
                report = publish(PublishRequest(wheels=(wheel,), no_deps=True, by=f"process {os.getpid()}"), store)
                lines.write(f"{report.projects[0].action} {report.projects[0].version}\n")
            except ShelfError as error:
                lines.write(f"{type(error).__name__} {error}\n")
            lines.flush()
        if dies_at is not None:
            lines.write(f"steps {len(steps)}\n")


def _count_steps(folder: str, dies_at: int) -> list[str]:
    """The steps of this process in ``folder``, from now on; it dies before number ``dies_at``."""
    steps: list[str] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        changes = event in ("os.link", "os.rename", "os.remove", "os.mkdir")
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (changes or writes) and str(args[0]).startswith(folder):
            steps.append(event)
            if len(steps) == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return steps
