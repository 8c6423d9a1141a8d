"""The blob cache's copies of small files, made when nobody waits: an import has the cores for itself."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import ObjectInvalid, ShelfError
from .blobs import BlobCache
from .environments import Environment
from .scheduler import Scheduler

log = logging.getLogger(__name__)


def copy_when_quiet(scheduler: Scheduler, blobs: BlobCache) -> None:
    """Copy what is in place and not in the cache, until the end. What cannot be copied is fetched again another day."""
    while (copy := scheduler.take_copy()) is not None:
        copy_file(blobs, *copy)
        scheduler.copied(*copy)


def copy_file(blobs: BlobCache, environment: Environment, number: int) -> None:
    """A file that is in its place in ``environment`` comes into the cache, unless it was edited meanwhile."""
    try:
        content = Path(environment.destination(number)).read_bytes()
        digest, mode = environment.digest(number), environment.modes[number]
        blobs.put(content, digest, mode, environment.mtimes[number])
    except ObjectInvalid:
        pass
    except (ShelfError, OSError) as error:
        log.info("no copy of %s for the cache: %s", environment.paths[number], error)
