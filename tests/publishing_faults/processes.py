"""Real publishes in processes of their own, started from one that has all libraries loaded.

The wheels are for a processor that is not this one: such a publish compiles and imports nothing, all else is as ever.
"""

from __future__ import annotations

import multiprocessing
import os
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


def start_publishes(url: str, environ: Mapping[str, str], wheels: Sequence[Path], said: Path) -> BaseProcess:
    """A process that publishes one wheel after the other; what it says of each is a line of ``said``."""
    process = _CONTEXT.Process(target=_publish_all, args=(url, dict(environ), [*map(str, wheels)], str(said)))
    process.start()
    return process


def _publish_all(url: str, environ: dict[str, str], wheels: list[str], said: str) -> None:
    from cloudshelf.publisher.publish import PublishRequest, publish
    from cloudshelf.stores.opening import open_store

    os.environ["CLOUDSHELF_CACHE"] = tempfile.gettempdir() + "/cloudshelf-no-cache"
    store = open_store(url, environ=environ)
    with open(said, "a") as lines:
        for wheel in wheels:
            try:
                report = publish(PublishRequest(wheels=(wheel,), no_deps=True, by=f"process {os.getpid()}"), store)
                lines.write(f"{report.projects[0].action} {report.projects[0].version}\n")
            except ShelfError as error:
                lines.write(f"{type(error).__name__} {error}\n")
            lines.flush()
