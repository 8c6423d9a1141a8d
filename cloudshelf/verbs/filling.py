"""``fill``: every file of an environment now; and lower caches, which an administrator fills for others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cache.lower_cache import BLOBS, OBJECTS, LowerCache, lower_caches, lower_mode
from ..cache.turn import turn
from ..config import read_config
from ..environment.index import PRIVATE
from ..environment.writing import disk_errors, remove_unfinished, temporary_sibling
from ..errors import UsageError
from ..fetcher.blobs import BlobCache
from ..fetcher.environments import Environments
from ..fetcher.transfer import Transfer
from ..importing.presence import is_complete
from ..quantities import count, filled_line, size
from ..stores.opening import open_store
from .common import Args, Progress, Result
from .restoring import sync
from .sources import expand, wanted_of

FILLING = 1800.0  # seconds that a command waits for another one that fills the same environment


def fill(args: Args, progress: Progress) -> Result:
    """Every file of an environment: of ``environment``, of ``lock``, or of ``requirements``. In this process.

    With ``projects``, only theirs. With ``cache`` (a folder) no environment stays, but a cache for others to read
    (lower_cache.py).
    """
    args = expand(args)
    if args.get("cache"):
        return _fill_lower(Path(str(args["cache"])), args, progress)
    notes: list[str] = wanted_of(args).notes()
    folder = str(args["environment"]) if args.get("environment") else _built(args, progress)
    config = read_config()
    # Of many that fill one environment at once, one fetches: who waits too long does no harm by fetching as well.
    with turn(Path(folder, PRIVATE, "filling"), lambda: is_complete(folder), patience=FILLING):
        done = _filled(folder, BlobCache(config.cache, lower_caches(config)), progress, args.get("projects"))
    return {"environment": folder, "message": "\n".join([*notes, filled_line(done)]), **done}


def _built(args: Args, progress: Progress) -> str:
    """The environment of a lock or of requirements."""
    if args.get("requirements"):
        from .pinning import use

        return str(use({**args, "lock": None}, progress)["environment"])
    if not args.get("lock"):
        raise UsageError("What to fill? Name it: cloudshelf fill pandas, or: cloudshelf fill --lock pylock.toml")
    return str(sync(args, progress)["environment"])


def _filled(
    environment: str, blobs: BlobCache, progress: Progress, projects: Collection[str] | None = None
) -> dict[str, int]:
    transfer = Transfer(blobs)
    try:
        return transfer.fill(Environments(open_store).get(environment), projects=projects, progress=progress)
    finally:
        transfer.close()


def _fill_lower(folder: Path, args: Args, progress: Progress) -> Result:
    """What an environment needs, into the lower cache ``folder``: built there once, under another name, and forgotten.

    Others may be reading: each entry appears whole.
    """
    with disk_errors(folder):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    below = LowerCache(folder)
    below.check()
    with _work_folder(folder) as work:
        environment = _built({**args, "work": {"cache": str(work), "lower": str(folder)}}, progress)
        _filled(environment, BlobCache(work, (below,)), progress)
        with disk_errors(folder):
            added = [_publish(path, folder) for part in (OBJECTS, BLOBS) for path in _entries(work / part)]
    new = [each for each in added if each]
    message = (
        f"{folder} has everything; {count(len(new), 'file')}, {size(sum(new))}, came new. To use it: "
        f"CLOUDSHELF_LOWER_CACHE={folder}, or lower_cache in /etc/cloudshelf.toml. Without the shelf a lock is enough."
    )
    return {"cache": str(folder), "message": message, "files": len(new), "bytes": sum(new)}


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    work = temporary_sibling(folder / "filling")
    with disk_errors(folder):
        remove_unfinished(folder)
        work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _entries(folder: Path) -> Iterator[Path]:
    """What has its final name, in folders of two digits."""
    return (path for path in sorted(folder.glob("??/*")) if not path.name.startswith("."))


def _publish(path: Path, folder: Path) -> int:
    """One entry for everybody to read; the bytes that were added, 0 where it was there."""
    place = folder / path.relative_to(path.parents[2])
    if os.path.lexists(place):
        return 0
    for each in (place.parents[1], place.parent):
        each.mkdir(mode=0o755, exist_ok=True)
        each.chmod(0o755)  # whatever the umask
    added = path.stat().st_size
    path.chmod(lower_mode(path.stat().st_mode))
    path.rename(place)
    return added
