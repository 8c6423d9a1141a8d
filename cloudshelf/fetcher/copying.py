"""The blob cache's copies of small files, made when nobody waits: an import has the cores for itself."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import ObjectInvalid, ShelfError
from .blobs import BlobCache
from .scheduler import Scheduler

PAUSE = 0.5  # seconds without demand before files are copied

log = logging.getLogger(__name__)


def copy_when_quiet(scheduler: Scheduler, blobs: BlobCache) -> None:
    """Copy what is in place and not in the cache, until the end. What cannot be copied is fetched again another day."""
    while (copy := scheduler.take_copy(PAUSE)) is not None:
        environment, number = copy
        try:
            content = Path(environment.destination(number)).read_bytes()
            digest, mode = environment.digest(number), environment.modes[number]
            blobs.put(content, digest, mode, environment.mtimes[number])
        except ObjectInvalid:
            pass  # it was edited meanwhile
        except (ShelfError, OSError) as error:
            log.info("no copy of %s for the cache: %s", environment.paths[number], error)
        scheduler.copied()
